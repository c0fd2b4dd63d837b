"""Self-training: which sentences become silver, how many of them an epoch has, and the whole training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clearparse.commands import train
from clearparse.config import PRESETS, Config
from clearparse.errors import FileError
from clearparse.model.model import load
from clearparse.training import data, self_training
from clearparse.training.log import Log
from clearparse.training.parser_batches import ParserBatches, Treebank, initialize_parser
from clearparse.training.self_training import (
    SILVER,
    SILVER_SHARE,
    TEACHER_NETWORKS,
    silver_sentences,
    teacher_config,
)
from clearparse.training.silver import MAX_WORDS, MIN_WORDS

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
TEXT = "The cat sleeps on the old sofa.\nNo.\n\nShe says that we could have gone home by train.\nThey  buy\tbread.\n"
CONFIG = Config(embedding_dim=8, hidden_size=16, epochs=10, batch_size=256, transition_system="arc-hybrid")


def sentences(treebank: Treebank) -> list[tuple[list[bytes], list[str], list[int]]]:
    """Each sentence's keys, labels and heads."""
    return [
        (treebank.keys[a:b], treebank.labels[a:b], treebank.heads[a:b].tolist())
        for a, b in zip(treebank.sentences[:-1], treebank.sentences[1:], strict=True)
    ]


@pytest.fixture(scope="module")
def treebank() -> Treebank:
    return Treebank.of(data.read_treebanks([SAMPLE / "dev.conllu"]).blocks)


def test_the_most_confidently_parsed_sentences_become_silver(
    text_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, path = load(text_model), tmp_path / "raw.txt"
    path.write_text(TEXT * 20, encoding="utf-8")
    monkeypatch.setattr(self_training, "LINES_AT_ONCE", 7)  # so there are several parts
    silver = silver_sentences(model, [path], Log(quiet=True))
    lines = [" ".join(line.split()) for line in TEXT.splitlines() if line]
    block = model.parse_block(model.tag(model.tokenize(lines)))
    heads, labels, probability = model.parser.parse_with_probabilities(block)
    lengths = np.diff(block.sentences)
    confidence = np.add.reduceat(probability, block.sentences[:-1]) / lengths
    allowed = (lengths >= MIN_WORDS) & (lengths <= MAX_WORDS)
    best = int(np.argmax(np.where(allowed, confidence, -1)))
    first, end = block.sentences[best : best + 2]
    found = sentences(silver)
    assert [label.decode() for label in labels[first:end]] in [of for _, of, _ in found]
    assert heads[first:end].tolist() in [of for _, _, of in found]
    assert 0 < len(silver.keys) <= SILVER_SHARE * 20 * lengths.sum()
    assert all(MIN_WORDS <= length <= MAX_WORDS for length in np.diff(silver.sentences))


def test_a_missing_file_is_named(text_model: Path, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"gone\.txt: no such file"):
        silver_sentences(load(text_model), [tmp_path / "gone.txt"], Log(quiet=True))


def test_silver_sentences_survive_a_checkpoint(treebank: Treebank) -> None:
    assert sentences(SILVER.decode(*SILVER.encode(treebank))) == sentences(treebank)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 0.5), (2.0, 2.0), (9.0, 4.0)])
def test_an_epoch_has_its_share_of_silver_and_the_last_epochs_have_none(
    treebank: Treebank, share: float, expected: float
) -> None:
    """The share is in words of the treebank; there are only 4 times as many silver words, fewer than 9."""
    config = replace(CONFIG, silver_ratio=share)
    parser = initialize_parser(treebank, config, np.random.default_rng(1))
    more = Treebank.concatenated([treebank] * 4)
    parser_batches = ParserBatches(parser, treebank, config, np.random.default_rng(2), more)
    lengths, gold = np.diff(parser_batches.treebank.sentences), len(treebank)
    for epoch in range(config.epochs):
        order = parser_batches._order(epoch)
        assert sorted(order[order < gold]) == list(range(gold))
        assert len(set(order.tolist())) == len(order)
        words = lengths[order[order >= gold]].sum() / lengths[:gold].sum()
        assert abs(words - (expected if epoch < 8 else 0)) < 0.15


@pytest.mark.parametrize("preset", PRESETS)
def test_the_teachers_are_several_and_train_no_longer_than_the_final_networks(preset: str) -> None:
    config = PRESETS[preset].for_data(200_000, 0.0)
    teachers = teacher_config(config)
    assert teachers.networks >= TEACHER_NETWORKS
    assert teachers.epochs <= config.epochs
    assert replace(teachers, networks=config.networks, epochs=config.epochs) == config


def test_training_with_raw_text(tmp_path: Path, capsys: pytest.CaptureFixture[str], small_stages: None) -> None:
    """A model of stages "parser" self-trains too; with --silver-ratio 0, raw text gives word vectors only."""
    raw, output = tmp_path / "raw.txt", tmp_path / "parser.model"
    raw.write_text(TEXT * 20, encoding="utf-8")
    files = ["--train", str(SAMPLE / "dev.conllu"), "--dev", str(SAMPLE / "dev.conllu"), "--output", str(output)]
    options = ["--raw-text", str(raw), "--hidden-size", "8", "--embedding-dim", "6", "--epochs", "1"]
    train.main([*files, *options])
    output_text = capsys.readouterr().out
    assert "parser again, with" in output_text
    assert load(output).stages.tagger is None
    train.main([*files, *options, "--silver-ratio", "0"])
    stages = [line.split(maxsplit=1)[1] for line in capsys.readouterr().out.splitlines() if line.startswith("stage")]
    assert stages == ["word vectors"]
