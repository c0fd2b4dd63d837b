"""The HTML report: well formed, without external resources, and with the scores that were computed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from clearparse.commands import evaluate, train
from clearparse.drawing.svg import svg
from clearparse.errors import ClearparseError, FileError
from clearparse.evaluation.counts import Trees
from clearparse.report.charts import ticks
from clearparse.report.findings import counts_by, errors, genres
from clearparse.report.markup import Markup, join, tag
from clearparse.treebank.conllu import Block, parse_block

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
GOLD = """\
# newdoc id = letters-1
# sent_id = mail-01
1	Dogs	dog	NOUN	_	_	2	nsubj	_	_
2	bark	bark	VERB	_	_	0	root	_	_
3	at	at	ADP	_	_	4	case	_	_
4	cats	cat	NOUN	_	_	2	obl	_	_

# sent_id = mail-02
1	She	she	PRON	_	_	2	nsubj	_	_
2	sees	see	VERB	_	_	0	root	_	_
3	<stars>	star	NOUN	_	_	2	obj	_	_

# newdoc id = novels-1
# sent_id = web_1
1	The	the	DET	_	_	2	det	_	_
2	end	end	NOUN	_	_	0	root	_	_

"""
SYSTEM = GOLD.replace("2\tobl", "2\tobj").replace("2\tobj", "1\tobj", 1)


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    gold, system = tmp_path / "gold.conllu", tmp_path / "system.conllu"
    gold.write_text(GOLD, encoding="utf-8", newline="")
    system.write_text(SYSTEM, encoding="utf-8", newline="")
    return str(gold), str(system)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "small.model"
    small = ["--hidden-size", "16", "--embedding-dim", "8", "--epochs", "3", "--batch-size", "32", "--networks", "2"]
    files = ["--train", str(SAMPLE / "train.conllu"), "--dev", str(SAMPLE / "dev.conllu"), "--output", str(path)]
    train.main([*files, *small])
    return path


def well_formed(path: Path) -> ElementTree.Element:
    """The parsed page, which contains nothing that a browser would fetch."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>\n<html")
    root = ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n"))
    assert not {each.tag for each in root.iter()} & {"link", "img", "iframe", "object", "embed", "base", "form"}
    for each in root.iter():
        for name, value in each.attrib.items():
            assert name not in ("src", "srcset", "data", "xlink:href"), (each.tag, name)
            assert name != "href" or value.startswith("#")
    fetched = re.findall(r"url\(|@import|\bfetch\(|XMLHttpRequest|import\(", text)
    assert not fetched
    assert not [each for each in re.findall(r"https?://[^\"'<\s]+", text) if each != "http://www.w3.org/2000/svg"]
    return root


def words_of(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def section(root: ElementTree.Element, name: str) -> ElementTree.Element:
    [found] = [each for each in root.iter("section") if each.get("id") == name]
    return found


def rows(element: ElementTree.Element) -> list[list[str]]:
    return [[words_of(cell) for cell in row] for row in element.iter("tr")]


def test_of_a_system(files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gold, system = files
    page, scores = tmp_path / "report.html", tmp_path / "scores.json"
    evaluate.main(["--system", system, "--gold", gold, "--report", str(page), "--json", str(scores)])
    assert capsys.readouterr().out.endswith(f"report written to {page}\n")
    root, expected = well_formed(page), json.loads(scores.read_bytes())
    cards = [words_of(each) for each in root.iter("div") if (each.get("class") or "").startswith("card ")]
    assert cards[0].startswith(f"LAS{expected['LAS']:.2f}")
    ids = [each.get("id") for each in root.iter("section")]
    assert ids == ["scores", "where", "relations", "confusions", "errors"]  # no model: no confidence, no curve
    by_relation = {row[0]: row[1:6] for row in rows(section(root, "relations"))}
    assert by_relation["obj"] == ["1", "2", "50.00", "100.00", "66.67"]
    assert by_relation["obl"] == ["1", "0", "\N{EN DASH}", "0.00", "0.00"]
    assert ["obl", "obj", "1"] in rows(section(root, "confusions"))
    bars = [[words_of(each) for each in bar] for bar in section(root, "where").iter("div") if bar.get("class") == "bar"]
    assert ["mail", "", "85.7", "7 words"] in bars
    assert ["web", "", "100.0", "2 words"] in bars
    error_section = section(root, "errors")
    assert [words_of(each) for each in error_section.iter("h3")] == ["obl labeled obj: 1 word"]
    [figure] = error_section.iter("figure")
    assert words_of(figure).startswith("Dogs bark at cats")
    assert len([each for each in figure.iter() if each.get("class") == "arc marked"]) == 2  # one arc in each tree


def test_of_a_model_with_comparison(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gold, page = str(SAMPLE / "dev.conllu"), tmp_path / "report.html"
    options = ["--model", str(model), "--gold", gold, "--compare", gold, "--report", str(page)]
    evaluate.main(options)
    out = capsys.readouterr().out
    assert "paired bootstrap over sentences, 10,000 samples" in out
    root = well_formed(page)
    [header, *_] = compared = rows(section(root, "comparison"))
    assert header == ["", "this", "other", "difference", "95 % interval", "p"]
    assert {row[2] for row in compared[1:]} == {"100.00"}
    assert all(row[3].startswith("\N{MINUS SIGN}") and row[5] == "0.0002" for row in compared[1:])
    assert not [each for each in root.iter("th") if not words_of(each)]
    [first, *_] = [each for each in section(root, "where").iter("span") if each.get("class") == "value"]
    assert words_of(first).endswith("100.0")  # below this system's score, that of the other, which is the gold file
    assert [words_of(each) for each in first] == ["100.0"]
    record = json.loads(Path(f"{model}.json").read_text(encoding="utf-8"))
    lines = [each for each in section(root, "learning").iter() if each.tag.endswith("polyline")]
    assert len(lines) == 4  # UAS and LAS of two networks
    assert rows(section(root, "learning"))[1][1:3] == [f"{record['epochs'][0][name]:.2f}" for name in ("UAS", "LAS")]
    bins = rows(section(root, "confidence"))[1:]
    assert sum(int(row[1].replace(",", "")) for row in bins) == len(parse_block(Path(gold).read_bytes()).fields)
    first = page.read_bytes()
    evaluate.main(options)
    assert page.read_bytes() == first  # the same evaluation, the same bytes


def test_a_model_against_itself(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    gold = str(SAMPLE / "dev.conllu")
    evaluate.main(["--model", str(model), "--gold", gold, "--compare", str(model), "--json", str(path)])
    found = json.loads(path.read_bytes())["comparison"]
    assert {each["p"] for each in found["scores"].values()} == {1.0}
    assert found["other"]["config"]["networks"] == 2


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--system", "s", "--gold", "g", "--given", "text", "--report", "r"], "--report needs gold words"),
        (["--system", "s", "--gold", "g", "--given", "text", "--compare", "r"], "--compare needs gold words"),
        (["--system", "s", "--gold", "g", "--report", "-", "--json", "-"], "both be standard output"),
        (["--system", "s", "--gold", "g", "--compare", "-"], "--compare cannot be standard input"),
        (["--model", "m", "--info", "--report", "r"], "--report needs --gold"),
    ],
)
def test_wrong_usage(argv: list[str], message: str) -> None:
    with pytest.raises(ClearparseError, match=message):
        evaluate.main(argv)


def test_control_characters_are_replaced(files: tuple[str, str], tmp_path: Path) -> None:
    for path in files:
        Path(path).write_text(Path(path).read_text(encoding="utf-8").replace("cats", "c\x01ts"), encoding="utf-8")
    evaluate.main(["--system", files[1], "--gold", files[0], "--report", str(tmp_path / "report.html")])
    assert "c\N{REPLACEMENT CHARACTER}ts" in words_of(well_formed(tmp_path / "report.html"))


def test_stdout_has_nothing_but_the_page(files: tuple[str, str], capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    evaluate.main(["--system", files[1], "--gold", files[0], "--report", "-"])
    out = capfdbinary.readouterr().out
    assert out.startswith(b"<!DOCTYPE html>")
    assert out.endswith(b"</html>\n")


def test_a_failure_leaves_no_file(files: tuple[str, str], tmp_path: Path) -> None:
    gold, system = files
    page, other = tmp_path / "report.html", tmp_path / "other.conllu"
    other.write_text(SYSTEM.replace("sees", "saw"), encoding="utf-8")
    with pytest.raises(FileError, match="gold has 'sees', system has 'saw'"):
        evaluate.main(["--system", system, "--gold", gold, "--compare", str(other), "--report", str(page)])
    with pytest.raises(FileError, match="no such file"):
        evaluate.main(["--system", system, "--gold", gold, "--compare", str(tmp_path / "none"), "--report", str(page)])
    assert not page.exists()


def block(text: str = GOLD) -> Block:
    return parse_block(text.encode(), trees=True)


def test_genres() -> None:
    assert genres([block()]) == ["mail", "mail", "web"]
    assert genres([block(GOLD.replace("web_1", "mail-03"))]) == ["letters", "letters", "novels"]  # by document
    assert genres([block(re.sub("# newdoc.*\n", "", GOLD.replace("web_1", "mail-03")))]) is None
    assert genres([block(re.sub("# .*\n", "", GOLD))]) is None
    many = "".join(f"# sent_id = {chr(97 + k)}-1\n1\tA\t_\t_\t_\t_\t0\troot\t_\t_\n\n" for k in range(21))
    assert genres([block(many)]) is None


def test_counts_of_groups_add_up() -> None:
    trees = Trees.of(block())
    found = counts_by(["a", "b", "a"], [(trees, trees)])
    assert {name: counts.words.total() for name, counts in found.items()} == {"a": 6, "b": 3}


def test_selection_of_errors() -> None:
    gold = Trees.of(block())
    system = Trees.of(block(GOLD.replace("2\tobj", "1\tobj").replace("2\tobl", "1\tobl").replace("4\tcase", "2\tcase")))
    chosen = {str(kind): (words, examples) for kind, words, examples in errors([(gold, system)])}
    assert list(chosen) == ["case with a wrong head", "obj with a wrong head", "obl with a wrong head"]
    words, [example] = chosen["case with a wrong head"]
    assert (words, example.wrong, example.gold.forms[0]) == (1, [2, 3], b"Dogs")
    assert chosen["obl with a wrong head"][1] == []  # its sentence is already drawn
    assert chosen["obj with a wrong head"][1] == []  # three words are too few
    assert errors([(gold, gold)]) == []


def test_punctuation_is_not_an_error_type() -> None:
    text = GOLD.replace("\tobl", "\tpunct")
    wrong = Trees.of(block(text.replace("2\tpunct", "1\tpunct").replace("2\tobj", "1\tobj")))
    found = errors([(Trees.of(block(text)), wrong)])
    assert [str(kind) for kind, *_ in found] == ["obj with a wrong head"]


def test_marked_arcs_and_room_for_two_trees() -> None:
    forms, tags = ["a", "b"], ["X", "X"]
    alone = svg(forms, [0, 1], ["root", "x"], tags)
    wide = svg(forms, [0, 1], ["root", "x"], tags, beside=[([2, 0], ["a-very-long-label", "root"])], marked=[1])
    other = svg(forms, [2, 0], ["a-very-long-label", "root"], tags, beside=[([0, 1], ["root", "x"])])

    def places(text: str) -> list[Any]:
        return re.findall(r'class="word" x="(\d+)"', text)

    assert places(wide) == places(other) != places(alone)
    assert 'class="arc marked"' in wide
    assert 'marked"' not in alone


def test_markup() -> None:
    assert tag("p", "1 < 2", Markup("<b>3</b>"), class_="note", id=None) == '<p class="note">1 &lt; 2<b>3</b></p>'
    assert tag("br") == "<br />"
    assert tag("svg", aria_label='"') == '<svg aria-label="&quot;"></svg>'
    assert join(["&", Markup("&amp;")]) == "&amp;&amp;"


def test_ticks() -> None:
    assert ticks(0, 100) == [0, 20, 40, 60, 80, 100]
    assert ticks(76, 87) == [80, 85]
    assert ticks(1, 10, 8) == [2, 4, 6, 8, 10]
    assert ticks(3, 3) == [3]
    assert all(len(ticks(0, high, 6)) <= 7 for high in np.linspace(0.01, 1000, 200))
