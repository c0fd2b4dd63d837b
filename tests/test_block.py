"""Edited blocks: the text that they give, and that a chain of edits equals reading the text again after each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearparse.treebank import word_table
from clearparse.treebank.columns import DEPREL, FEATS, FORM, HEAD, LEMMA, MISC, UPOS, XPOS
from clearparse.treebank.conllu import Block, parse_block
from clearparse.treebank.tokens import Token, Tokenization, conllu_of, paragraphs_of

TEXT = """# sent_id = 1
# text = du vin
1-2\tdu\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
1\tde\tde\tADP\tE\t_\t3\tcase\t_\t_
2\tle\tle\tDET\tRD\tGender=Masc\t3\tdet\t_\t_
3\tvin\tvin\tNOUN\tS\t_\t0\troot\t_\tA=1|Conf=0.10|B=2
3.1\té\té\tVERB\t_\t_\t_\t_\t0:root\t_

1\tOui\toui\tINTJ\t_\t_\t0\troot\t_\tSpaceAfter=No

# the end
""".encode()
WORDS = 4


def edited(column: int, values: list[bytes]) -> bytes:
    """TEXT with other values in a column, the plain way."""
    lines, left = TEXT.decode().split("\n"), iter(values)
    for k, line in enumerate(lines):
        fields = line.split("\t")
        if fields[0].isdecimal():
            fields[column] = next(left).decode()
            lines[k] = "\t".join(fields)
    return "\n".join(lines).encode()


@pytest.mark.parametrize("column", range(FORM, MISC + 1))
def test_one_column_changes_and_no_other_byte(column: int) -> None:
    values = [b"3", "é".encode(), b"long value", b"0"]
    block = parse_block(TEXT)
    new = block.with_columns(column, column, values)
    assert new.text == edited(column, values)
    assert new.column(column) == values
    assert block.text == TEXT


def test_columns_of_an_edit_are_read_together_with_those_of_the_source() -> None:
    block = parse_block(TEXT).with_columns(LEMMA, XPOS, [b"l\tu\tx"] * WORDS)
    assert block.word_keys()[:2] == [b"de\tl\tu\tx\t_", b"le\tl\tu\tx\tGender=Masc"]
    assert block.columns(UPOS, XPOS) == [b"u\tx"] * WORDS
    assert block[0].upos == ("u",) * 3
    assert block[1].feats == ("_",)


def test_a_later_edit_keeps_the_columns_of_an_earlier_one_that_it_does_not_replace() -> None:
    once = parse_block(TEXT).with_columns(LEMMA, FEATS, [b"l\tu\tx\tf"] * WORDS)
    twice = once.with_columns(UPOS, XPOS, [b"U\tX"] * WORDS)
    assert twice.columns(LEMMA, FEATS) == [b"l\tU\tX\tf"] * WORDS
    assert twice.text == parse_block(once.text).with_columns(UPOS, XPOS, [b"U\tX"] * WORDS).text


def test_trees_and_misc() -> None:
    block = parse_block(TEXT).with_trees(np.array([0, 1, 2, 0]), [b"root", b"a", b"b:c", b"root"])
    block = block.with_misc([b"0.25", b"0.50", b"0.75", b"1.00"], b"Conf")
    assert block.heads().tolist() == [0, 1, 2, 0]
    assert block.column(MISC) == [b"Conf=0.25", b"Conf=0.50", b"A=1|B=2|Conf=0.75", b"SpaceAfter=No|Conf=1.00"]
    assert block.text.endswith(b"\t0\troot\t_\tSpaceAfter=No|Conf=1.00\n\n# the end\n")
    assert b"3.1\t\xc3\xa9\t\xc3\xa9\tVERB\t_\t_\t_\t_\t0:root\t_\n" in block.text


@pytest.mark.parametrize("part", [1, 2, 3, 1000])
def test_text_is_the_same_whatever_the_parts_it_is_written_in(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    block = parse_block(TEXT)
    monkeypatch.setattr(word_table, "PART", part)
    n = block.n_words
    forms = [b"f%d" % k for k in range(n)]
    new = block.with_columns(FORM, FORM, forms).with_trees(np.zeros(n, np.int32), [b"dep"] * n)
    lines, expected, word = TEXT.split(b"\n"), [], 0
    for line in lines:
        columns = line.split(b"\t")
        if columns[0].isdigit():
            columns[FORM], columns[HEAD], columns[DEPREL] = b"f%d" % word, b"0", b"dep"
            word += 1
        expected.append(b"\t".join(columns))
    assert new.text == b"\n".join(expected)


def test_heads_that_are_not_numbers_in_an_edit() -> None:
    block = parse_block(TEXT).with_columns(HEAD, DEPREL, [b"12\ta", b"_\ta", b"01\ta", b"0\ta"])
    assert block.heads().tolist() == [12, -1, -1, 0]


@pytest.mark.parametrize(
    ("first", "last", "values", "message"),
    [
        (UPOS, UPOS, [b"X"] * 3, "3 values for 4 words"),
        (UPOS, UPOS, [b"X", b"X", b"X", b""], "UPOS cannot be ''"),
        (UPOS, UPOS, [b"X", b"X", b"X", b"X\tY"], "UPOS cannot be"),
        (UPOS, FEATS, [b"X\tX\tX"] * 3 + [b"X\tX"], "UPOS to FEATS cannot be"),
        (MISC, MISC, [b"_", b"_", b"_", b"a\nb"], "MISC cannot be"),
    ],
)
def test_invalid_values_are_rejected(first: int, last: int, values: list[bytes], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_block(TEXT).with_columns(first, last, values)


def test_repr() -> None:
    block = parse_block(TEXT)
    assert repr(block) == "<Block <text>: 2 sentences, 4 words>"
    assert [repr(sentence) for sentence in block] == ["<Sentence 1: 'du vin' (3 words)>", "<Sentence: 'Oui' (1 word)>"]
    assert repr(parse_block(TEXT.replace(b"du vin", b"du " * 99))[0]).endswith(" du ...' (3 words)>")


VALUES = st.text("ab é", min_size=1, max_size=5).map(lambda value: value.strip().encode() or b"_")


@st.composite
def edits(draw: st.DrawFn) -> tuple[int, int, list[bytes]]:
    """New values of some neighboring columns."""
    first = draw(st.integers(FORM, MISC))
    last = draw(st.integers(first, MISC))
    row = st.lists(VALUES, min_size=last - first + 1, max_size=last - first + 1).map(b"\t".join)
    return first, last, draw(st.lists(row, min_size=WORDS, max_size=WORDS))


@given(st.lists(edits(), max_size=5))
def test_a_chain_of_edits_gives_the_bytes_of_reading_the_text_after_each(
    chain: list[tuple[int, int, list[bytes]]],
) -> None:
    chained = again = parse_block(TEXT)
    for edit in chain:
        chained, again = chained.with_columns(*edit), parse_block(again.with_columns(*edit).text)
    assert chained.text == again.text
    for column in range(FORM, MISC + 1):
        assert chained.column(column) == again.column(column)
        assert chained.is_empty(column) == again.is_empty(column)
    assert chained.heads().tolist() == again.heads().tolist()
    assert list(chained) == list(again)
    assert [sentence.misc for sentence in chained] == [sentence.misc for sentence in again]


# Blocks of tokenized text


def tokenization(paragraphs: list[list[list[Token]]]) -> Tokenization:
    """These tokens as a tokenizer gives them."""
    tokens = [token for paragraph in paragraphs for sentence in paragraph for token in sentence]
    last = [k == len(sentence) - 1 for paragraph in paragraphs for sentence in paragraph for k in range(len(sentence))]
    text, start, stop = "", [], []
    for token in tokens:
        start.append(len(text))
        stop.append(len(text) + len(token.form))
        text += token.form + " " * token.space_after
    distinct = list(dict.fromkeys((token.form, token.words) for token in tokens))
    return Tokenization(
        text,
        np.array(start, np.intp),
        np.array(stop, np.intp),
        [form for form, _ in distinct],
        [words for _, words in distinct],
        np.array([distinct.index((token.form, token.words)) for token in tokens], np.intp),
        np.array([token.space_after for token in tokens], np.bool_),
        np.array(last, np.bool_),
        np.cumsum([0] + [sum(map(len, paragraph)) for paragraph in paragraphs]),
    )


WORD = st.text("abé日", min_size=1, max_size=4)
TOKEN = st.one_of(
    st.builds(lambda form, space: Token(form, (form,), space), WORD, st.booleans()),
    st.builds(
        lambda form, words, space: Token(form, tuple(words), space), WORD, st.lists(WORD, min_size=2), st.booleans()
    ),
)
PARAGRAPH = st.lists(st.lists(TOKEN, min_size=1, max_size=12), min_size=1, max_size=3)


@given(st.lists(PARAGRAPH, max_size=4), st.integers(1, 12))
def test_a_tokenizations_block_equals_that_of_its_text(paragraphs: list[list[list[Token]]], first: int) -> None:
    block = tokenization(paragraphs).block(first + np.arange(len(paragraphs)))
    expected = "".join(
        conllu_of(sentence, ["# newpar"] * (k == 1) + [f"# sent_id = {p}-{k}"])
        for p, paragraph in enumerate(paragraphs, first)
        for k, sentence in enumerate(paragraph, 1)
    )
    assert block.text.decode() == expected
    assert_same(block, parse_block(expected.encode()))
    assert list(paragraphs_of([block])) == paragraphs


def test_presegmented_paragraphs_are_sentences() -> None:
    one, two = ([Token(form, (form,), space_after=True)] for form in "ab")
    tokens = tokenization([[], [one, two], [], [two]])
    block = tokens.block(np.array([5, 6, 7, 9]), presegmented=True)
    expected = conllu_of(one + two, ["# sent_id = 6"]) + conllu_of(two, ["# sent_id = 9"])
    assert_same(block, parse_block(expected.encode()))


def assert_same(one: Block, other: Block) -> None:
    assert one.source == other.source
    for name in ("fields", "sentences", "spans", "lines"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
