"""The analysis of a sentence depends on the sentence alone: not on its neighbors, order, batch, process or thread."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from clearparse.commands import parse
from clearparse.corpus import inputs
from clearparse.features import precompute
from clearparse.features.precompute import PrecomputedLayer
from clearparse.features.vocabulary import factorize
from clearparse.features.word_keys import without_tags
from clearparse.model.model import Model, load
from clearparse.network.classifier import Parameters
from clearparse.stages.ensemble import Ensemble
from clearparse.stages.transition_parser import TransitionParser
from clearparse.treebank.conllu import Block, Sentence, parse_block
from clearparse.treebank.paragraphs import read_raw_text
from clearparse.treebank.tokens import conllu_of, text_of, tokens_of

CHECKOUT = Path(__file__).resolve().parents[1]
SAMPLE = CHECKOUT / "data" / "sample"
MODEL = CHECKOUT / "tests" / "data" / "format-1.model"
NOISE = 4e-4  # far more than rounding does; two scores move apart by twice that, and CLOSE is more
THREADS = 8


@pytest.fixture(scope="module")
def block() -> Block:
    return parse_block((SAMPLE / "train.conllu").read_bytes())


@pytest.fixture(scope="module")
def texts(block: Block) -> list[str]:
    """A paragraph for every few sentences."""
    sentences = [text_of(tokens_of(sentence)) for sentence in block]
    return [" ".join(sentences[i : i + 3]) for i in range(0, len(sentences), 3)]


def undecided(model: Model, dtype: type) -> Model:
    """The model with each arc's class there twice but for far less than rounding: its choices hang on that."""
    params = model.parser.params
    L, W, b_1, U, b_2 = (array.astype(dtype) for array in params)
    rng = np.random.default_rng(1)
    half = U.shape[1] // 2
    U[:, half : 2 * half] = U[:, :half] * (1 + rng.normal(size=(1, half)) * 3e-7)
    b_2[:, half : 2 * half] = b_2[:, :half]
    parser = model.parser.with_parameters(Parameters(L, W, b_1, U, b_2))
    return replace(model, stages=replace(model.stages, ensemble=Ensemble((parser,))))


def together(sentences: list[Sentence]) -> Block:
    return parse_block(b"".join(sentence.conllu for sentence in sentences))


def parsed(
    parser: TransitionParser, sentences: list[Sentence], sizes: Iterator[int], batch: int = 1024
) -> list[object]:
    """HEADs and DEPRELs of each sentence, so many at a time."""
    found: list[object] = []
    rest = sentences
    while rest:
        n = next(sizes)
        some, rest = together(rest[:n]), rest[n:]
        heads, deprels = parser.parse(some, batch)
        bounds = some.sentences.tolist()
        found += [(heads[a:b].tolist(), deprels[a:b]) for a, b in pairwise(bounds)]
    return found


def forever(*sizes: int) -> Iterator[int]:
    while True:
        yield from sizes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_trees_do_not_depend_on_neighbors_order_or_batch(block: Block, dtype: type) -> None:
    model = undecided(load(MODEL), dtype)
    sentences = list(block)
    expected = parsed(model.parser, sentences, forever(len(sentences)))
    order = np.random.default_rng(2).permutation(len(sentences)).tolist()
    shuffled = parsed(undecided(load(MODEL), dtype).parser, [sentences[i] for i in order], forever(len(sentences)))
    assert shuffled == [expected[i] for i in order]
    for sizes in ((1,), (2, 3, 5, 7, 11, 13), (64,)):
        assert parsed(undecided(load(MODEL), dtype).parser, sentences, forever(*sizes)) == expected  # fresh tables
        assert parsed(model.parser, sentences, forever(*sizes)) == expected  # tables that know all words
    for batch in (1, 3, 17):
        assert parsed(model.parser, sentences, forever(len(sentences)), batch) == expected


def whole(model: Model, texts: list[str], step: int) -> list[list[str]]:
    """The sentences of each paragraph with all that the model makes of them, but for the paragraphs' numbers."""
    found: list[list[str]] = []
    for i in range(0, len(texts), step):
        for sentence in model.parse_block(model.tag(model.tokenize(texts[i : i + step], first=i + 1))):
            number = int(str(sentence.sent_id).split("-")[0])
            found += [[]] * (number - len(found))
            found[number - 1] = [
                *found[number - 1],
                sentence.conllu.split(b"\n", 2 + (b"newpar" in sentence.conllu))[-1].decode(),
            ]
    return found


def test_the_analysis_of_a_text_does_not_depend_on_other_texts(texts: list[str]) -> None:
    expected = whole(load(MODEL), texts, len(texts))
    order = np.random.default_rng(2).permutation(len(texts)).tolist()
    assert whole(load(MODEL), [texts[i] for i in order], len(texts)) == [expected[i] for i in order]
    model = load(MODEL)
    for step in (1, 7):
        assert whole(model, texts, step) == expected


def noisy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every score be off by as much as NOISE, as if products were rounded in many ways."""
    rng, theta = np.random.default_rng(3), PrecomputedLayer.theta

    def off(self: PrecomputedLayer, types: np.ndarray, values: np.ndarray) -> np.ndarray:
        exact = theta(self, types, values)
        return exact + rng.uniform(-NOISE, NOISE, exact.shape).astype(exact.dtype)

    monkeypatch.setattr(PrecomputedLayer, "theta", off)


def test_rounding_does_not_change_trees(block: Block, texts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores that are off give the same; without `break_ties`, which sees to that, they do not."""
    expected_trees, expected = undecided(load(MODEL), np.float32).parse_block(block).text, whole(load(MODEL), texts, 50)
    noisy(monkeypatch)
    assert undecided(load(MODEL), np.float32).parse_block(block).text == expected_trees
    assert whole(load(MODEL), texts, 50) == expected
    monkeypatch.setattr(precompute, "CLOSE", -1.0)
    assert undecided(load(MODEL), np.float32).parse_block(block).text != expected_trees


def test_rounding_does_not_change_the_path_of_probabilities(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores that are off change the probabilities of a step a little, but lead to no other step."""
    expected = undecided(load(MODEL), np.float32).parser.probabilities(block)
    noisy(monkeypatch)
    found = undecided(load(MODEL), np.float32).parser.probabilities(block)
    np.testing.assert_allclose(np.concatenate(found), np.concatenate(expected), atol=2 * NOISE)


@pytest.mark.parametrize("most", [1, 40, 300])
def test_a_small_memory_gives_the_same_trees(
    most: int, block: Block, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where words have too many types for the tables, they are parsed in parts, and windows are cut within rows."""
    expected_trees, expected = load(MODEL).parse_block(block).text, whole(load(MODEL), texts, 50)
    long = " ".join(texts)
    expected_long = whole(load(MODEL), [long], 1)
    monkeypatch.setattr(PrecomputedLayer, "max_types", property(lambda self: most))
    assert load(MODEL).parse_block(block).text == expected_trees
    assert whole(load(MODEL), texts[: 2 if most == 1 else None], 50) == expected[: 2 if most == 1 else None]
    if most > 1:
        assert whole(load(MODEL), [long], 1) == expected_long


def test_processes_and_blocks(texts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "text"
    source.write_text("\n\n".join(texts), encoding="utf-8")
    outputs = []
    for jobs, some in ((1, 1 << 20), (2, 900), (1, 300)):
        monkeypatch.setattr(inputs, "read_raw_text", functools.partial(read_raw_text, block_bytes=some))
        outputs.append(tmp_path / f"{jobs}-{some}")
        parse.main(["--model", str(MODEL), "--text", str(source), "--jobs", str(jobs), "--output", str(outputs[-1])])
    assert len({output.read_bytes() for output in outputs}) == 1


def test_many_threads_and_one_model(texts: list[str], block: Block) -> None:
    """Each thread gets what one alone gets, though the tables that they share are filled and forgotten meanwhile."""
    expected, trees = whole(load(MODEL), texts, 4), load(MODEL).parse_block(block).text
    start = threading.Barrier(THREADS)
    found: list[object] = [None] * THREADS

    def work(k: int) -> None:
        start.wait()
        if k % 2:
            sentences = list(block)
            blocks = (together(sentences[i : i + 9]) for i in range(0, len(sentences), 9))
            found[k] = b"".join(model.parse_block(each).text for each in blocks)
        else:
            found[k] = whole(model, texts[k:] + texts[:k], 4)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(precompute, "MEMORY", 1 << 22)
        model = load(MODEL)
        threads = [threading.Thread(target=work, args=(k,)) for k in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [trees if k % 2 else expected[k:] + expected[:k] for k in range(THREADS)]


def test_a_tokenization_is_written_as_its_tokens_are(texts: list[str]) -> None:
    """All sentences at once, from columns, as each by itself from its tokens."""
    texts = ["Don't go.  I 'd can't.", *texts, "It rained."]
    cut = load(MODEL).stages.tokenizer.tokenize(texts)  # type: ignore[union-attr]
    tokens, written = cut.tokens(), []
    assert any(len(token.words) > 1 for token in tokens)
    for number, (begin, end) in enumerate(pairwise(cut.rows.tolist()), 7):
        assert text_of(tokens[begin:end]) == texts[number - 7]
        bounds = [begin, *(np.flatnonzero(cut.last[begin:end]) + begin + 1).tolist()]
        for k, (a, b) in enumerate(pairwise(bounds), 1):
            comments = ["# newpar"] * (k == 1) + [f"# sent_id = {number}-{k}"]
            written.append(conllu_of(tokens[a:b], comments))
    assert cut.block(7 + np.arange(len(texts))).text.decode() == "".join(written)


@pytest.mark.parametrize("most", [40, 1 << 20])
def test_some_items_are_classified_as_in_all_items(most: int, block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    tagger = load(MODEL).stages.tagger
    assert tagger
    keys, rows = without_tags(block.word_keys()), block.sentences
    labels = tagger.first.classify(keys, rows, np.arange(len(keys)))
    items = np.flatnonzero(np.random.default_rng(5).random(len(keys)) < 0.5)
    monkeypatch.setattr(PrecomputedLayer, "max_types", property(lambda self: most))
    different, which = factorize(keys)
    assert (tagger.first.classify(different, rows, which, items) == labels[items]).all()
    assert not len(tagger.first.classify(different, rows, which, items[:0]))


def test_parts_are_as_large_as_the_tables_allow(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PrecomputedLayer, "max_types", property(lambda self: 300))
    parser, all_keys = load(MODEL).parser, block.word_keys()
    parts = []
    for types, sentences, words in parser._parts(all_keys, block.sentences):
        keys = [all_keys[k] for k in words.tolist()]
        assert (types == parser.cache.types(keys)).all()
        parts.append((keys, sentences, words))
    assert sorted(k for *_, words in parts for k in words.tolist()) == [*range(len(all_keys))]
    lengths = np.concatenate([np.diff(sentences) for _, sentences, _ in parts])
    assert (np.diff(lengths) <= 0).all()  # the longest sentences first
    assert len(parts) > 2
    for (keys, *_), (following, sentences, _) in pairwise(parts):
        assert len(set(keys)) <= 300 < len({*keys, *following[: sentences[1]]})  # another sentence would be too much
