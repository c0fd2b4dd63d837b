"""CoNLL-U: canonical files round-trip byte for byte; anything else is normalized, or refused with its line number."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_text import read_paragraphs

from clearparse.errors import FileError
from clearparse.treebank.conllu import (
    DEPREL,
    FORM,
    HEAD,
    LEMMA,
    MISC,
    UPOS,
    Block,
    parse_block,
    read_blocks,
    read_conllu,
    write_conllu,
)


def row(identifier: object, form: str = "x", head: object = 0, deprel: str = "dep", misc: str = "_") -> str:
    return f"{identifier}\t{form}\t{form}\tX\t_\t_\t{head}\t{deprel}\t_\t{misc}\n"


def parse(text: str | bytes, *, trees: bool = False) -> Block:
    return parse_block(text.encode() if isinstance(text, str) else text, path="f", trees=trees)


def read(text: bytes, block_bytes: int, monkeypatch: pytest.MonkeyPatch, *, trees: bool = False) -> list[Block]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    return list(read_blocks("-", trees=trees, block_bytes=block_bytes))


def refused(text: str | bytes, *, trees: bool = False) -> str:
    """LINE: MESSAGE of the error."""
    with pytest.raises(FileError) as caught:
        parse(text, trees=trees)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix("f:")


FIRST = "# sent_id = a-1\n# text = Dogs bark\n" + row(1, "Dogs", 2, "nsubj") + row(2, "bark", 0, "root") + "\n"
SECOND = (
    "# newpar\n#text=du  Brot \n0.1\tso\tso\tX\t_\t_\t_\t_\t0:root\t_\n1-2\tdu\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No\n"
    + row(1, "de\u00a0là", 3, "case")
    + row(2, "le petit", 3, "det")
    + "2.1\tx\tx\tX\t_\t_\t_\t_\t_\t_\n2.2\tx\tx\tX\t_\t_\t_\t_\t_\t_\n"
    + row(3, "\U0001f415\u200d\u2028", 0, "root", "A=ж| b=1")
    + "3.1\tend\tend\tX\t_\t_\t_\t_\t_\t_\n\n"
)
BOTH = FIRST + SECOND


def test_columns_of_a_block() -> None:
    block = parse(BOTH, trees=True)
    assert block.text == BOTH.encode()
    assert block.column(FORM) == [
        form.encode() for form in ("Dogs", "bark", "de\u00a0là", "le petit", "\U0001f415\u200d\u2028")
    ]
    assert block.column(DEPREL) == [b"nsubj", b"root", b"case", b"det", b"root"]
    assert block.columns(LEMMA, UPOS)[:2] == [b"Dogs\tX", b"bark\tX"]
    assert block.column(MISC)[-1] == "A=ж| b=1".encode()
    assert block.heads().tolist() == [2, 0, 3, 3, 0]
    assert block.heads().dtype == np.int32
    assert block.sentences.tolist() == [0, 2, 5]
    assert block.spans.tolist() == [0, len(FIRST), len(BOTH.encode())]
    assert block.lines.tolist() == [3, 4, 10, 11, 14]


def test_a_sentence_is_a_view() -> None:
    first, second = parse(BOTH)
    assert (len(first), len(second)) == (2, 3)
    assert (str(first), second.conllu) == (FIRST, SECOND.encode())
    assert first.forms == first.lemmas == ("Dogs", "bark")
    assert first.upos == ("X", "X")
    assert first.xpos == first.feats == first.misc == ("_", "_")
    assert (first.heads.tolist(), first.deprels) == ([2, 0], ("nsubj", "root"))
    assert (first.sent_id, first.text) == ("a-1", "Dogs bark")
    assert (second.sent_id, second.text) == (None, "du  Brot")
    assert second.comments == ("# newpar", "#text=du  Brot ")
    assert second.forms[2] == "\U0001f415\u200d\u2028"
    assert parse(BOTH)[-1] == second != first
    assert len({first, parse(FIRST)[0]}) == 1
    with pytest.raises(IndexError):
        parse(BOTH)[2]


def test_with_trees_replaces_only_trees() -> None:
    block = parse(BOTH)
    heads, deprels = np.array([0, 1, 0, 1, 2]), [b"root", b"obj:long", b"r", b"b", b"c"]
    expected = (
        BOTH.replace("2\tnsubj", "0\troot", 1).replace("0\troot\t_\t_\n\n", "1\tobj:long\t_\t_\n\n", 1)
        .replace("3\tcase", "0\tr").replace("3\tdet", "1\tb").replace("0\troot\t_\tA", "2\tc\t_\tA")
    ).encode()  # fmt: skip
    assert block.with_trees(heads, deprels).text == expected
    assert block.with_trees(block.heads(), block.column(DEPREL)).text == block.text


def test_with_tree_of_a_sentence() -> None:
    sentence = parse(BOTH)[1].with_tree([2, 0, 2], ["a", "é", "c"])
    assert sentence.conllu == parse(str(sentence))[0].conllu
    assert (sentence.heads.tolist(), sentence.deprels) == ([2, 0, 2], ("a", "é", "c"))
    assert sentence.comments == parse(BOTH)[1].comments
    assert sentence.with_tree([3, 3, 0], ["case", "det", "root"]) == parse(BOTH)[1]


@pytest.mark.parametrize(
    ("heads", "deprels"),
    [
        ([0], [b"a", b"b"]),
        ([0, 1], [b"a"]),
        ([0, 3], [b"a", b"b"]),
        ([0, -1], [b"a", b"b"]),
        ([0, 1], [b"a", b""]),
        ([0, 1], [b"a", b"b\tc"]),
        ([0, 1], [b"a", b"b\n"]),
    ],
)
def test_trees_that_cannot_be_written(heads: list[int], deprels: list[bytes]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (each has its own message)
        parse(FIRST).with_trees(np.array(heads), deprels)


NORMALIZED = [
    ("a byte order mark", "\ufeff" + BOTH, BOTH),
    ("CRLF", BOTH.replace("\n", "\r\n"), BOTH),
    ("CRLF and LF", FIRST.replace("\n", "\r\n") + SECOND, BOTH),
    ("no blank line at the end", BOTH[:-1], BOTH),
    ("no newline at the end", BOTH[:-2], BOTH),
    ("half a CRLF at the end", BOTH[:-2] + "\r", BOTH),
    ("more blank lines", "\n\n" + FIRST + "\n\n\n" + SECOND + "\n\n", BOTH),
    ("white lines", " \t\n" + FIRST[:-1] + "  \n\t\n" + SECOND[:-1] + " ", BOTH),
    ("spaces after the columns", BOTH.replace("\t_\n", "\t_   \n").replace("\t_\n", "\t_ \n"), BOTH),
    ("comments apart from their sentence", "\n# x\n\n \n# y\n\n" + row(1) + "\n", "# x\n# y\n" + row(1) + "\n"),
    ("comments after the last sentence", FIRST + "# x\n\n\n# y", FIRST + "# x\n# y\n"),
    ("comments only", "# x\n\n#y \n\n", "# x\n#y \n"),
    ("nothing", "", ""),
    ("nothing but a byte order mark", "\ufeff", ""),
    ("whitespace only", "\n \n\t\r\n\n ", ""),
    ("a misplaced byte order mark in a comment", "# \ufeff\n" + FIRST, "# \ufeff\n" + FIRST),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in NORMALIZED], ids=[case[0] for case in NORMALIZED])
def test_normalization(text: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse(text).text.decode() == expected
    assert parse(expected).text.decode() == expected
    for size in (1, 2, 7, 64, 1 << 20):
        assert_same(joined(read(text.encode(), size, monkeypatch)), parse(text))


def test_line_numbers_are_those_of_the_file() -> None:
    text = "\ufeff\n \n# c\r\n\r\n" + row(1) + "\n\n\n" + row(1).replace("\n", " \r\n") + row(2)
    assert parse(text).lines.tolist() == [5, 9, 10]
    assert refused(text + row(2)) == "11: ID 2 where 3 is expected"


GOOD = FIRST  # five lines, so that the line named is not the first by chance

REFUSED = [
    (row(1) + "2\tx\tx\n", "7: 3 columns, a CoNLL-U line has 10, separated by tabs"),
    (row(1) + "2\n", "7: 1 column, a CoNLL-U line has 10, separated by tabs; plain text is parsed with --input text"),
    (row(1).replace("\n", "\t_\n"), "6: 11 columns, a CoNLL-U line has 10, separated by tabs; CoNLL-U Plus names its"),
    (row(1).replace("\n", "\t\n"), "6: 11 columns, a CoNLL-U line has 10, separated by tabs"),
    (row(1).replace("\t", "  "), "6: 1 column, a CoNLL-U line has 10, separated by tabs, not by spaces"),
    (row(1)[:-1] + "\t_" * 4 + "\n", "6: 14 columns, a CoNLL-U line has 10, separated by tabs (a file with 14 is"),
    ("# a\tcomment\n# with\ttabs\n" + row(1) + "2\tx\tx\n", "9: 3 columns"),
    ("#\t\t\t\t\t\t\n" + row(1)[4:], "7: 8 columns"),
    (row(1) + "# c\n" + row(2), "7: a comment inside a sentence"),
    (row(1) + row(1), "7: ID 1 where 2 is expected: is the blank line between two sentences missing?"),
    (row(1) + row(3) + row(2), "7: ID 3 where 2 is expected"),
    (row(0), "6: ID 0 where 1 is expected"),
    (row("01"), "6: ID '01' is not a word (2), a multiword token (2-3) or an empty node (2.1)"),
    (row("x"), "6: ID 'x' is not"),
    (row("-"), "6: ID '-' is not"),
    (row("1-"), "6: ID '1-' is not"),
    (row("1.2.3"), "6: ID '1.2.3' is not"),
    (row("1-2-3"), "6: ID '1-2-3' is not"),
    (row("+1"), "6: ID '+1' is not"),
    (row(" 1"), "6: ID ' 1' is not"),
    (row("\u0661"), "6: ID '\u0661' is not"),
    (row("\ufeff1"), "6: a second byte order mark (U+FEFF): remove it; only a file may begin with one"),
    ("# c\n\ufeff# d\n" + row(1), "7: a second byte order mark"),
    ("\ufeff# c\n# d\n" + row(1), "6: a second byte order mark"),
    (row(2) + "\n\ufeff" + row(1), "6: ID 2 where 1 is expected"),
    (row(10**30), "6: ID '100000000000000000000000000...' is not"),
    (row(f"{10**30}-2"), "6: ID '100000000000000000000000000...' is not"),
    (row(10**8), "6: ID 100000000 where 1 is expected"),
    (row("2-1") + row(1) + row(2), "6: multiword token 2-1 ends before it begins"),
    (row("1-3") + row(1) + row(2), "6: multiword token 1-3 in a sentence of 2 words"),
    (row(1) + row("1-2") + row(2), "7: multiword token 1-2 must come just before word 1"),
    (row("2-3") + row(1) + row(2) + row(3), "6: multiword token 2-3 must come just before word 2"),
    (row("0-1") + row(1), "6: multiword token 0-1 must come just before word 0"),
    (row("1-2") + row(1) + row("2-3") + row(2) + row(3), "8: multiword token 2-3 overlaps the one before it"),
    (row("1-1") + row("1-1") + row(1), "7: multiword token 1-1 overlaps the one before it"),
    (row(1) + row("2.1"), "7: empty node 2.1 must come after word 2"),
    (row("1.1") + row(1), "6: empty node 1.1 must come after word 1"),
    (row(1) + row("1.2"), "7: empty node 1.2 where 1.1 is expected"),
    (row(1) + row("1.1") + row("1.1"), "8: empty node 1.1 where 1.2 is expected"),
    (row("0.1") + row("0.2") + row(1) + row("1.3"), "9: empty node 1.3 where 1.1 is expected"),
    (row("0.1"), "6: a sentence without words"),
    (row(""), "6: ID '' is not a word (2), a multiword token (2-3) or an empty node (2.1)"),
    (row(1, form=""), "6: column FORM is empty"),
    (row(1) + "2\tx\tx\tX\t_\t_\t0\tdep\t\t_\n", "7: column DEPS is empty"),
    (row("1-1", misc="") + row(1), "6: column MISC is empty"),
    (row(1, misc="  "), "6: column MISC is empty"),
    (row("1-1", head="") + row(1), "6: column HEAD is empty; write _ for no value"),
    (row(1) + row("1.1", deprel=""), "7: column DEPREL is empty; write _ for no value"),
    (row(1) + row(2, form="a\rb"), "7: a carriage return inside the line; lines end with LF or CRLF"),
    (row(1).replace("\n", "\r\r\n"), "6: a carriage return inside the line"),
    ("# c\rd\n" + row(1), "6: a carriage return inside the line"),
    (row(1).encode() + row(2, "é").encode("latin-1"), "7: not UTF-8 text (byte 0xE9)"),
    (row(1, "é").encode()[:3], "6: not UTF-8 text (byte 0xC3)"),
    (row(1).encode("utf-16"), "6: not UTF-8 text (byte 0xFF)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), REFUSED, ids=[case[1] for case in REFUSED])
@pytest.mark.parametrize("trees", [True, False])
def test_malformed_input_is_rejected(
    text: str | bytes, expected: str, trees: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = GOOD.encode() + (text.encode() if isinstance(text, str) else text)
    assert refused(content, trees=trees).startswith(expected)
    for size in (1, 20, 1 << 20):
        with pytest.raises(FileError) as caught:
            read(content, size, monkeypatch, trees=trees)
        assert str(caught.value) == f"<stdin>:{refused(content, trees=trees)}"


NOT_TREES = [
    (
        row(1) + row(2, head="_"),
        "7: word 2 has no HEAD: training and scoring need whole trees; leave partly annotated sentences out",
    ),
    (row(1) + row(2, head="two"), "7: HEAD of word 2 is 'two', not a whole number"),
    (row(1) + row(2, head="1.0"), "7: HEAD of word 2 is '1.0', not a whole number"),
    (row(1) + row(2, head="-1"), "7: HEAD of word 2 is '-1', not a whole number"),
    (row(1) + row(2, head="01"), "7: HEAD of word 2 is '01', not a whole number"),
    (row(1) + row(2, head=""), "7: column HEAD is empty"),
    (row(1) + row(2, head=3), "7: HEAD of word 2 is 3 in a sentence of 2 words"),
    (row(1, head=2), "6: HEAD of word 1 is 2 in a sentence of 1 word"),
    (row(1) + row(2, head=2), "7: word 2 is its own HEAD"),
    (row(1, head=2) + row(2, head=1), "6: no word of the sentence has HEAD 0, the root"),
    (row(1) + row(2, head=3) + row(3, head=2), "7: word 2 is in a cycle"),
    (row(1) + row(2, deprel=""), "7: column DEPREL is empty"),
    ("# sent_id = w-7\n" + row(1) + row(2, head=2), "8: word 2 is its own HEAD (sent_id w-7)"),
]


@pytest.mark.parametrize(("text", "expected"), NOT_TREES, ids=[case[1] for case in NOT_TREES])
def test_trees_are_checked_on_request(text: str, expected: str) -> None:
    assert refused(GOOD + text, trees=True).startswith(expected)
    block = parse(GOOD + text)
    assert block.text.decode() == GOOD + text + "\n"
    assert len(block.with_trees(np.zeros(len(block.lines), int), [b"dep"] * len(block.lines)).text) > 0


def test_heads_that_are_not_numbers() -> None:
    heads = ["_", "", "two", "2.0", "9", "0", "-1", "1" * 9, "1" * 10, "12345"]
    text = "".join(row(i, head=head) for i, head in enumerate(heads, 1))
    assert parse(text).heads().tolist() == [-1, -1, -1, -1, 9, 0, -1, 111111111, -1, 12345]


def test_several_roots_are_accepted() -> None:
    assert parse(row(1) + row(2) + row(3, head=1), trees=True).heads().tolist() == [0, 0, 1]


def test_the_first_bad_sentence_is_named() -> None:
    """Although each check covers the whole block: its characters are checked before its columns."""
    bad = [row(1, "é").encode("latin-1"), b"1\tx\n", row("x").encode(), row(1, "").encode(), row(1, head=1).encode()]
    for first in bad:
        for second in bad:
            content = GOOD.encode() + first + b"\n" + second
            assert refused(content, trees=True) == refused(GOOD.encode() + first, trees=True)


def test_long_and_deep_sentences() -> None:
    words = 50_000
    deep = "".join(row(i, head=i - 1) for i in range(1, words + 1))
    assert parse(deep, trees=True).heads()[-1] == words - 1
    cycle = deep.replace(row(10, head=9), row(10, head=40_000))
    assert refused(cycle, trees=True).startswith("10: word 10 is in a cycle")


def test_a_sentence_longer_than_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    long = "".join(row(i) for i in range(1, 2000)) + "\n"
    blocks = read((FIRST + long + SECOND).encode(), 500, monkeypatch)
    assert [len(block.lines) for block in blocks] == [2, 1999, 3]


def test_files_plain_and_compressed(tmp_path: Path) -> None:
    (tmp_path / "a.conllu").write_text(BOTH, encoding="utf-8", newline="")
    for extension, compress in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
        (tmp_path / f"a.conllu.{extension}").write_bytes(compress(BOTH.encode()))
    for name in ("a.conllu", "a.conllu.gz", "a.conllu.bz2", "a.conllu.xz"):
        sentences = list(read_conllu(tmp_path / name))
        assert [str(sentence) for sentence in sentences] == [FIRST, SECOND]
        write_conllu(sentences, tmp_path / "out.conllu")
        assert (tmp_path / "out.conllu").read_bytes() == BOTH.encode()
    (tmp_path / "b.conllu").write_bytes(b"1\tx\n")
    with pytest.raises(FileError, match=r"b\.conllu:1: 2 columns"):
        list(read_conllu(tmp_path / "b.conllu"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"PK\x03\x04\n1\t\xff", "this is a zip archive, which is not read: unpack it, and name the files in it"),
        (gzip.compress(b"x"), "this is gzip data, but the name does not end in .gz: rename the file"),
        (lzma.compress(b"x"), "this is xz data, but the name does not end in .xz: rename the file"),
        ("1\tx".encode("utf-16"), "this is UTF-16 text: convert it to UTF-8"),
    ],
)
def test_files_that_are_not_text(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "a.conllu").write_bytes(content)
    for read in (read_conllu, read_paragraphs):
        with pytest.raises(FileError) as caught:
            list(read(tmp_path / "a.conllu"))
        assert caught.value.message == expected


PLUS = """\
# global.columns = ID FORM UPOS HEAD DEPREL PARSEME:MWE MISC
# text = She runs
1\tShe\tPRON\t2\tnsubj\t_\tA=b
2-3\truns\t_\t_\t_\t1:VID\t_
2\trun\tVERB\t0\troot\t_\t_
3\ts\tPART\t2\tdep\t*\tA=c

1\tYes\tINTJ\t0\troot\t_\t_
"""


@pytest.mark.parametrize("size", [1, 60, 1 << 20])
def test_conllu_plus(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = (
        "# global.columns = ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC\n# text = She runs\n"
        "1\tShe\t_\tPRON\t_\t_\t2\tnsubj\t_\tA=b\n2-3\truns\t_\t_\t_\t_\t_\t_\t_\tPARSEME:MWE=1:VID\n"
        "2\trun\t_\tVERB\t_\t_\t0\troot\t_\t_\n3\ts\t_\tPART\t_\t_\t2\tdep\t_\tA=c|PARSEME:MWE=*\n\n"
        "1\tYes\t_\tINTJ\t_\t_\t0\troot\t_\t_\n\n"
    )
    for text in (PLUS, "\ufeff" + PLUS.replace("\n", "\r\n"), expected):
        assert parse(text, trees=True).text.decode() == expected
        assert joined(read(text.encode(), size, monkeypatch, trees=True)).source.decode() == expected
    assert refused(PLUS.replace("\t*", "")) == "6: 6 columns, but the first line names 7 (# global.columns)"
    assert refused(PLUS.replace(" FORM ", " ")) == "1: # global.columns lacks the column FORM"
    assert refused(PLUS.replace("UPOS", "MISC")) == "1: # global.columns names a column twice"


# Texts generated by hypothesis


def joined(blocks: list[Block]) -> Block:
    """Several blocks as one."""
    words = np.cumsum([0] + [len(block.fields) for block in blocks])
    start = np.cumsum([0] + [len(block.text) for block in blocks])
    return Block(
        path="joined",
        source=b"".join(block.text for block in blocks),
        fields=np.concatenate([np.empty((0, 11), int), *(b.fields + at for b, at in zip(blocks, start, strict=False))]),
        sentences=np.concatenate([[0], *(b.sentences[1:] + at for b, at in zip(blocks, words, strict=False))]),
        spans=np.concatenate([[0], *(b.spans[1:] + at for b, at in zip(blocks, start, strict=False))]),
        lines=np.concatenate([np.empty(0, int), *(block.lines for block in blocks)]),
    )


def assert_same(one: Block, other: Block) -> None:
    assert one.text == other.text
    for name in ("fields", "sentences", "spans", "lines"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def by_splitting(text: bytes) -> list[list[list[str]]]:
    """The words of each sentence of a canonical text, column by column, by str.split."""
    return [
        [line.split("\t") for line in paragraph.split("\n") if line.split("\t")[0].isdecimal()]
        for paragraph in text.decode().split("\n\n")[:-1]
    ]


def assert_columns(block: Block) -> None:
    naive = by_splitting(block.text)
    assert [len(sentence) for sentence in block] == [len(words) for words in naive]
    rows = [word for words in naive for word in words]
    for column in (FORM, HEAD, MISC):
        assert block.column(column) == [word[column].encode() for word in rows]


VALUE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\r"), min_size=1, max_size=8)
LAST = VALUE.filter(lambda value: not value.endswith(" "))


@st.composite
def canonical_sentences(draw: st.DrawFn) -> str:
    lines = [f"#{comment}\n" for comment in draw(st.lists(VALUE, max_size=2))]
    words = draw(st.integers(1, 7))
    roots = draw(st.sets(st.integers(1, words), min_size=1))
    covered = 0
    for i in range(words + 1):
        if i:
            lines.append("\t".join([str(i), *(draw(VALUE) for _ in range(5))]))
            head = 0 if i in roots else min(roots)
            lines[-1] += f"\t{head}\t{draw(VALUE)}\t{draw(VALUE)}\t{draw(LAST)}\n"
        lines += [row(f"{i}.{j + 1}", draw(VALUE), "_") for j in range(draw(st.sampled_from([0, 0, 0, 1, 3])))]
        if covered <= i < words and draw(st.booleans()):
            covered = draw(st.integers(i + 1, words))
            lines.append(row(f"{i + 1}-{covered}", draw(VALUE), "_"))
    return "".join(lines) + "\n"


@given(st.lists(canonical_sentences(), max_size=4).map("".join), st.integers(1, 300))
def test_canonical_texts_round_trip(text: str, block_bytes: int) -> None:
    block = parse(text, trees=True)
    assert block.text == text.encode()
    assert_columns(block)
    assert "".join(map(str, block)) == text
    assert block.with_trees(block.heads(), block.column(DEPREL)).text == block.text
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert_same(joined(read(text.encode(), block_bytes, monkeypatch, trees=True)), block)


LINES = st.sampled_from(
    [row(1), row(2), row(3, head=2), row("1-2"), row("1.1"), row("0.1"), row(1, head=2), "# c\n", "# \td \n", "\n",
     "\n", "\n", " \n", "\t\n", "\r\n", row(1).replace("\n", "\r\n"), row(2).replace("\n", "  \n"), "1\tx\n", "\ufeff",
     "# c\r\n", "x", "\r", "\xe9", "\xff"]
)  # fmt: skip
SCRAPS = st.lists(LINES, max_size=12).map("".join).flatmap(
    lambda text: st.sampled_from([text.encode(), text.encode("latin-1", "replace")])
)  # fmt: skip


def outcome(read: Callable[[], Block]) -> Block | tuple[int | None, str]:
    """The block, or line and message of the error."""
    try:
        return read()
    except FileError as error:
        return error.line, error.message


@given(SCRAPS | st.binary(max_size=60), st.booleans(), st.integers(1, 80))
def test_the_size_of_blocks_does_not_matter_for_any_bytes(text: bytes, trees: bool, block_bytes: int) -> None:
    whole = outcome(lambda: parse(text, trees=trees))
    with pytest.MonkeyPatch.context() as monkeypatch:
        blocks = outcome(lambda: joined(read(text, block_bytes, monkeypatch, trees=trees)))
    if isinstance(whole, Block) and isinstance(blocks, Block):
        assert_same(blocks, whole)
    else:
        assert blocks == whole
        assert isinstance(whole, tuple)
        assert isinstance(whole[0], int)


@given(SCRAPS, st.booleans())
def test_normalization_is_idempotent(text: bytes, trees: bool) -> None:
    block = outcome(lambda: parse(text, trees=trees))
    if isinstance(block, Block):
        assert parse(block.text, trees=trees).text == block.text
        assert_columns(block)


DAMAGE = st.sampled_from([b"", b"\t", b"\n", b"\r", b"\0", b"\xc3", b"9", b"#", b"-", b" "])


@given(st.data())
def test_damaged_texts_are_read_or_refused(data: st.DataObject) -> None:
    text = bytearray(BOTH.encode())
    for place in data.draw(st.lists(st.integers(0, len(text) - 1), min_size=1, max_size=3)):
        text[place : place + data.draw(st.integers(0, 2))] = data.draw(DAMAGE)
    block = outcome(lambda: parse(bytes(text), trees=True))
    if isinstance(block, Block):
        assert_columns(block)


# Real files


@pytest.mark.parametrize("trees", [True, False])
def test_malformed_files(shared_data: Path, trees: bool) -> None:
    with open(shared_data / "bad" / "expected.tsv", encoding="utf-8", newline="") as file:
        cases = list(csv.DictReader(file, delimiter="\t"))
    assert len(cases) > 30
    for case in cases:
        expected = case["train" if trees else "parse"]
        block = outcome(lambda path=shared_data / "bad" / case["file"]: joined(list(read_blocks(path, trees=trees))))
        if isinstance(block, Block):
            assert expected != "error", case["file"]
            assert (len(block) == 0) == (case["train"] == "error (no sentences)")
            assert_columns(block)
        else:
            first, _, last = case["line"].partition("-")
            assert expected == "error", case["file"]
            assert int(first) <= (block[0] or 0) <= int(last or first), block


@pytest.mark.full
def test_real_treebanks_round_trip(shared_data: Path) -> None:
    paths = sorted(shared_data.glob("UD_*/*.conllu"))
    assert len(paths) >= 16
    for path in paths:
        blocks = list(read_blocks(path, trees=True))
        content = path.read_bytes()
        assert b"".join(block.text for block in blocks) == content
        assert b"".join(block.with_trees(block.heads(), block.column(DEPREL)).text for block in blocks) == content
        assert_columns(joined(blocks))
        crlf = parse(content.replace(b"\n", b"\r\n"), trees=True)
        assert crlf.text == content
