"""Training that starts from a model, and what training says of unusual data before it begins."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from clearparse.commands import train
from clearparse.errors import FileError
from clearparse.model.model import load
from clearparse.training.data import read_treebanks
from clearparse.training.fine_tuning import with_labels_of
from clearparse.training.parser_batches import Treebank
from clearparse.training.text_checks import NO_SPACES_MARKED, text_warnings
from clearparse.treebank.conllu import parse_block

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
DEV = SAMPLE / "dev.conllu"
SMALL = ["--hidden-size", "8", "--embedding-dim", "4", "--epochs", "1", "--batch-size", "64"]


def novel(path: Path, sentences: int = 20) -> Path:
    """Some sentences of the sample in which a relation has a new name."""
    text = "\n\n".join(DEV.read_text(encoding="utf-8").split("\n\n")[:sentences]) + "\n\n"
    path.write_text(text.replace("\tnsubj\t", "\tobj:new\t").replace("\troot\t", "\ttop\t"), encoding="utf-8")
    return path


# New labels


def test_a_parser_with_new_labels_builds_the_same_trees_until_it_is_trained(parser_model: Path, tmp_path: Path) -> None:
    parser, block = load(parser_model).parser, read_treebanks([DEV]).blocks[0]
    wider = with_labels_of(
        Treebank.of(read_treebanks([novel(tmp_path / "new")]).blocks), parser, np.random.default_rng(1)
    )
    assert {"obj:new", "top"} <= set(wider.transitions.labels)
    new = [k for k, name in enumerate(wider.transitions.names()) if name not in parser.transitions.names()]
    assert new
    wider.params.b_2[:, new] = -100  # never the best class
    (heads, labels), (expected_heads, expected_labels) = wider.parse(block), parser.parse(block)
    assert heads.tolist() == expected_heads.tolist()
    assert labels == expected_labels


def test_without_new_labels_nothing_changes(parser_model: Path) -> None:
    parser, rng = load(parser_model).parser, np.random.default_rng(1)
    before = rng.bit_generator.state
    same = with_labels_of(Treebank.of(read_treebanks([SAMPLE / "train.conllu"]).blocks), parser, rng)
    assert rng.bit_generator.state == before
    assert same.transitions.names() == parser.transitions.names()
    assert all(np.array_equal(a, b) for a, b in zip(same.params, parser.params, strict=True))


@pytest.mark.parametrize("stages", ["parser", "all"])
@pytest.mark.usefixtures("small_stages")
def test_fine_tuning_adds_new_labels(
    stages: str, parser_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = str(novel(tmp_path / "new.conllu")), tmp_path / "m"
    argv = ["--train", source, "--dev", source, "--init", str(parser_model), "--output", str(output)]
    train.main([*argv, "--stages", stages, *SMALL])
    assert "note      labels new to the model: obj:new top\n" in capsys.readouterr().out
    assert {"obj:new", "top", "nsubj"} <= set(load(output).parser.transitions.labels)


def test_an_unusable_template_is_refused_before_the_first_stage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "t").write_text("form: s0 nonsense\n", encoding="utf-8")
    argv = ["--train", str(DEV), "--stages", "all", "--template", str(tmp_path / "t"), "--output", str(tmp_path / "m")]
    with pytest.raises(Exception, match="no address 'nonsense'"):
        train.main(argv)
    assert "stage" not in capsys.readouterr().out


def test_partial_annotation_is_refused(tmp_path: Path) -> None:
    (tmp_path / "part").write_text(
        "1\ta\t_\t_\t_\t_\t0\troot\t_\t_\n2\tb\t_\t_\t_\t_\t_\t_\t_\t_\n\n", encoding="utf-8"
    )
    with pytest.raises(FileError, match="part:2: word 2 has no HEAD: .* leave partly annotated sentences out"):
        train.main(["--train", str(tmp_path / "part"), "--output", str(tmp_path / "m")])


# Several dev files


def test_several_dev_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second = tmp_path / "second.conllu"
    second.write_text("\n\n".join(DEV.read_text(encoding="utf-8").split("\n\n")[:9]) + "\n\n", encoding="utf-8")
    train.main(["--train", str(DEV), "--dev", str(DEV), str(second), "--output", str(tmp_path / "m"), *SMALL])
    record = json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))
    assert record["dev"]["path"] == f"{DEV} + {second}"
    assert record["dev"]["sentences"] == 99
    assert load(tmp_path / "m").record["dev"]["path"] == "dev.conllu + second.conllu"
    train.main(["--reproduce", str(tmp_path / "m.json")])
    assert "bit-identical" in capsys.readouterr().out


# Text of the treebank

TOKENS = "1\tHello\t_\t_\t_\t_\t0\troot\t_\t{}\n2\t!\t_\t_\t_\t_\t1\tpunct\t_\t_\n\n"


@pytest.mark.parametrize(
    ("text", "misc", "expected"),
    [
        ("Hello!", "SpaceAfter=No", []),
        ("Hello !", "_", [NO_SPACES_MARKED]),
        ("Hello\u00a0 !", "SpaceAfter=No", ["`# text` of 1 training sentences is not"]),
        ("Hello!", "_", [NO_SPACES_MARKED, "`# text` of 1 training sentences is not"]),
        (None, "SpaceAfter=No", []),
    ],
)
def test_a_treebank_whose_columns_contradict_its_text(text: str | None, misc: str, expected: list[str]) -> None:
    comment = f"# sent_id = s1\n# text = {text}\n" if text else ""
    warnings = list(text_warnings([parse_block((comment + TOKENS.format(misc)).encode())]))
    assert len(warnings) == len(expected)
    assert all(found.startswith(start) for found, start in zip(warnings, expected, strict=True))


def test_the_sample_gives_no_warning() -> None:
    assert not list(text_warnings(read_treebanks([SAMPLE / "train.conllu"]).blocks))


@pytest.mark.usefixtures("small_stages")
def test_the_warning_comes_where_text_stages_are_trained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "few").write_text(TOKENS.format("_") * 12, encoding="utf-8")
    for stages in ("parser", "all"):
        train.main(["--train", str(tmp_path / "few"), "--stages", stages, "--output", str(tmp_path / "m"), *SMALL])
        assert (f"warning   {NO_SPACES_MARKED}\n" in capsys.readouterr().out) == (stages == "all")
