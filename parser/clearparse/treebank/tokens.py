"""Tokens of a text and their words: what tokenizers learn from, and what they return."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.treebank.block import Block
from clearparse.treebank.columns import COLUMNS, FORM, ID, LEMMA, MAX_DIGITS, Mask
from clearparse.treebank.conllu import parse_block
from clearparse.treebank.ragged import Offsets, offsets
from clearparse.treebank.ranges import RawText, token_ranges
from clearparse.treebank.sentence import Sentence

PATH = "<text>"  # of a block that comes from raw text, in error messages
_NO_TAGS = "\t_" * 7 + "\t"
_MISC = ("SpaceAfter=No", "_")  # of a token without and with a space after it
_REST = [f"{_NO_TAGS}{misc}\n".encode() for misc in _MISC]  # of the line of a word, after its form
_REST_SIZE = np.array([len(rest) for rest in _REST])
_FROM_END = np.array([[*range(size - 1, size - 17, -2), 0] for size in _REST_SIZE.tolist()])  # LEMMA to the line's end
_POWERS = 10 ** np.arange(1, MAX_DIGITS)


class Token(NamedTuple):
    """A token of a text: a word, or several words if it is a multiword token."""

    form: str
    words: tuple[str, ...]
    space_after: bool

    def conllu(self, first: int) -> str:
        """Its lines in CoNLL-U, with forms only; `first` is the ID of its first word."""
        misc = _MISC[self.space_after]
        if self.words == (self.form,):
            return f"{first}\t{self.form}{_NO_TAGS}{misc}\n"
        lines = [f"{first}-{first + len(self.words) - 1}\t{self.form}{_NO_TAGS}{misc}\n"]
        lines += [f"{first + i}\t{word}{_NO_TAGS}_\n" for i, word in enumerate(self.words)]
        return "".join(lines)


Tokens = list[Token]  # of a sentence
Paragraph = list[Tokens]  # the sentences of a paragraph

_ROW = re.compile(r"^(\d+)(?:-(\d+))?\t([^\t]*)\t(?:[^\t]*\t){7}([^\t\n]*)$", re.MULTILINE)
PARAGRAPH_START = re.compile(r"#\s*new(?:par|doc)\b")  # a comment that begins a paragraph


def tokens_of(sentence: Sentence) -> Tokens:
    """The tokens of a sentence of a treebank: those of Sentence.tokens, in a quarter of the time."""
    found, last = [], 0
    for first, end, form, misc in _ROW.findall(str(sentence)):
        if int(first) > last:  # not a word of the previous multiword token
            last = int(end or first)
            space = "SpaceAfter=No" not in misc.split("|")
            found.append((form, int(first) - 1, last, space))
    words = sentence.forms
    return [Token(form, tuple(words[first:end]), space) for form, first, end, space in found]


def paragraphs_of(blocks: Iterable[Block]) -> Iterator[Paragraph]:
    """The paragraphs of a treebank; each begins at a comment `newpar` or `newdoc`."""
    paragraph: Paragraph = []
    for block in blocks:
        for sentence in block:
            if paragraph and any(map(PARAGRAPH_START.match, sentence.comments)):
                yield paragraph
                paragraph = []
            paragraph.append(tokens_of(sentence))
    if paragraph:
        yield paragraph


def tokens_in(paragraph: Paragraph) -> Tokens:
    """The tokens of all its sentences."""
    return [token for sentence in paragraph for token in sentence]


def text_of(tokens: Sequence[Token]) -> str:
    """The text of some tokens, without a space after the last one."""
    return "".join(token.form + " " * token.space_after for token in tokens).removesuffix(" ")


def conllu_of(tokens: Tokens, comments: Sequence[str] = ()) -> str:
    """A sentence in CoNLL-U with forms only, with its text as a comment, and the blank line that ends it."""
    lines, first = [*(f"{comment}\n" for comment in comments), f"# text = {text_of(tokens)}\n"], 1
    for token in tokens:
        lines.append(token.conllu(first))
        first += len(token.words)
    return "".join(lines) + "\n"


def block_of_words(sentences: Iterable[tuple[Sequence[str], Sequence[str]]], first: int = 1) -> Block:
    """The block of sentences given as (comments, words), with forms only; their sent_ids are first, first + 1 ..."""
    written = []
    for number, (comments, words) in enumerate(sentences, first):
        tokens = [Token(word, (word,), space_after=True) for word in words]
        written.append(conllu_of(tokens, [*comments, f"# sent_id = {number}"]))
    return parse_block("".join(written).encode())


@dataclass(frozen=True)
class Tokenization:
    """The T tokens of P paragraphs, in columns: making a Token object of each would take longer than tokenizing.

    text: the paragraphs, joined by spaces. start, stop (T,): token t is text[start[t] : stop[t]].
    forms: the distinct tokens; words: the words of each. which (T,): the number of each token in forms.
    space_after (T,): does a space follow? last (T,): is it the last token of its sentence?
    rows (P + 1,): the tokens of paragraph p are rows[p] : rows[p + 1].
    """

    text: str
    start: NDArray[np.intp]
    stop: NDArray[np.intp]
    forms: list[str]
    words: list[tuple[str, ...]]
    which: NDArray[np.intp]
    space_after: Mask
    last: Mask
    rows: NDArray[np.int64]

    def tokens(self) -> Tokens:
        """All tokens."""
        columns = zip(self.which.tolist(), self.space_after.tolist(), strict=True)
        return [Token(self.forms[which], self.words[which], space) for which, space in columns]

    def block(self, numbers: NDArray[np.int64], raw: RawText | None = None, *, presegmented: bool = False) -> Block:
        """The sentences as a block with forms only.

        numbers (P,): of the paragraphs; the second sentence of paragraph 3 gets the sent_id 3-2.
        raw: the text before whitespace was normalized; with it the block has ranges.
        presegmented: each paragraph is one sentence, whose sent_id is its number.
        """
        if not len(self.which):
            none = np.empty((0, COLUMNS + 1), np.int64)
            return Block(PATH, b"", none, offsets([]), offsets([]), none[:, 0], raw=raw, ranges=none[:, :2])
        lengths = np.array([len(words) for words in self.words])
        words = lengths[self.which]  # of each token
        token = offsets(words)  # the first word of each
        word = np.arange(token[-1]) + ((lengths.cumsum() - lengths)[self.which] - token[:-1]).repeat(words)
        # The first token of each sentence, and the number of tokens. An empty paragraph has no sentence.
        begins = np.unique(self.rows) if presegmented else np.concatenate(([0], self.last.nonzero()[0] + 1))
        sentences = token[begins]
        ids = np.arange(1, len(word) + 1) - sentences[:-1].repeat(sentences[1:] - sentences[:-1])
        multiword = self._is_multiword()[self.which]
        space = (self.space_after | multiword).repeat(words)  # SpaceAfter=No of such a token is in its range
        comments = self._comments(begins, numbers.tolist(), presegmented=presegmented)
        before = dict(zip(sentences[:-1].tolist(), comments, strict=True))  # what precedes the line of a word
        for t in multiword.nonzero()[0].tolist():
            w = int(token[t])
            before[w] = before.get(w, b"") + self._range(t, int(ids[w]))
        ranges = None if raw is None else token_ranges(raw, self.text, self.start, self.stop).repeat(words, axis=0)
        forms = [form.encode() for words in self.words for form in words]
        source, fields, begin, lines = _written(before, ids, forms, word, space)
        return Block(PATH, source, fields, sentences, begin[sentences], lines, raw=raw, ranges=ranges)

    def _range(self, t: int, first: int) -> bytes:
        """The line of multiword token t, whose first word has the ID `first`."""
        k, misc = self.which[t], _MISC[int(self.space_after[t])]
        return f"{first}-{first + len(self.words[k]) - 1}\t{self.forms[k]}{_NO_TAGS}{misc}\n".encode()

    def _is_multiword(self) -> Mask:
        """Which of the distinct tokens are multiword tokens."""
        return np.array([words != (form,) for form, words in zip(self.forms, self.words, strict=True)], np.bool_)

    def _comments(self, begins: Offsets, paragraphs: Sequence[int], *, presegmented: bool) -> Iterator[bytes]:
        """The comments of each sentence, preceded by the blank line that ends the previous sentence.

        begins (S + 1,): the first token of each, and the number of tokens; paragraphs (P,): the number of each one.
        """
        starts, stops = self.start[begins[:-1]].tolist(), self.stop[begins[1:] - 1].tolist()
        ends, end = iter(self.rows[1:].tolist()), 0  # of the paragraphs
        p = k = -1  # the paragraph, and the number of the sentence in it
        for begin, start, stop in zip(begins.tolist(), starts, stops, strict=False):
            k += 1
            while begin >= end:
                p, k, end = p + 1, 1, next(ends)
            opening = "# newpar\n" if k == 1 and not presegmented else ""
            name = f"{paragraphs[p]}" if presegmented else f"{paragraphs[p]}-{k}"
            yield f"\n{opening}# sent_id = {name}\n# text = {self.text[start:stop]}\n".encode()


def _written(
    before: Mapping[int, bytes], ids: NDArray[np.int64], forms: Sequence[bytes], which: NDArray[np.intp], space: Mask
) -> tuple[bytes, Offsets, Offsets, Offsets]:
    """The source, fields and lines of a Block of words (W,) that have forms only, and where each begins, (W + 1,).

    before: what precedes the lines of some words, such as the blank line that ends the sentence before. ids (W,): IDs.
    forms: the distinct ones; which (W,): the form of each word. space (W,): does a space follow?
    """
    numbers = [b"%d\t" % k for k in range(int(ids.max()) + 1)]
    pieces = [b""] * (4 * len(ids))
    pieces[1::4] = [numbers[k] for k in ids.tolist()]
    pieces[2::4] = [forms[k] for k in which.tolist()]
    pieces[3::4] = [_REST[k] for k in space.tolist()]
    sizes, lines = np.zeros(len(ids), np.int64), np.ones(len(ids), np.int64)
    places = list(before)
    sizes[places] = [len(each) for each in before.values()]
    lines[places] = [1 + each.count(b"\n") for each in before.values()]
    for w, each in before.items():
        pieces[4 * w] = each
    source = b"".join(pieces)[1:] + b"\n"  # no blank line before the first sentence, but one after the last
    line_sizes = np.array([len(each) for each in forms])[which] + _REST_SIZE.take(space)
    begin = offsets(sizes + _POWERS.searchsorted(ids, side="right") + 2 + line_sizes)
    end = begin[1:] - 1
    fields = np.empty((len(ids), COLUMNS + 1), np.int64)
    fields[:, FORM] = end - line_sizes
    fields[:, ID] = begin[:-1] + sizes - 1
    fields[:, LEMMA:] = end[:, None] - _FROM_END.take(space, axis=0)
    return source, fields, begin, lines.cumsum() - 1
