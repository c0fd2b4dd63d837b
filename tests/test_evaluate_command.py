"""The evaluate command: its table, its JSON, and its errors, each of one line."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from clearparse.commands import evaluate as command
from clearparse.commands.evaluate import main
from clearparse.errors import ClearparseError, FileError
from clearparse.treebank.conllu import DEPREL, Block

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "evaluate.py"
GOLD = """\
# sent_id = 1
1	Dogs	dog	NOUN	_	_	2	nsubj	_	_
2	bark	bark	VERB	_	_	0	root	_	_
3	!	!	PUNCT	_	_	2	punct	_	_

# sent_id = 2
1	She	she	PRON	_	_	2	nsubj	_	_
2	sees	see	VERB	_	_	0	root	_	_
3	stars	star	NOUN	_	_	2	obj	_	_

"""
SYSTEM = GOLD.replace("2\tobj", "1\tobj")


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    gold, system = tmp_path / "gold.conllu", tmp_path / "system.conllu"
    gold.write_text(GOLD, encoding="utf-8", newline="")
    system.write_text(SYSTEM, encoding="utf-8", newline="")
    return str(gold), str(system)


class First:
    """A model that attaches every word to the first one, and warns."""

    def parse_block(self, block: Block) -> Block:
        warnings.warn("no tags", UserWarning, stacklevel=1)
        heads = block.heads()
        heads[:] = 1
        heads[block.sentences[:-1]] = 0
        return block.with_trees(heads, block.column(DEPREL))

    def describe(self) -> str:
        return "a model that attaches every word to the first one"

    def conditions(self) -> dict[str, Any]:
        return {"preset": "none", "seed": 1}


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    path = tmp_path / "a.model"
    path.write_bytes(b"model")
    monkeypatch.setattr(command, "load", lambda path: First())
    return str(path)


def test_table(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    gold, system = files
    main(["--system", system, "--gold", gold])
    out, err = capsys.readouterr()
    assert err == ""
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert f"gold {gold}" in lines
    assert f"system {system}" in lines
    assert "UAS unlabeled attachment score 83.33 80.00" in lines
    assert "LAS labeled attachment score 83.33 80.00" in lines
    assert "UEM unlabeled exact match (sentences) 50.00 50.00" in lines
    assert "words 6 5" in lines
    assert "1 4 4 75.00 75.00 75.00" not in lines
    assert not any(line.startswith("nsubj") for line in lines)


def test_details(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    gold, system = files
    Path(system).write_text(GOLD.replace("2\tobj", "2\tiobj"), encoding="utf-8", newline="")
    main(["--system", system, "--gold", gold, "--details"])
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "nsubj 2 2 100.00 100.00 100.00" in lines
    assert "iobj 0 1 0.00 \N{EN DASH} 0.00" in lines
    assert lines[-2:] == ["gold relation predicted words", "obj iobj 1"]


def test_json(files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gold, system = files
    out = tmp_path / "scores.json"
    main(["--system", system, "--gold", gold, "--json", str(out)])
    assert "UAS" in capsys.readouterr().out
    scores = json.loads(out.read_bytes())
    assert (scores["words"], scores["sentences"]) == (6, 2)
    assert scores["UAS"] == scores["LAS"] == 100 * (5 / 6)
    assert scores["without_punctuation"]["words"] == 5
    conditions = scores["conditions"]
    assert conditions["gold"] == {"path": gold, "sha256": hashlib.sha256(GOLD.encode()).hexdigest()}
    assert conditions["system"] == {"path": system, "sha256": hashlib.sha256(SYSTEM.encode()).hexdigest()}
    assert "PUNCT" in conditions["punctuation"]
    assert "CoNLL 2018" in conditions["scorer"]
    assert conditions["tokens"].startswith("gold")


def test_control_characters_in_labels_are_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.conllu"
    path.write_text("1\tGo\t_\t_\t_\t_\t0\tr\x1b[31m\t_\t_\n\n", encoding="utf-8")
    main(["--system", str(path), "--gold", str(path), "--details"])
    printed = capsys.readouterr().out
    assert "\nr\ufffd[31m  " in printed
    assert "\x1b" not in printed


def test_json_on_stdout_is_all_of_stdout(files: tuple[str, str]) -> None:
    gold, system = files
    run = evaluate_in_a_shell("--system", system, "--gold", gold, "--json", "-")
    assert run.returncode == 0
    assert json.loads(run.stdout)["words"] == 6


def test_model(files: tuple[str, str], model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "scores.json"
    main(["--model", model, "--gold", files[0], "--json", str(out)])
    output = capsys.readouterr()
    assert output.err == "warning: no tags\n"
    assert f"model        {model}" in output.out
    scores = json.loads(out.read_bytes())
    assert scores["UAS"] == 0.0
    assert scores["label_accuracy"] == 100.0
    assert scores["conditions"]["tags"].startswith("gold")
    assert scores["conditions"]["search"] == "greedy"
    assert scores["conditions"]["model"] == {
        "path": model,
        "sha256": hashlib.sha256(b"model").hexdigest(),
        "preset": "none",
        "seed": 1,
    }


def test_info(files: tuple[str, str], model: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--model", model, "--info"])
    alone = capsys.readouterr().out
    assert alone == "a model that attaches every word to the first one\n"
    main(["--model", model, "--info", "--gold", files[0]])
    both = capsys.readouterr().out
    assert both.startswith(alone)
    assert "LAS" in both


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "--model --system"),
        (["--gold", "g"], "--model --system"),
        (["--model", "m"], "--gold is missing"),
        (["--system", "s"], "--gold is missing"),
        (["--model", "m", "--system", "s", "--gold", "g"], "not allowed with"),
        (["--system", "s", "--info"], "--info needs --model"),
        (["--model", "m", "--info", "--json", "j"], "--json needs --gold"),
        (["--model", "m", "--info", "--details"], "--details needs --gold"),
        (["--system", "-", "--gold", "-"], "standard input"),
        (["--system", "s", "--gold", "g", "--nothing"], "--nothing"),
        (["--system", "s", "--gold", "g", "--threads", "many"], "--threads"),
        (["--system", "s", "--gold", "g", "--threads", "0"], "--threads"),
    ],
)
def test_wrong_usage_is_one_line(argv: list[str], message: str) -> None:
    with pytest.raises(ClearparseError) as error:
        main(argv)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_an_error_leaves_no_output(files: tuple[str, str], tmp_path: Path) -> None:
    gold, system = files
    before = sorted(tmp_path.iterdir())
    Path(system).write_text(SYSTEM.replace("sees", "saw"), encoding="utf-8", newline="")
    with pytest.raises(FileError, match=r"gold\.conllu:8: gold has 'sees', system has 'saw'"):
        main(["--system", system, "--gold", gold, "--json", str(tmp_path / "scores.json")])
    with pytest.raises(FileError, match="there is no folder"):
        main(["--system", gold, "--gold", gold, "--json", str(tmp_path / "nowhere" / "scores.json")])
    assert sorted(tmp_path.iterdir()) == before


def evaluate_in_a_shell(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, check=False, **options)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ([], 2),
        (["--system", "s"], 2),
        (["--system", "missing.conllu", "--gold", "missing.conllu"], 1),
        (["--model", "missing.model", "--gold", "missing.conllu"], 1),
    ],
)
def test_errors_in_a_shell(arguments: list[str], status: int) -> None:
    run = evaluate_in_a_shell(*arguments)
    assert run.returncode == status
    assert run.stdout == b""
    assert len(run.stderr.splitlines()) == 1


def test_gold_from_standard_input(files: tuple[str, str]) -> None:
    run = evaluate_in_a_shell("--system", files[1], "--gold", "-", "--json", "-", input=GOLD.encode())
    assert run.returncode == 0
    scores = json.loads(run.stdout)
    assert scores["UAS"] == 100 * (5 / 6)
    assert scores["conditions"]["gold"] == {"path": "<stdin>", "sha256": None}


def pair(shared_data: Path, name: str) -> list[str]:
    folder = shared_data / "bad" / "eval_pairs"
    return ["--gold", str(folder / f"{name}.gold.conllu"), "--system", str(folder / f"{name}.sys.conllu")]


def test_mismatched_pairs_of_files(shared_data: Path) -> None:
    fewer, other = pair(shared_data, "a_fewer_sentences"), pair(shared_data, "c_other_forms")
    with pytest.raises(FileError) as error:
        main(fewer)
    assert str(error.value) == f"{fewer[3]}: system has 1 sentence, gold 2 ({fewer[1]})"
    with pytest.raises(FileError) as error:
        main(other)
    assert str(error.value) == f"{other[1]}:7: gold has 'sees', system has 'saw' ({other[3]}:7)"


def test_matching_pairs_of_files(shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "scores.json"
    main([*pair(shared_data, "h_known_score"), "--json", str(out)])
    scores = json.loads(out.read_bytes())
    assert (scores["UAS"], scores["LAS"]) == (80.0, 80.0)
    assert "note: no word is punctuation" in capsys.readouterr().out
    main([*pair(shared_data, "f_only_punctuation"), "--json", str(out)])
    scores = json.loads(out.read_bytes())
    assert (scores["UAS"], scores["LAS"]) == (100.0, 100.0)
    assert scores["without_punctuation"]["words"] == 0
    assert scores["without_punctuation"]["UAS"] is None
    output = capsys.readouterr()
    assert "no words are scored" in output.out
    assert output.err == ""


def test_raw_text_is_refused_with_the_flags_that_are_needed(tmp_path: Path) -> None:
    text = tmp_path / "long.txt"
    text.write_text("Birds eat worms.\n", encoding="utf-8")
    gold = str(Path(__file__).resolve().parents[1] / "data" / "sample" / "dev.conllu")
    with pytest.raises(FileError, match=r"long\.txt: raw text, .* --gold TREEBANK --given text$"):
        main(["--system", gold, "--gold", str(text)])
    with pytest.raises(FileError, match=r"long\.txt: raw text, not the output of a parser"):
        main(["--system", str(text), "--gold", gold])
