"""The teacher: its command, and, with torch and transformers, that training resumes to the same bytes."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clearparse import read_conllu
from clearparse.commands.command_line import UsageError
from clearparse.errors import ClearparseError
from clearparse.io import resources
from clearparse.stages.lemmatizer import LemmaRule
from clearparse.training.vector_files import read_vectors
from clearparse.treebank.conllu import FORM
from teacher import command
from teacher.encoder import encoder_folder
from teacher.examples import LEMMAS, Examples, Gold, Symbols, read_treebank

LIBRARIES = ("torch", "transformers")
MISSING = [library for library in LIBRARIES if importlib.util.find_spec(library) is None]
WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    *"abcdefghijklmnopqrstuvwxyz.,",
    *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz"),
]


@pytest.fixture
def treebank(tmp_path: Path) -> Path:
    """The first sentences of the sample treebank."""
    path = tmp_path / "train.conllu"
    sentences = itertools.islice(read_conllu(resources.sample("train")), 40)
    path.write_bytes(b"".join(sentence.conllu for sentence in sentences))
    return path


class Letters:
    """Cuts a form into its letters, two at most; cutting needs no library."""

    start, end, padding = 2, 3, 0

    def __call__(self, forms: list[str]) -> list[list[int]]:
        return [[ord(letter) for letter in form[:2]] for form in forms]


def test_examples_are_what_the_treebank_says(treebank: Path) -> None:
    block = read_treebank(treebank)
    symbols = Symbols.of(block)
    examples, gold = Examples(block, Letters(), symbols, 512), Gold.of(block, symbols)  # type: ignore[arg-type]
    which = np.arange(3)
    batch = examples.batch(which)
    sentences = [block[k] for k in which]
    assert batch.words.sum(1).tolist() == [len(sentence) for sentence in sentences]
    assert np.allclose(batch.pooling.sum(2), batch.words)
    in_batch = gold.of_batch(batch)
    for row, sentence in enumerate(sentences):
        n = len(sentence)
        assert in_batch.heads[row, :n].tolist() == sentence.heads.tolist()
        assert [symbols.labels[k] for k in in_batch.labels[row, :n]] == list(sentence.deprels)
        assert [symbols.tasks["upos"][k] for k in in_batch.tasks["upos"][row, :n]] == list(sentence.upos)
        for k, form, lemma in zip(in_batch.tasks[LEMMAS][row, :n], sentence.forms, sentence.lemmas, strict=True):
            assert k < 0 or LemmaRule.parse(symbols.tasks[LEMMAS][k])(form) == lemma
        assert (in_batch.heads[row, n:] < 0).all()


def test_batches_hold_each_sentence_once_and_not_too_many_pieces(treebank: Path) -> None:
    block = read_treebank(treebank)
    symbols, longest = Symbols.of(block), 40
    examples = Examples(block, Letters(), symbols, longest)  # type: ignore[arg-type]
    assert 0 < examples.skipped == int((examples.lengths > longest).sum())
    for random in (None, np.random.default_rng(1)):
        batches = examples.batches(200, random)
        assert sorted(np.concatenate(batches).tolist()) == examples.kept.tolist()
        assert all(len(each) * examples.lengths[each].max() <= 200 for each in batches)


def test_an_encoder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClearparseError, match=r"no-such-encoder: neither a folder nor an installed package"):
        encoder_folder("no-such-encoder")
    with pytest.raises(ClearparseError, match=r"it has no config\.json"):
        encoder_folder(str(tmp_path))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--shards", "2", "-o", "silver.conllu"], r"the name needs \{\}"),
        (["--shards", "2", "--first", "2", "-o", "silver-{}.conllu"], "numbered from 0 to 1"),
    ],
)
def test_shards_that_cannot_be_are_refused(arguments: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        command.main(["annotate", "a.teacher", "a.txt", *arguments])


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ClearparseError, match=r"a teacher needs torch, which is not installed: .*\[teacher\]"):
        command.main(["train", "--encoder", "e", "--train", "t", "--dev", "d", "-o", "o"])


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    """The folder of a tiny encoder with random weights."""
    if MISSING:
        pytest.skip(f"{' and '.join(MISSING)} not installed: pip install -e '.[teacher]'")
    import torch
    import transformers

    folder = tmp_path / "encoder"
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(1)
    config = transformers.BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    transformers.BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.fixture
def teacher_file(encoder: Path, treebank: Path, tmp_path: Path) -> Path:
    """A teacher trained for one epoch."""
    path = tmp_path / "a.teacher"
    fixed = ["train", "--encoder", str(encoder), "--train", str(treebank), "--dev", str(treebank), "--epochs", "1"]
    command.main([*fixed, "-o", str(path), "--quiet"])
    return path


class StoppedError(Exception):
    """In place of a power failure."""


@pytest.mark.full
@pytest.mark.filterwarnings("default")  # the libraries deprecate their own
def test_an_interrupted_training_resumes_to_the_same_bytes(
    encoder: Path, treebank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from teacher import training

    def run(output: Path, *more: str) -> None:
        fixed = ["train", "--encoder", str(encoder), "--train", str(treebank), "--dev", str(treebank), "--epochs", "3"]
        command.main([*fixed, "--batch-pieces", "300", "-o", str(output), *more])

    whole, resumed = tmp_path / "whole.teacher", tmp_path / "resumed.teacher"
    run(whole)
    learn: Any = training.Training.learn

    def stops(self: Any, which: Any, steps: int) -> float:
        if self.total == steps // 2:
            raise StoppedError
        return float(learn(self, which, steps))

    monkeypatch.setattr(training, "SECONDS_BETWEEN_CHECKPOINTS", 0)
    monkeypatch.setattr(training.Training, "learn", stops)
    with pytest.raises(StoppedError):
        run(resumed)
    monkeypatch.setattr(training.Training, "learn", learn)
    capsys.readouterr()
    with pytest.raises(ClearparseError, match="of a training with other data or settings"):
        run(resumed, "--resume", "--seed", "2")
    run(resumed, "--resume")
    assert "epoch 2, step" in capsys.readouterr().out
    assert resumed.read_bytes() == whole.read_bytes()
    assert not Path(f"{resumed}.checkpoint").exists()


@pytest.mark.full
@pytest.mark.filterwarnings("default")
def test_vectors_are_means_of_what_the_encoder_computes(teacher_file: Path, treebank: Path, tmp_path: Path) -> None:
    import torch

    from teacher.network import Tensors
    from teacher.storage import load_teacher
    from teacher.vectors import Means

    path, vectors = teacher_file, tmp_path / "vectors.txt.gz"
    block, teacher = read_treebank(treebank), load_teacher(path)
    forms = [form.decode() for form in block.column(FORM)]
    means = Means(teacher, ["the", "was", "zebra"])
    means.add(block)
    examples = teacher.examples(block)
    with torch.inference_mode():
        computed = np.zeros((len(forms), 16), np.float32)
        for which in examples.batches(100):
            batch = examples.batch(which)
            computed[batch.which] = teacher.network.representations(Tensors.of(batch, "cpu")).numpy()
    was = [form.lower() == "was" for form in forms]
    assert 1 < sum(was) < 10  # so all of its sentences are read
    assert np.allclose(means.values()[1], computed[was].mean(axis=0), atol=1e-5)
    assert not means.values()[2].any()

    command.main(["vectors", str(path), str(treebank), "-o", str(vectors), "--min-count", "5", "--quiet"])
    counts = Counter(forms)
    frequent = sorted((form for form, n in counts.items() if n >= 5), key=lambda form: (-counts[form], form))
    assert read_vectors(vectors, [], 16).forms == frequent
    with pytest.raises(ClearparseError, match="no word occurs 1000 times"):
        command.main(["vectors", str(path), str(treebank), "-o", str(vectors), "--min-count", "1000", "--quiet"])
    with pytest.raises(ClearparseError, match="would be overwritten"):
        command.main(["vectors", str(path), str(treebank), "-o", str(treebank)])


@pytest.mark.full
@pytest.mark.filterwarnings("default")
def test_silver_is_the_same_in_shards(teacher_file: Path, tmp_path: Path) -> None:
    teacher, text = teacher_file, tmp_path / "text.txt"
    text.write_text("He doesn't know. She does.\n\nThey left\n I  saw them. \n", encoding="utf-8")
    whole, shards = tmp_path / "silver.conllu.gz", tmp_path / "silver-{}.conllu"
    command.main(["annotate", str(teacher), str(text), "--quiet", "-o", str(whole)])
    command.main(["annotate", str(teacher), str(text), "--quiet", "--shards", "2", "-o", str(shards)])
    found = [list(read_conllu(tmp_path / f"silver-00{k}.conllu", trees=True)) for k in (0, 1)]
    assert [[sentence.text for sentence in each] for each in found] == [
        ["He doesn't know.", "She does.", "I saw them."],
        ["They left"],
    ]
    first = list(read_conllu(whole, trees=True))
    assert [each.heads.tolist() for each in first[:2]] == [each.heads.tolist() for each in found[0][:2]]
    for sentence in first:
        assert (sentence.heads == 0).sum() == 1
        for word in sentence:
            assert 0 <= float(word.misc["Conf"]) <= 1
            assert 0 <= float(word.misc["TagConf"]) <= 1
    assert first[0].forms == ("He", "does", "n't", "know", ".")
    assert "_" not in first[0].lemmas
