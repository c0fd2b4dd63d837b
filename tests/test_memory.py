"""Memory stays bounded: the tables of a model, its caches, and what is read."""

from __future__ import annotations

import copy
import gzip
import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from raw_text import read_paragraphs

from clearparse.errors import FileError
from clearparse.features import precompute, type_cache, vocabulary
from clearparse.features.bounded_cache import MAX_KEY_LENGTH, BoundedCache
from clearparse.features.precompute import PrecomputedLayer
from clearparse.features.type_cache import FIRST, TypeCache, end_of_part
from clearparse.io.checksum import checksum
from clearparse.model.container import load_arrays
from clearparse.model.model import Model, load
from clearparse.training.vector_files import read_vectors
from clearparse.treebank import conllu
from clearparse.treebank.conllu import parse_block, read_blocks
from clearparse.treebank.raw_words import read_raw_words

MODEL = Path(__file__).parent / "data" / "format-1.model"
WORDS = [f"{a}{b}{c}" for a in "abcdefgh" for b in "aeiou" for c in "lmnrst"]
TEXTS = [" ".join(WORDS[k : k + 12]) + "." for k in range(0, 228, 6)]


def caches(model: Model) -> list[TypeCache]:
    return [model.parser.cache, *(each.cache for each in model.stages.window_classifiers().values())]


def parsed(model: Model, texts: list[str]) -> list[str]:
    return [str(sentence) for text in texts for sentence in model(text)]


def pickled(model: Model) -> Model:
    return pickle.loads(pickle.dumps(model))  # type: ignore[no-any-return]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])
def test_the_tables_of_a_model_share_one_memory(copied: Callable[[Model], Model]) -> None:
    """Also those of its copies, such as the ones in worker processes."""
    layers = [cache.layer for cache in caches(copied(load(MODEL)))]
    assert sum(layer.memory for layer in layers) <= precompute.MEMORY
    assert all(layer.fixed_bytes + layer.capacity * layer.type_bytes <= layer.memory for layer in layers)


def test_small_caches_have_a_part_of_the_types(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precompute, "MEMORY", 20 << 20)
    model = load(MODEL)
    tokenizer, parser = model.stages.tokenizer, model.parser
    assert tokenizer
    small, large = tokenizer.characters.cache.layer.capacity, parser.cache.layer.capacity
    assert small == pytest.approx(large * type_cache.SMALL, rel=0.01)


@pytest.mark.parametrize("megabytes", [1, 3, 6])
def test_evicted_words_give_the_same_trees_later(megabytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = parsed(load(MODEL), TEXTS)
    monkeypatch.setattr(precompute, "MEMORY", megabytes << 20)
    model = load(MODEL)
    assert parsed(model, TEXTS) + parsed(model, TEXTS[::-1]) == expected + parsed(load(MODEL), TEXTS[::-1])


def test_the_least_recently_used_words_are_evicted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PrecomputedLayer, "capacity", FIRST + 4)
    model = load(MODEL)
    cache = TypeCache(model.parser.params, model.parser.features)
    keys = [f"{word}\t_\tNOUN\tNN\t_".encode() for word in WORDS[:8]]
    assert cache.layer.max_types == 4
    first = cache.types(keys[:4])
    cache.types(keys[:2])
    after = cache.types(keys[4:6])
    assert set(after.tolist()) == set(first[2:].tolist())
    assert cache.types(keys[:2]).tolist() == first[:2].tolist()
    assert sorted(cache._types) == sorted([*keys[:2], *keys[4:6]])
    everything = cache.types(keys)  # more than fit: they get room, and the next new word begins anew
    assert cache.layer.oversized
    assert len(set(everything.tolist())) == len(keys)
    cache.types([*keys[:1], b"new\t_\tNOUN\tNN\t_"])
    assert not cache.layer.oversized


def test_very_long_words_are_evicted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type_cache, "MAX_KEY_BYTES", 10_000)
    cache = load(MODEL).parser.cache
    for k in range(50):
        cache.types([b"%d" % k + b"x" * 1000 + b"\t_\tNOUN\tNN\t_"])
        assert sum(map(len, cache._types)) <= 12_000


def test_a_bounded_cache() -> None:
    calls: list[str] = []

    def length(key: str) -> int:
        calls.append(key)
        return len(key)

    cache, long = BoundedCache(length, 2), "x" * (MAX_KEY_LENGTH + 1)
    assert [cache[key] for key in ("a", "bb", "a", long, long)] == [1, 2, 1, len(long), len(long)]
    assert calls == ["a", "bb", long, long]
    assert cache["ccc"] == 3
    assert list(cache) == ["ccc"]


def test_the_shapes_of_all_characters_are_not_kept() -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 20_000)))
    for k in range(0, len(text), 100):
        vocabulary.shape(text[k : k + 100])
    assert len(vocabulary._SHAPE_OF) <= vocabulary.MAX_CACHED_CHARACTERS


def test_a_part_has_as_many_types_as_fit() -> None:
    types = np.array([5, 5, 3, 5, 4, 3, 9])
    assert [end_of_part(types, 0, most) for most in (1, 2, 3, 4)] == [2, 4, 6, 7]
    assert end_of_part(types, 4, 1) == 5


class Zeros(io.RawIOBase):
    """Endless zeros; counts what is read."""

    count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        self.count += len(buffer)
        assert self.count < 100 << 20
        buffer[:] = bytes(len(buffer))
        return len(buffer)


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> str:
    def opened(path: object) -> io.BufferedReader:
        return io.BufferedReader(Zeros())

    for module in ("clearparse.model.container", "clearparse.treebank.conllu", "clearparse.io.files", "raw_text"):
        monkeypatch.setattr(f"{module}.open_input", opened)
    return "zeros"


def test_endless_zeros_are_refused_by_the_first_bytes(endless: str) -> None:
    with pytest.raises(FileError, match="zeros: not a clearparse model"):
        load_arrays(endless)
    with pytest.raises(FileError, match="zeros: not text"):
        list(read_paragraphs(endless))
    with pytest.raises(FileError, match="zeros: not text"):
        list(read_raw_words(endless, []))
    with pytest.raises(FileError, match="zeros: not text"):
        read_vectors(endless, [], 2)
    with pytest.raises(FileError, match="zeros:1: not CoNLL-U"):
        list(read_blocks(endless, trees=False))


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there is no /dev/zero")
def test_devices_and_pipes_have_no_checksum(tmp_path: Path) -> None:
    """The first have no end, and what is read from the second is gone."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert checksum("/dev/zero") is checksum(pipe) is None


SENTENCE = b"1\tGo\tgo\tVERB\t_\t_\t0\troot\t_\t_\n\n"


def test_blank_lines_are_read_in_small_pieces(tmp_path: Path) -> None:
    """Also compressed ones, with the right line numbers after them."""
    path = tmp_path / "blank.conllu.gz"
    path.write_bytes(gzip.compress(b"\n" * 300_000 + SENTENCE + b"\n" * 300_000 + b"# c\n" + SENTENCE + b"x\n"))
    found = []
    with pytest.raises(FileError, match=r"gz:600006: 1 column"):
        for block in read_blocks(path, trees=False, block_bytes=1 << 16):
            assert len(block.source) < 1 << 17
            found.append(block.text)
    assert b"".join(found) == SENTENCE + b"# c\n" + SENTENCE


def test_endless_comments_and_lines_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conllu, "MAX_COMMENT_BYTES", 1 << 16)
    monkeypatch.setattr(conllu, "MAX_LINE_BYTES", 1 << 16)
    path = tmp_path / "comments.conllu"
    for comments in (b"#\n" * 100_000, b"#\n\n" * 100_000):
        path.write_bytes(SENTENCE + comments)
        with pytest.raises(FileError, match=r"conllu:3: more than 8 MB of comments before a sentence"):
            list(read_blocks(path, trees=False, block_bytes=1 << 12))
    path.write_bytes(b"x" * 300_000)
    with pytest.raises(FileError, match=r"conllu:1: not CoNLL-U: NUL bytes, or a line"):
        list(read_blocks(path, trees=False, block_bytes=1 << 12))


def test_a_sentence_of_any_length_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only its comments are limited."""
    monkeypatch.setattr(conllu, "MAX_COMMENT_BYTES", 1 << 12)
    path = tmp_path / "long.conllu"
    lines = b"".join(b"%d\tw\t_\t_\t_\t_\t0\troot\t_\t_\n" % k for k in range(1, 5000))
    path.write_bytes(b"# comment\n" * 50 + lines + b"\n")
    assert [block.n_words for block in read_blocks(path, trees=False, block_bytes=1 << 10)] == [4999]
    assert parse_block(path.read_bytes()).n_words == 4999
