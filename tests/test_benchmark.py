"""The benchmarks: other implementations compute the same, corpora have the stated size, and a quick trial runs."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import baselines, comparison, parsers_command, sections, spacy_command
from benchmarks.corpora import to_sentences, with_distinct, write_enlarged, write_head, write_paragraphs, write_text
from benchmarks.cs224n import CS224n
from benchmarks.machine import Counted
from benchmarks.make_docs import BENCHMARK_PAGES, RESULTS
from benchmarks.pages import filled
from benchmarks.plan import Plan
from benchmarks.scaling import widened
from benchmarks.sections import Section
from benchmarks.tables import TABLES, markdown
from benchmarks.worker import in_subprocess
from clearparse.commands import train
from clearparse.errors import ClearparseError
from clearparse.model.model import load
from clearparse.network.classifier import scores
from clearparse.treebank.conllu import FORM, parse_block, read_blocks
from clearparse.treebank.tokens import paragraphs_of, text_of, tokens_in

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
SOURCE = SAMPLE / "dev.conllu"
FILES = ["--train", str(SAMPLE / "train.conllu"), "--dev", str(SOURCE)]


@pytest.fixture(scope="module")
def cs224n_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "cs224n.model"
    options = [
        "--template",
        "cs224n-36",
        "--transition-system",
        "arc-standard",
        "--hidden-size",
        "32",
        "--embedding-dim",
        "8",
        "--epochs",
        "3",
    ]
    train.main([*FILES, "--output", str(path), *options])
    return path


def test_the_loop_of_cs224n_gives_the_same_trees(cs224n_model: Path, tmp_path: Path) -> None:
    parser, output = CS224n(), tmp_path / "parsed.conllu"
    parser.end_to_end(parser.load(cs224n_model), SOURCE, output)
    assert output.read_bytes() == load(cs224n_model).parse_block(parse_block(SOURCE.read_bytes())).text


def test_duplicated_hidden_units_do_not_change_the_scores(cs224n_model: Path) -> None:
    model = load(cs224n_model)
    w = np.random.default_rng(0).integers(0, len(model.parser.params.L), (7, 36))
    theta = scores(model.parser.params, w)
    np.testing.assert_allclose(scores(widened(model, 64), w), theta, rtol=1e-4, atol=1e-5)
    assert widened(model, 48).W.shape == (36 * 8, 48)
    assert widened(model, 16).U.shape == (16, theta.shape[1])


def test_rows_are_counted(cs224n_model: Path) -> None:
    """One row per address that has a word, and always the first one, which includes b_1."""
    parser = load(cs224n_model).parser
    tables = Counted(parser.params, parser.features)
    tables.extend(np.array([[0, 3], [1, 4], [2, 5]], np.int32))  # NULL and two more types of word
    types = np.zeros((18, 4), np.intp)
    types[:2] = [0, 1, 2, 1]
    tables.theta(types, np.empty((0, 4), np.intp))
    assert (tables.configurations, tables.fetched) == (4, 4 + 3)
    assert tables.used == 3 * 18


def test_corpora_of_other_sizes(tmp_path: Path) -> None:
    words = parse_block(SOURCE.read_bytes()).column(FORM)
    write_head(SOURCE, 50, tmp_path / "head.conllu")
    head = (tmp_path / "head.conllu").read_bytes()
    assert SOURCE.read_bytes().startswith(head)
    block = parse_block(head)
    assert len(block.fields) >= 50 > len(block.fields) - len(block[-1])
    write_enlarged(SOURCE, 3, tmp_path / "large.conllu")
    large = parse_block((tmp_path / "large.conllu").read_bytes(), trees=True).column(FORM)
    assert len(large) == 3 * len(words)
    count = Counter(words)
    expected = [form + b"%d" % copy * (count[form] == 1) for copy in range(3) for form in words]
    assert large == expected


def test_words_become_sentences_of_equal_length() -> None:
    block = to_sentences([b"%d\t_\t_\t_\t_" % k for k in range(7)], 3)
    assert [sentence.forms for sentence in block] == [("0", "1", "2"), ("3", "4", "5"), ("6",)]


@pytest.mark.parametrize("n", [1, 3, 4, 6, 9])
def test_corpora_with_a_number_of_distinct_words(n: int) -> None:
    """Of nine words, four are distinct."""
    words = [word + b"\tX" for word in b"a b a c a b d a b".split()]
    changed = with_distinct(words, n)
    assert len(changed) == len(words)
    assert len(set(changed)) == n
    assert all(word.endswith(b"\tX") for word in changed)
    assert (changed == words) == (n == 4)


def test_raw_text_of_a_treebank_is_what_evaluation_gives_to_a_model(tmp_path: Path) -> None:
    write_text(SOURCE, tmp_path / "text.txt")
    expected = [text_of(tokens_in(paragraph)) for paragraph in paragraphs_of(read_blocks(SOURCE, trees=False))]
    assert (tmp_path / "text.txt").read_text(encoding="utf-8").split("\n\n") == [*expected, ""]


def test_lines_become_paragraphs(tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("One line.\n\nTwo.\nThree.\n", encoding="utf-8")
    write_paragraphs(tmp_path / "lines.txt", 12, tmp_path / "text.txt")
    assert (tmp_path / "text.txt").read_text(encoding="utf-8") == "One line.\n\nTwo.\n\n"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two sections that say when they are measured; the second one fails at first."""
    done: list[str] = []

    def fails_at_first(*_: object) -> dict[str, Any]:
        done.append("b")
        if done.count("b") == 1:
            raise ClearparseError("interrupted")
        return {"value": 2}

    def measures(*_: object) -> dict[str, Any]:
        done.append("a")
        return {"value": 1}

    monkeypatch.setattr(comparison, "SECTIONS", {"a": Section(measures), "b": Section(fails_at_first)})
    monkeypatch.setattr(comparison, "in_subprocess", lambda *_, **__: {"kernels": "none"})
    return done


def test_an_interrupted_run_is_continued(tmp_path: Path, counted: list[str]) -> None:
    """Finished sections are measured again only if a file or an option differs."""
    plan = Plan(SAMPLE / "train.conllu", SOURCE, SOURCE, tmp_path)
    with pytest.raises(ClearparseError, match="interrupted"):
        list(comparison.compare(plan))
    *_, results = comparison.compare(plan)
    assert counted == ["a", "b", "b"]
    assert results["sections"] == {"a": {"value": 1}, "b": {"value": 2}}
    assert list(results["measured"]) == ["a", "b"]
    (results,) = comparison.compare(replace(plan, runs=3), ["a"])
    assert counted == ["a", "b", "b", "a"]
    assert list(results["sections"]) == ["a"]
    list(comparison.compare(replace(plan, source=SAMPLE / "train.conllu"), ["b"]))
    assert counted == ["a", "b", "b", "a", "b"]


def measured_speeds(*speeds: float) -> dict[str, Any]:
    return {"end to end, each run": speeds}


def test_ratios_are_medians_of_the_ratios_in_turn() -> None:
    found = {"clearparse fast": measured_speeds(10, 30, 20), "UDPipe": measured_speeds(5, 10, 1)}
    expected = "| times as fast as | UDPipe |\n|---|---|\n| clearparse fast | 3.0 |"
    assert markdown("gold-ratios", {"sections": {"gold": found}}) == expected


def test_pages_get_what_was_measured() -> None:
    """A table that was measured replaces the one of the page; another one stays."""
    page = "# Speed\n<!-- benchmark: step -->\nformer\n<!-- end -->\n<!-- benchmark: gold -->\nkept\n<!-- end -->\n"
    step = {"milliseconds": {"ours": 2.0, "theirs": 9.04}, "times as long": {"ours": 1.0, "theirs": 4.5}}
    results = {
        "conditions": {
            "machine": "a machine",
            "kernels": "its kernels",
            "cores": 1,
            "runs": 5,
            "quick": False,
            "files": {"input": {"words": 1000}},
        },
        "measured": {"step": "2026-01-01T00:00:00+00:00"},
        "sections": {"step": step},
    }
    expected = page.replace(
        "former", "| | ms | times as long |\n|---|---|---|\n| ours | 2.0 | 1.0 |\n| theirs | 9.0 | 4.5 |"
    )
    assert filled(page, results) == expected
    assert filled(expected, results) == expected
    assert "a machine; its kernels. 2026-01-01" in filled("<!-- benchmark: conditions -->\n<!-- end -->", results)


def test_pages_are_filled_from_the_results() -> None:
    """Each page shows docs/benchmark.json, and tables that exist."""
    results = json.loads(RESULTS.read_bytes())
    for name in BENCHMARK_PAGES:
        page = (SAMPLE.parents[1] / name).read_text(encoding="utf-8")
        names = re.findall(r"<!-- benchmark: ([\w-]+) -->", page)
        assert names
        assert page.count("<!-- end -->") == len(names)
        assert set(names) <= {*TABLES, "conditions"}
        assert filled(page, results) == page, f"{name} is out of date: run scripts/make_docs.py --only-benchmark"


def test_a_failing_process_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ClearparseError, match="exit status 1"):
        in_subprocess("reading", str(tmp_path / "missing.conllu"), cores=1)


@pytest.mark.full
def test_a_quick_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the other systems and libraries; the second run reuses the trained models and the results."""
    parsers = {name: baselines.PARSERS[name] for name in ("clearparse fast", "UDPipe 1, beam 1")}
    pipelines = {
        name: baselines.PIPELINES[name]
        for name in ("clearparse fast, all stages", "clearparse English model", "spaCy pipeline, efficiency")
    }
    for module, name in ((sections, "COMPARED"), (comparison, "SYSTEMS")):
        monkeypatch.setattr(module, name, {**parsers, **pipelines})
        monkeypatch.setattr(module, "missing", bool)
    monkeypatch.setattr(sections, "PARSERS", parsers)
    monkeypatch.setattr(sections, "PIPELINES", pipelines)
    monkeypatch.setattr(comparison, "QUICK_WORDS", 300)
    parsers_command.main(["--quick", "--output", str(tmp_path), *FILES])
    printed = capsys.readouterr().out
    for line in ("skipped: spaCy pipeline, efficiency (spacy is not installed)", "Quick trial", "not to be quoted"):
        assert line in printed
    assert (tmp_path / "benchmark.txt").read_text(encoding="utf-8") in printed
    results = json.loads((tmp_path / "benchmark.json").read_text(encoding="utf-8"))
    assert list(results["sections"]["gold"]) == ["clearparse fast"]
    assert list(results["sections"]["raw"]) == ["clearparse fast, all stages", "clearparse English model"]
    assert results["sections"]["gold"]["clearparse fast"]["end to end, words/s"] > 0
    assert set(results["skipped"]) == {"UDPipe 1, beam 1", "spaCy pipeline, efficiency"}
    models = [path for path in tmp_path.rglob("*.model") if path.is_file()]
    assert len(models) == 2
    times = {path: path.stat().st_mtime_ns for path in [*models, *tmp_path.glob("sections/*.json")]}
    parsers_command.main(["--quick", "--output", str(tmp_path), *FILES])
    assert times == {path: path.stat().st_mtime_ns for path in times}


@pytest.mark.full
def test_all_parsers_on_a_real_treebank(tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    treebank = shared_data / "UD_English-EWT"
    files = ["--train", str(treebank / "train.conllu"), "--dev", str(treebank / "dev.conllu")]
    parsers_command.main(["--quick", "--output", str(tmp_path), *files])
    assert "skipped" not in capsys.readouterr().out
    results = json.loads((tmp_path / "benchmark.json").read_text(encoding="utf-8"))
    measured = results["sections"]
    assert list(measured["gold"]) == list(baselines.PARSERS)
    assert list(measured["raw"]) == list(baselines.PIPELINES)
    assert all(parser["LAS"] > 40 for parser in measured["gold"].values())
    assert all(pipeline["LAS"] > 30 < pipeline["Words"] for pipeline in measured["raw"].values())
    assert "Haswell" in measured["gold"]["clearparse fast, AVX2 only"]["kernels"]
    assert "PyTorch, sparse" in measured["step"]["milliseconds"]
    assert (tmp_path / "speed.png").stat().st_size > 5000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--cores", "4096"], "--cores 4096"), (["--train", str(SOURCE)], "--train and --dev go together")],
)
def test_usage_errors(arguments: list[str], message: str) -> None:
    with pytest.raises(ClearparseError, match=message):
        parsers_command.main(arguments)


@pytest.mark.full
def test_a_component_against_spacy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After a short training the parser of spaCy has scores above 0; a pipeline that is given twice scores the same."""
    pytest.importorskip("spacy", reason="spaCy is not installed: the extra `spacy`")
    model = tmp_path / "all.model"
    small = [
        "--hidden-size",
        "16",
        "--embedding-dim",
        "8",
        "--epochs",
        "2",
        "--batch-size",
        "64",
        "--learning-rate",
        "0.01",
    ]
    train.main([*FILES, "--output", str(model), "--stages", "all", *small])
    options = [*FILES, "--model", str(model), "--output", str(tmp_path), "--runs", "1", "--quick"]
    spacy_command.main(options)
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert [row[:2] for row in rows[1:]] == [
        [f"| {name}", given] for given in ("words", "text") for name in ("clearparse", "parser of spaCy")
    ]
    for row in rows[1:]:
        UAS, LAS, tokens, sentences, speed = (float(cell.strip("| ").replace(",", "")) for cell in row[2:])
        assert 0 < LAS < UAS < 100
        assert (row[1] == "words") == (tokens == 100)
        assert sentences > 50
        assert speed > 0
    (trained,) = tmp_path.glob("trained/*/spacy.model")
    again = [*options, "--also", str(trained)]
    made = trained.stat().st_mtime_ns
    spacy_command.main(again)
    *_, theirs, same = capsys.readouterr().out.splitlines()
    assert trained.stat().st_mtime_ns == made
    assert theirs.split(" | ")[1:6] == same.split(" | ")[1:6]
