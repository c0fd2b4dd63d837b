"""CoNLL files: every rule on small files, real treebanks byte for byte, and any bytes at all."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parser.errors import FileError
from parser.treebank.conllu import FORM, Block, parse_block, read_blocks, read_conllu, write_conllu

GOOD = """\
# sent_id = one
# text = Dogs bark
1\tDogs\tdog\tNOUN\tNNS\tNumber=Plur\t2\tnsubj\t_\t_
2\tbark\tbark\tVERB\tVBP\t_\t0\troot\t_\tSpaceAfter=No

1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_
1\tde\tde\tADP\t_\t_\t3\tcase\t_\t_
2\tle\tle\tDET\t_\t_\t3\tdet\t_\t_
2.1\tx\tx\tX\t_\t_\t_\t_\t3:dep\t_
3\t10\u00a0000 a\ta\tNOUN\t_\t_\t0\troot\t_\t_

"""
WORD = "{}\tw\t_\t_\t_\t_\t{}\tdep\t_\t_\n"


def tree(*heads: object) -> str:
    return "".join(WORD.format(i, head) for i, head in enumerate(heads, 1)) + "\n"


def test_what_is_read_of_a_block() -> None:
    block = parse_block(GOOD.encode(), trees=True)
    assert block.text == GOOD.encode()
    assert block.column(FORM) == [b"Dogs", b"bark", b"de", b"le", "10\u00a0000 a".encode()]
    assert block.heads().tolist() == [2, 0, 3, 3, 0]
    assert block.sentences.tolist() == [0, 2, 5]
    assert block.lines.tolist() == [3, 4, 7, 8, 10]
    assert block.columns(3, 4)[:2] == [b"NOUN\tNNS", b"VERB\tVBP"]
    first, second = block
    assert (first.sent_id, first.text) == ("one", "Dogs bark")
    assert (second.sent_id, second.text) == (None, None)
    assert second.forms == ["de", "le", "10\u00a0000 a"]
    assert (len(first), first.deprels, first.heads.tolist()) == (2, ["nsubj", "root"], [2, 0])
    assert str(first) + str(second) == GOOD


def test_trees_are_replaced_and_nothing_else() -> None:
    block = parse_block(GOOD.encode())
    text = block.with_trees(np.array([0, 1, 2, 0, 1]), [b"root", b"x:y", b"a", b"root", b"b"]).decode()
    changed = [(a, b) for a, b in zip(GOOD.splitlines(), text.splitlines(), strict=True) if a != b]
    assert [b.split("\t")[6:8] for _, b in changed] == [
        ["0", "root"],
        ["1", "x:y"],
        ["2", "a"],
        ["0", "root"],
        ["1", "b"],
    ]
    assert [a.split("\t")[:6] for a, _ in changed] == [b.split("\t")[:6] for _, b in changed]
    with pytest.raises(ValueError, match="DEPREL"):
        block.with_trees(np.array([0, 1, 2, 0, 1]), [b"root", b"x\ty", b"a", b"root", b"b"])
    with pytest.raises(ValueError, match="outside"):
        block.with_trees(np.array([0, 3, 2, 0, 1]), [b"a"] * 5)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("1\ta\tb\n\n", 1),
        (GOOD + "1\tShe\t_\t_\t_\t_\t0\troot\t_\t_\textra\n\n", 12),
        (GOOD + "1 She _ _ _ _ 0 root _ _\n\n", 12),
        (GOOD + WORD.format(1, 0) + WORD.format(3, 1) + "\n", 13),
        (WORD.format(0, 1) + WORD.format(1, 0) + "\n", 1),
        (WORD.format(1, 0) + WORD.format(1, 1) + "\n", 2),
        (WORD.format("x", 0) + "\n", 1),
        (tree(0).replace("\tw\t", "\t\t"), 1),
        (WORD.format(1, 0) + "# late\n" + WORD.format(2, 1) + "\n", 2),
        ("2-3\tab" + "\t_" * 8 + "\n" + tree(0, 1, 1), 1),
        ("1-4\tab" + "\t_" * 8 + "\n" + tree(0, 1, 1), 1),
        (WORD.format(1, 0) + "1.2\tab" + "\t_" * 8 + "\n\n", 2),
        (tree(0).replace("\tw\t", "\tw\rw\t"), 1),
        (GOOD + "1\tcut", 12),
    ],
)
def test_errors_name_the_line_with_and_without_trees(text: str, line: int) -> None:
    for trees in (True, False):
        with pytest.raises(FileError) as error:
            parse_block(text.encode(), path="f.conllu", trees=trees)
        assert str(error.value).startswith(f"f.conllu:{line}: ")
        assert "\n" not in str(error.value)


def test_bytes_that_are_not_utf8() -> None:
    with pytest.raises(FileError, match=r"^<text>:13: "):
        parse_block(GOOD.encode() + tree(2, 0).encode().replace(b"2\tw", b"2\tw\xe9"))


@pytest.mark.parametrize(
    "heads", [(0, "_"), (0, "two"), (0, 3), (0, "-1"), (0, "2.0"), (0, 2), (2, 1, 0), (2, 1), (0, ""), ("_", "_")]
)
def test_trees_that_cannot_be_are_refused_as_gold_and_accepted_as_input(heads: tuple[object, ...]) -> None:
    text = tree(*heads).encode()
    assert parse_block(text).text == text
    with pytest.raises(FileError, match=r"^<text>:\d+: "):
        parse_block(text, trees=True)


def test_two_roots_and_deep_trees_are_accepted() -> None:
    assert parse_block(tree(0, 0).encode(), trees=True).heads().tolist() == [0, 0]
    deep = parse_block(tree(*range(20_000)).encode(), trees=True)
    assert len(deep.heads()) == 20_000


@pytest.mark.parametrize(
    "messy",
    [
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        "\n \n\t\n" + GOOD.replace("\n\n", "\n\n \n\n"),
        GOOD.replace("\t_\n", "\t_  \n"),
        GOOD.rstrip("\n"),
        GOOD[:-1],
        GOOD.replace("# text = Dogs bark\n", "# text = Dogs bark\n\n\n"),
    ],
)
def test_normalising_gives_the_canonical_file_and_is_idempotent(messy: str) -> None:
    for trees in (True, False):
        block = parse_block(messy.encode(), trees=trees)
        assert block.text == GOOD.encode()
        assert parse_block(block.text, trees=trees).text == block.text


@pytest.mark.parametrize("text", ["", "\n \n\t\n", "# newdoc\n# text =\n"])
def test_files_without_a_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(text.encode())
    assert sum(map(len, read_blocks(path, trees=True))) == 0
    assert b"".join(block.text for block in read_blocks(path, trees=False)).split() == text.encode().split()


@pytest.mark.parametrize("size", [1, 50, 333, 1 << 20])
def test_blocks_of_any_size_hold_the_same_sentences_and_lines(size: int, tmp_path: Path) -> None:
    path = tmp_path / "f.conllu"
    path.write_bytes("\n".join([GOOD] * 9).replace("\n", "\r\n").encode())
    blocks = [block for block in read_blocks(path, trees=True, block_bytes=size) if len(block)]
    assert b"".join(block.text for block in blocks) == GOOD.encode() * 9
    whole = next(read_blocks(path, trees=True, block_bytes=1 << 24))
    assert np.concatenate([block.lines for block in blocks]).tolist() == whole.lines.tolist()
    path.write_bytes(path.read_bytes() + b"1\tx\n")
    with pytest.raises(FileError) as error:
        list(read_blocks(path, trees=True, block_bytes=size))
    lines = len(path.read_bytes().splitlines())
    assert f":{lines}: " in str(error.value)


def test_gzip_and_the_python_interface(tmp_path: Path) -> None:
    packed = tmp_path / "f.conllu.gz"
    write_conllu(parse_block(GOOD.encode()), packed)
    assert gzip.decompress(packed.read_bytes()) == GOOD.encode()
    assert [str(sentence) for sentence in read_conllu(packed)] == [str(s) for s in parse_block(GOOD.encode())]
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(FileError, match=r"f\.conllu\.gz: "):
        list(read_conllu(packed))
    for missing in (tmp_path / "none", tmp_path):
        with pytest.raises(FileError):
            list(read_blocks(missing, trees=False))


FIELD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\r"), min_size=1, max_size=6)


@st.composite
def canonical(draw: st.DrawFn) -> str:
    sentences = []
    for _ in range(draw(st.integers(0, 4))):
        comments = [f"#{draw(FIELD)}\n" for _ in range(draw(st.integers(0, 2)))]
        n = draw(st.integers(1, 4))
        rows = [
            "\t".join([str(i), *(draw(FIELD) for _ in range(8)), draw(FIELD).rstrip(" ") + "_"])
            for i in range(1, n + 1)
        ]
        sentences.append("".join(comments) + "\n".join(rows) + "\n\n")
    return "".join(sentences)


@given(canonical())
def test_any_canonical_file_comes_back(text: str) -> None:
    assert parse_block(text.encode()).text == text.encode()


@settings(max_examples=400)
@given(
    st.one_of(
        st.binary(max_size=80),
        st.lists(st.sampled_from([*"0123-._#\t\n\r a", "1\tw\t_\t_\t_\t_\t0\tr\t_\t_\n", "\ufeff"]), max_size=40).map(
            lambda parts: "".join(parts).encode()
        ),
    ),
    st.booleans(),
)
def test_any_bytes_are_read_or_refused(data: bytes, trees: bool) -> None:
    try:
        block: Block = parse_block(data, trees=trees)
    except FileError as error:
        assert "\n" not in str(error)
    else:
        assert parse_block(block.text, trees=trees).text == block.text


@pytest.mark.full
def test_real_treebanks_come_back_byte_for_byte(shared_data: Path) -> None:
    files = sorted(shared_data.glob("UD_*/*.conllu"))
    assert files
    for path in files:
        assert b"".join(block.text for block in read_blocks(path, trees=True)) == path.read_bytes()
        for block in read_blocks(path, trees=False):
            assert block.with_trees(block.heads(), block.column(7)) == block.text
