"""Silver sentences of another parser: which are chosen, what is refused, and what parser and tagger learn from them."""

from __future__ import annotations

import gzip
import json
import lzma
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import clearparse
from clearparse.commands import train
from clearparse.config import Config, NetworkConfig
from clearparse.errors import ClearparseError, FileError
from clearparse.model.container import load_arrays
from clearparse.model.model import load
from clearparse.stages import tagger
from clearparse.stages.tagger import retagged, retagged_keys
from clearparse.training import silver
from clearparse.training.log import Log
from clearparse.training.mixture import Mixture
from clearparse.training.parser_batches import Treebank
from clearparse.training.silver import MAX_WORDS, MIN_WORDS, read_silver, with_labels
from clearparse.training.upstream_items import tagged_words
from clearparse.training.window_batches import WindowBatches, initialize
from clearparse.treebank.conllu import parse_block, read_blocks

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
QUIET = Log(quiet=True)


def sentence(forms: str, misc: str = "_", *, upos: str = "X", deprel: str = "dep") -> str:
    """A sentence in CoNLL-U whose words all have this MISC; the first word is the root."""
    rows = [
        f"{k}\t{form}\tlemma\t{upos}\t_\t_\t{min(k - 1, 1)}\t{deprel if k > 1 else 'root'}\t_\t{misc}\n"
        for k, form in enumerate(forms.split(), 1)
    ]
    return "".join(rows) + "\n"


def written(path: Path, *sentences: str) -> Path:
    path.write_text("".join(sentences), encoding="utf-8")
    return path


def forms(treebank: Treebank) -> list[str]:
    return [" ".join(of) for of in treebank.lookup_forms()]


def test_the_most_confident_sentences_are_taken(tmp_path: Path) -> None:
    """Trees are chosen by Conf and tags by TagConf, each by the mean over the words."""
    path = written(
        tmp_path / "silver.conllu",
        sentence("a b c d", "Conf=0.5|TagConf=0.9"),
        sentence("e f g h", "SpaceAfter=No|TagConf=0.2|Conf=0.75"),
        sentence("i j k l", "Conf=0.25|TagConf=1"),
        sentence("m n o p", "Conf=1.0|TagConf=0.1"),
    )
    found = read_silver([path], 0.5, QUIET)
    assert forms(found.trees) == ["e f g h", "m n o p"]
    assert forms(found.tags) == ["a b c d", "i j k l"]
    assert forms(read_silver([path], 1.0, QUIET).trees) == ["a b c d", "e f g h", "i j k l", "m n o p"]


def test_without_confidences_all_sentences_of_usable_length_are_taken(tmp_path: Path) -> None:
    short, long = " ".join("a" * (MIN_WORDS - 1)), " ".join("a" * (MAX_WORDS + 1))
    path = written(tmp_path / "s.conllu", *map(sentence, ("a b c d", short, "e f g h i", long)))
    found = read_silver([path], 0.1, QUIET)
    assert forms(found.trees) == forms(found.tags) == ["a b c d", "e f g h i"]


def test_a_sentence_of_unknown_confidence_comes_before_the_others(tmp_path: Path) -> None:
    path = written(tmp_path / "s.conllu", sentence("a b c d", "Conf=1"), sentence("e f g h"))
    assert forms(read_silver([path], 0.5, QUIET).trees) == ["e f g h"]


def test_files_may_be_compressed_and_several(tmp_path: Path) -> None:
    one, two = sentence("a b c d").encode(), sentence("e f g h").encode()
    (tmp_path / "1.conllu.gz").write_bytes(gzip.compress(one))
    (tmp_path / "2.conllu.xz").write_bytes(lzma.compress(two))
    found = read_silver([tmp_path / "1.conllu.gz", tmp_path / "2.conllu.xz"], 1.0, QUIET)
    assert forms(found.trees) == ["a b c d", "e f g h"]


def test_equal_words_take_memory_once(tmp_path: Path) -> None:
    path = written(tmp_path / "s.conllu", sentence("a b c d e f") * 50)
    found = read_silver([path], 1.0, QUIET)
    assert len(found.trees.keys) == 300
    assert len(set(map(id, found.trees.keys))) == 6
    assert len(set(map(id, found.trees.labels))) == 2


def test_what_exceeds_the_limit_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(silver, "MAX_SILVER_WORDS", 4)
    paths = [written(tmp_path / f"{k}.conllu", sentence("a b c d")) for k in range(3)]
    assert len(read_silver(paths, 1.0, Log()).trees) == 1
    assert "after the first 4 words are not read" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (sentence("a b c d", "Conf=high"), r"s\.conllu:1: Conf is 'high'; it must be a number from 0 to 1"),
        (sentence("a b c d", "TagConf=1.5"), r"s\.conllu:1: TagConf is '1\.5'"),
        (sentence("a b c d", "Conf=nan"), r"s\.conllu:1: Conf is 'nan'"),
        (sentence("a b c d").replace("\t1\tdep", "\t_\tdep"), r"s\.conllu:2: word 2 has no HEAD"),
        ("# only a comment\n", r"s\.conllu: no sentences"),
        (sentence("too short"), r"s\.conllu: no silver sentence has 4 to 50 words"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=message):
        read_silver([written(tmp_path / "s.conllu", text)], 1.0, QUIET)


def test_sentences_with_other_labels_are_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "s.conllu", sentence("a b c d"), sentence("e f g h", deprel="nsubjpass"))
    trees = read_silver([path], 1.0, QUIET).trees
    assert forms(with_labels(trees, ["dep", "root"], Log())) == ["a b c d"]
    assert (
        "1 silver sentences are left out: the treebank does not have their labels nsubjpass" in capsys.readouterr().out
    )
    assert with_labels(trees, ["dep", "nsubjpass", "root"], QUIET) is trees
    with pytest.raises(ClearparseError, match="every silver sentence has labels that the treebank does not have"):
        with_labels(trees, ["root"], QUIET)


def test_the_tagger_learns_only_classes_of_the_treebank(tmp_path: Path) -> None:
    """Silver words are in all epochs but the last fifth; those of an unknown class are never a target."""
    gold = tagged_words(Treebank.of([parse_block((sentence("a b c d") + sentence("b c", upos="Y")).encode())]))
    path = written(tmp_path / "s.conllu", sentence("a b c e"), sentence("e e e e e", upos="NEW"))
    added = tagged_words(read_silver([path], 1.0, QUIET).tags)
    config, rng = NetworkConfig(embedding_dim=4, hidden_size=4, epochs=10, batch_size=4), np.random.default_rng(1)
    batches = WindowBatches(initialize(tagger.FIRST, gold, config, rng), gold, config, rng, added)
    sizes = []
    for epoch in range(config.epochs):
        targets = np.concatenate([batch.target for batch in batches.batches(epoch)])
        assert (targets >= 0).all()
        sizes.append(len(targets))
    assert max(sizes[:8]) == 6 + 4
    assert sizes[8:] == [6, 6]


def test_the_ratio_of_silver_words_to_gold_words_is_limited() -> None:
    gold, added = np.arange(11) * 10, np.arange(1001) * 10
    mixed = Mixture(gold, added, NetworkConfig(silver_ratio=3.0, epochs=10))
    rng = np.random.default_rng(1)
    assert len(mixed.sentences(0, rng)) == 10 + 30
    assert len(mixed.sentences(8, rng)) == 10
    assert mixed.words() == 10 * 100 + 8 * 300


def test_the_parser_sees_the_tags_of_the_models_own_tagger(text_model: Path) -> None:
    """Silver trees come from the other parser, their tags from the tagger of the model."""
    model, (block,) = load(text_model), read_blocks(SAMPLE / "dev.conllu", trees=True)
    own = model.stages.tagger
    assert own is not None
    found = retagged_keys(block.word_keys(), block.sentences, own)
    assert [key.split(b"\t")[2:] for key in found] == [key.split(b"\t")[2:] for key in retagged(block, own).word_keys()]
    assert len(set(map(id, found))) < 1.1 * len(set(found))
    first_only = retagged_keys(block.word_keys(), block.sentences, own.first)
    assert first_only != found


FILES = ["--train", str(SAMPLE / "dev.conllu"), "--dev", str(SAMPLE / "dev.conllu")]
SMALL = ["--hidden-size", "8", "--embedding-dim", "6", "--epochs", "5", "--silver-ratio", "1"]


@pytest.mark.parametrize("stages", ["parser", "all"])
def test_training_with_silver(
    stages: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], small_stages: None
) -> None:
    """One network, no teachers; word vectors come from the silver sentences; the record names the file."""
    output = tmp_path / "m.model"
    train.main([*FILES, "--silver", str(SAMPLE / "train.conllu"), "--stages", stages, "--output", str(output), *SMALL])
    printed = capsys.readouterr().out
    assert "parser again" not in printed
    assert "stage     word vectors" in printed
    model, plain = load(output), load_arrays(output)[0]
    assert (model.stages.tagger is None) == (stages == "parser")
    (source,) = model.record["silver"]
    assert source["path"] == "train.conllu"
    (recorded,) = json.loads((tmp_path / "m.model.json").read_text(encoding="utf-8"))["silver"]
    assert recorded["sha256"] == source["sha256"]
    train.main(["--reproduce", str(tmp_path / "m.model.json"), "--output", str(tmp_path / "again.model")])
    assert "bit-identical" in capsys.readouterr().out
    without = clearparse.train(
        SAMPLE / "dev.conllu",
        dev=SAMPLE / "dev.conllu",
        silver=SAMPLE / "train.conllu",
        hidden_size=8,
        embedding_dim=6,
        epochs=5,
        silver_ratio=0.0,
        quiet=True,
    )
    assert not np.array_equal(without.stages.ensemble.members[0].params.W, plain["parser/W"])


def test_other_silver_is_not_resumed(tmp_path: Path) -> None:
    """A record of a training with another silver file cannot be reproduced: one line names the file's checksum."""
    path = tmp_path / "silver.conllu"
    path.write_bytes((SAMPLE / "train.conllu").read_bytes())
    output = tmp_path / "m.model"
    train.main([*FILES, "--silver", str(path), "--output", str(output), *SMALL, "--quiet"])
    path.write_bytes((SAMPLE / "dev.conllu").read_bytes())
    with pytest.raises(FileError, match="silver 1 sha256 is"):
        train.main(["--reproduce", f"{output}.json", "--output", str(tmp_path / "again.model")])


@pytest.mark.full
def test_silver_trees_that_are_right_help_as_treebank_trees_do(shared_data: Path, tmp_path: Path) -> None:
    """A sixteenth of EWT, with and without gold trees of a quarter of it as silver."""
    blocks = list(read_blocks(shared_data / "UD_English-EWT" / "train.conllu", trees=True))
    sentences = [sentence for block in blocks for sentence in block]
    few, more = tmp_path / "few.conllu", tmp_path / "more.conllu.gz"
    few.write_bytes(b"".join(each.conllu for each in sentences[::16]))
    more.write_bytes(gzip.compress(b"".join(each.conllu for each in sentences[1::4])))
    config = {"hidden_size": 64, "embedding_dim": 24, "epochs": 8, "quiet": True}
    dev = shared_data / "UD_English-EWT" / "dev.conllu"
    scores = [
        clearparse.train(few, dev=dev, silver=added, silver_ratio=4.0, **config).record["dev_scores"]["LAS"]
        for added in ([], [more])
    ]
    assert scores[1] > scores[0] + 2


def test_a_config_may_have_the_former_name_of_the_ratio() -> None:
    assert Config.from_record({"silver": 0.5}) == replace(Config(), silver_ratio=0.5)
