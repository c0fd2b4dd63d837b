"""Drawn trees: some compared character by character, random ones read back from the drawing."""

from __future__ import annotations

import io
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearparse.commands import parse
from clearparse.drawing.pages import figure
from clearparse.drawing.svg import right_to_left, svg, svg_document
from clearparse.drawing.text import display_width, draw, shows_boxes
from clearparse.treebank.conllu import parse_block


def drawn(tree: str, **options: object) -> str:
    """The drawing of words written as form/head/label."""
    forms, heads, labels = zip(*(word.split("/") for word in tree.split()), strict=True)
    return draw(forms, [int(head) for head in heads], labels, **options)  # type: ignore[arg-type]


def test_projective_tree() -> None:
    tree = "I/2/nsubj saw/0/root a/4/det dog/2/obj which/6/nsubj barks/4/acl:relcl ./2/punct"
    assert drawn(tree).splitlines() == [
        "  ┌─────► I      nsubj",
        "──┼─────► saw    root",
        "  │ ┌───► a      det",
        "  ├─┼───► dog    obj",
        "  │ │ ┌─► which  nsubj",
        "  │ └─┴─► barks  acl:relcl",
        "  └─────► .      punct",
    ]


def test_a_nonprojective_arc_passes_below_the_trunk() -> None:
    assert drawn("1/0/root 2/1/a 3/1/b 4/2/c").splitlines() == [
        "──┬───► 1  root",
        "  ├─┬─► 2  a",
        "  └─│─► 3  b",
        "    └─► 4  c",
    ]


def test_interleaved_trunks_of_the_same_height_stand_side_by_side() -> None:
    assert drawn("1/3/x 2/4/y 3/0/root 4/3/z").splitlines() == [
        "  ┌───► 1  x",
        "  │ ┌─► 2  y",
        "──┼─│─► 3  root",
        "  └─┴─► 4  z",
    ]


def test_one_word_and_two_roots_and_none() -> None:
    assert drawn("Hello/0/root") == "──► Hello  root"
    assert drawn("a/0/root b/0/root c/2/x").splitlines() == ["────► a  root", "──┬─► b  root", "  └─► c  x"]
    assert draw([], [], []) == ""


def test_ascii() -> None:
    lines = drawn("1/0/root 2/1/a 3/1/b 4/2/c", ascii_only=True).splitlines()
    assert lines == ["--+---> 1  root", "  +-+-> 2  a", "  +-|-> 3  b", "    +-> 4  c"]


def test_labels_are_aligned_after_wide_and_combining_characters() -> None:
    lines = drawn("日本/2/nmod 東京/0/root e\u0301a/2/x").splitlines()
    assert lines == ["  ┌─► 日本  nmod", "──┼─► 東京  root", "  └─► e\u0301a    x"]
    assert [display_width(text) for text in ("日本", "e\u0301a", "ab", "")] == [4, 2, 2, 0]


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert draw(["a\x1b[2J"], [0], ["root\x07"]) == "──► a\ufffd[2J  root\ufffd"


def test_an_arc_without_room_is_written_as_text() -> None:
    lines = drawn("a/2/v b/3/w c/4/x d/5/y e/0/root", max_trunks=2).splitlines()
    assert lines == [
        "    ┌─► a  v",
        "  ┌─┴─► b  w",
        "──┴───► c  x of 4 d",
        "    ┌─► d  y",
        "────┴─► e  root",
    ]


@pytest.mark.parametrize(
    ("heads", "message"),
    [([2, 1], "cycle"), ([1], "cycle"), ([3, 0], "outside"), ([-1], "outside"), ([0, 0, 1], "3 heads")],
)
def test_invalid_trees_are_refused(heads: list[int], message: str) -> None:
    n = min(len(heads), 2)
    with pytest.raises(ValueError, match=message):
        draw(["w"] * n, heads, ["x"] * n)


def test_long_sentences() -> None:
    n = 5000
    for heads in (list(range(n)), [0] + [1] * (n - 1), [*range(2, n + 1), 0]):
        lines = draw([str(i) for i in range(n)], heads, ["x"] * n).splitlines()
        assert len(lines) == n
        assert max(map(len, lines)) < 100


def test_encodings_with_box_characters() -> None:
    assert shows_boxes(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert not shows_boxes(io.TextIOWrapper(io.BytesIO(), encoding="cp437"))  # has no arrow head
    assert not shows_boxes(io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert not shows_boxes(io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))


@st.composite
def forests(draw: st.DrawFn) -> list[int]:
    """Heads of 1 to 12 words without a cycle: any number of roots, any crossing."""
    order = draw(st.permutations(range(1, draw(st.integers(1, 12)) + 1)))
    heads = dict.fromkeys(order, 0)
    for i, word in enumerate(order[1:], start=1):
        heads[word] = draw(st.sampled_from([0, *order[:i]]))
    return [heads[word] for word in sorted(heads)]


def head_in(lines: list[str], row: int) -> int:
    """The head of a row's word as a reader of the drawing finds it."""
    column = lines[row].index("►")
    while column and lines[row][column] not in "┌├└":
        column -= 1
    if column == 0:
        return 0
    top = bottom = row
    while lines[top][column] in "└├│┴┼":
        top -= 1
    while lines[bottom][column] in "┌├│┬┼":
        bottom += 1
    heads = [r + 1 for r in range(top, bottom + 1) if lines[r][column] in "┬┴┼"]
    assert len(heads) == 1
    return heads[0]


@given(forests())
def test_every_tree_can_be_read_from_its_drawing(heads: list[int]) -> None:
    n = len(heads)
    lines = draw([f"w{i}" for i in range(n)], heads, [f"x{i}" for i in range(n)]).splitlines()
    assert [line.split("► ")[1].split() for line in lines] == [[f"w{i}", f"x{i}"] for i in range(n)]
    assert [head_in(lines, row) for row in range(n)] == heads


def test_svg_is_well_formed_and_describes_the_tree() -> None:
    forms, labels = ["A<b", "&", "sees", '"c"'], ["nsubj", "punct", "root", "obj"]
    picture = ElementTree.fromstring(svg(forms, [3, 1, 0, 3], labels, ["X", "Y", "Z", "_"]))
    texts = ["".join(each.itertext()) for each in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {*forms, *labels, "X", "Y", "Z", "_"} == {*texts}
    desc = picture.find("{http://www.w3.org/2000/svg}desc")
    assert desc is not None
    assert desc.text == 'A<b: nsubj of sees; &: punct of A<b; sees: root; "c": obj of sees'


def test_the_parts_of_an_svg_name_their_words() -> None:
    picture = ElementTree.fromstring(svg(["a", "b", "c"], [2, 0, 2], ["x", "root", "y"], ["A", "B", "C"]))
    groups = {(g.get("class"), g.get("data-word")): "".join(g.itertext()) for g in picture.iter() if g.get("data-word")}
    assert groups == {
        **{("node", str(word)): text for word, text in enumerate(("aA", "bB", "cC"), 1)},
        **{("arc", str(word)): label for word, label in enumerate(("x", "root", "y"), 1)},
    }


@given(forests())
def test_arcs_over_the_same_words_have_different_heights(heads: list[int]) -> None:
    n = len(heads)
    picture = svg(["w"] * n, heads, ["x"] * n, ["T"] * n)
    arcs = re.findall(r'd="M(-?\d+) \d+L-?\d+ (\d+)L-?\d+ \d+L(-?\d+) ', picture)
    spans = [(*sorted((int(a), int(b))), int(height)) for a, height, b in arcs]
    assert len(spans) == sum(head > 0 for head in heads)
    for i, (a, b, height) in enumerate(spans):
        for c, d, other in spans[:i]:
            assert height != other or min(b, d) - max(a, c) <= 10  # arcs of one word start side by side


def boxes(picture: str, kind: str) -> list[tuple[float, float, float]]:
    """Left end, right end and y of each text of a kind, with the widths that the drawing reckons with."""
    width = 8.0 if kind == "word" else 7.2
    found = re.findall(rf'<text class="{kind}" x="(-?\d+)" y="(\d+)">([^<]*)<', picture)
    return [(int(x) - width * len(text) / 2, int(x) + width * len(text) / 2, int(y)) for x, y, text in found]


def legs(picture: str) -> list[tuple[int, int, int, int]]:
    """The lines of all arcs from word to top: x and y of both ends."""
    found = []
    for path in re.findall(r'<path d="M([^"]*)"', picture):
        points = [tuple(map(int, point.split(" "))) for point in path.split("L")]
        found += [(*a, *b) for a, b in pairwise(points) if a[1] != b[1]]
    return found


CROSSING = [2, 4, 4, 0, 7, 7, 2, 4, 4]  # A hearing is scheduled on the issue today .
RELATIONS = ["det", "nsubj:pass", "aux:pass", "root", "case", "det", "nmod", "obl:tmod", "punct"]


def test_crossing_arcs_avoid_labels() -> None:
    forms = ["A", "hearing", "is", "scheduled", "on", "the", "issue", "today", "."]
    picture = svg(forms, CROSSING, RELATIONS, ["X"] * 9)
    for left, right, y in boxes(picture, "label"):
        for x1, y1, x2, y2 in legs(picture):
            if min(y1, y2) < y - 5 < max(y1, y2):
                x = x1 + (x2 - x1) * (y - 5 - y1) / (y2 - y1)
                assert not left < x < right


@given(forests())
def test_arcs_end_side_by_side(heads: list[int]) -> None:
    """No two arcs meet in a point, and arcs of one word do not cross each other."""
    n = len(heads)
    picture = svg(["w" * 9] * n, heads, ["x"] * n, ["T"] * n)
    feet = [round(x1 if y1 > y2 else x2) for x1, y1, x2, y2 in legs(picture)]
    assert len(feet) == len(set(feet))


def test_long_sentences_are_broken_into_lines() -> None:
    n = 47
    heads, labels = [*range(2, n + 1), 0], ["nsubj:pass"] * (n - 1) + ["root"]
    heads[0] = n  # an arc over all lines
    one, several = (svg(["word"] * n, heads, labels, ["NOUN"] * n, width=width) for width in (None, 1000))
    size = [int(ElementTree.fromstring(picture).get("width", 0)) for picture in (one, several)]
    assert size[0] > 3000
    assert size[1] <= 1000
    words = boxes(several, "word")
    assert len(words) == n
    lines = sorted({y for *_, y in words})
    assert len(lines) > 3
    for y in lines:
        line = [box for box in words if box[2] == y]
        assert all(a[1] < b[0] for a, b in pairwise(line))
    groups = ElementTree.fromstring(several).iter("{http://www.w3.org/2000/svg}g")
    [first] = [
        "".join(group.itertext()) for group in groups if (group.get("class"), group.get("data-word")) == ("arc", "1")
    ][:1]
    assert first == "nsubj:pass"
    pieces = [g for g in ElementTree.fromstring(several).iter() if (g.get("class"), g.get("data-word")) == ("arc", "1")]
    assert len(pieces) == len(lines)
    assert sum("tip" in str(each.get("class")) for piece in pieces for each in piece) == 1


def test_another_tree_is_drawn_below_the_words() -> None:
    picture = svg(
        ["a", "b", "c"], [2, 0, 2], ["x", "root", "y"], ["A", "B", "C"], below=([0, 1, 1], ["root", "v", "w"])
    )
    root = ElementTree.fromstring(picture)
    groups = {(g.get("class"), g.get("data-word")): "".join(g.itertext()) for g in root.iter() if g.get("data-word")}
    assert [groups["other", word] for word in "123"] == ["root", "v", "w"]
    assert [groups["arc", word] for word in "123"] == ["x", "root", "y"]
    (word_line,) = {y for *_, y in boxes(picture, "word")}
    below = [y > word_line for *_, y in boxes(picture, "label")]
    assert below == [False] * 3 + [True] * 3
    assert all(0 <= y <= int(root.get("height", 0)) for *_, y in boxes(picture, "label"))


def test_several_drawings_are_one_document() -> None:
    drawings = [svg(["a", "b"], [2, 0], ["x", "root"], ["A", "B"]), svg(["a" * 30], [0], ["root"], ["A"])]
    assert svg_document(drawings[:1]) == drawings[0] + "\n"
    document = ElementTree.fromstring(svg_document(drawings))
    first, second = document
    assert [first.get("y"), second.get("y")] == ["0", first.get("height")]
    assert int(document.get("height", 0)) == sum(int(each.get("height", 0)) for each in document)
    assert document.get("width") == second.get("width")
    assert ElementTree.fromstring(svg_document([])).get("height") == "0"


def test_characters_that_xml_does_not_allow_are_replaced() -> None:
    picture = ElementTree.fromstring(svg(["a\x01\x1b\x7f\ud800\uffff"], [0], ["ro\x00t"], ["\x9b"]))
    assert {"a" + 5 * "\ufffd", "ro\ufffdt", "\ufffd"} <= {each.text for each in picture.iter()}


def test_right_to_left_scripts_are_drawn_from_right_to_left() -> None:
    def places(forms: list[str]) -> list[int]:
        picture = svg(forms, [2, 0, 2], ["x", "root", "y"], ["A", "B", "C"])
        ElementTree.fromstring(picture)
        assert ('direction="rtl"' in picture) == right_to_left(forms)
        return [int(x) for x in re.findall(r'class="word" x="(\d+)"', picture)]

    arabic, english = ["قرأ", "الولد", "كتابا"], ["abc", "abcde", "abcde"]
    assert places(english) == sorted(places(english))
    assert places(arabic) == sorted(places(arabic), reverse=True)


def test_figures_of_right_to_left_sentences_open_at_their_beginning() -> None:
    for form, mirrored in (("قرأ", True), ("abc", False)):
        [sentence] = parse_block(f"1\t{form}\t_\tX\t_\t_\t0\troot\t_\t_\n\n".encode(), trees=True)
        assert ('<div class="wide" tabindex="0" dir="rtl">' in figure(sentence)) == mirrored


def test_the_parse_command_writes_one_svg_document(tmp_path: Path) -> None:
    for text, sentences in (("Dogs bark.", 0), ("Dogs bark. Cats sleep.", 2)):
        parse.main([text, "--format", "svg", "--output", str(tmp_path / "trees.svg")])
        root = ElementTree.parse(tmp_path / "trees.svg").getroot()
        assert len(root.findall("{http://www.w3.org/2000/svg}svg")) == sentences
