"""The words of whole sentences as a table with the columns of CoNLL-U.

A table keeps the bytes that it was read from: those that are not edited are written back unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from clearparse.treebank.columns import (
    DEPREL,
    FEATS,
    FORM,
    HEAD,
    MISC,
    Mask,
    check_characters,
    check_not_empty,
    find_rows,
    join_paragraphs,
    numbers,
)
from clearparse.treebank.edits import ALL, Edit, check_values
from clearparse.treebank.identifiers import find_words
from clearparse.treebank.ragged import Offsets, offsets
from clearparse.treebank.ranges import RawText, multiword_rows, range_misc

PART = 2048  # words written at a time: their bytes stay in the processor's cache

T = TypeVar("T", bound="WordTable")


@dataclass(frozen=True, eq=False, repr=False)
class WordTable:
    """The words of whole sentences, by columns. Multiword tokens and empty nodes are kept in the text only.

    A table never changes: with_columns, with_trees and with_misc return a new one, which shares the source and adds
    the new values as edits. CoNLL-U is written only when `text` is read; all bytes that were not edited stay as they
    were in the source.

    The last table of a file may end in comments, or hold comments only: then it has no sentences.
    """

    path: str  # for error messages
    source: bytes  # the CoNLL-U text that the table was read from
    fields: Offsets  # (words, 11): source[fields[w, c] : fields[w, c + 1] - 1] is column c of word w
    sentences: Offsets  # (S + 1,): the words of sentence s are sentences[s] : sentences[s + 1]
    spans: Offsets  # (S + 1,): sentence s, with comments and blank line, is source[spans[s] : spans[s + 1]]
    lines: Offsets  # (words,) line number of each word in the file
    edits: tuple[Edit, ...] = ()  # ordered by column, none overlap
    raw: RawText | None = None  # the raw text that the sentences come from
    ranges: Offsets | None = None  # (words, 2): start and end of the token of each word in the raw text, in code points

    @classmethod
    def from_lines(cls: type[T], text: bytes, path: str, first: int, *, trees: bool) -> T:
        """The table of stripped CoNLL-U lines (see columns.strip_lines). first: line number of the first one.

        trees: every word must have a HEAD and a DEPREL, which are not checked further. Raises FileError at a bad line.
        """
        check_characters(text, path, first)
        text, lines = join_paragraphs(text, first)
        rows = find_rows(text, lines, path)
        word = find_words(text, rows, path)
        check_not_empty(rows, word, path, trees=trees)
        ends = lines.end[lines.blank] + 1
        sentences = offsets(np.bincount(rows.sentence[word], minlength=len(ends)))
        return cls(path, text, rows.fields[word], sentences, offsets(np.diff(ends, prepend=0)), rows.line[word])

    def __len__(self) -> int:
        return len(self.sentences) - 1

    def part(self: T, start: int, stop: int) -> T:
        """The sentences start to stop as a table of their own; 0 <= start <= stop <= sentences."""
        first, last = self.sentences[[start, stop]].tolist()
        begin, end = self.spans[[start, stop]].tolist()
        return replace(
            self,
            source=self.source[begin:end],
            fields=self.fields[first:last] - begin,
            sentences=self.sentences[start : stop + 1] - first,
            spans=self.spans[start : stop + 1] - begin,
            lines=self.lines[first:last],
            edits=tuple(edit._replace(values=edit.values[first:last]) for edit in self.edits),
            ranges=None if self.ranges is None else self.ranges[first:last],
        )

    @property
    def n_words(self) -> int:
        """The number of words; multiword ranges and empty nodes do not count."""
        return len(self.fields)

    @cached_property
    def text(self) -> bytes:
        """The table as CoNLL-U: the source, with the new values in place of the edited columns."""
        if not self.edits:
            return self.source
        texts, begin, after = [], 0, self.edits[-1].last + 1
        for first in range(0, self.n_words, PART):
            words = slice(first, first + PART)
            texts.append(self._written(words, begin))
            begin = int(self.fields[words][-1, after]) - 1
        return b"".join([*texts, self.source[begin:]])

    def _written(self, words: slice, begin: int) -> bytes:
        """The text from `begin` in the source to the last edited column of some words."""
        source, fields, step = self.source, self.fields[words], 2 * len(self.edits)
        starts = fields[:, self.edits[0].first].tolist()
        ends = (fields[:, self.edits[-1].last + 1] - 1).tolist()
        pieces = [b""] * (step * len(fields))
        pieces[0::step] = [source[a:b] for a, b in zip([begin, *ends[:-1]], starts, strict=True)]
        for k, edit in enumerate(self.edits):
            pieces[2 * k + 1 :: step] = edit.values[words]
            if k:
                pieces[2 * k :: step] = self._between(fields, self.edits[k - 1].last, edit.first)
        return b"".join(pieces)

    def _between(self, fields: Offsets, last: int, first: int) -> list[bytes]:
        """What separates column `last` of words from column `first`: a tab, or the columns between them and two."""
        if last + 1 == first:
            return [b"\t"] * len(fields)
        starts, ends = (fields[:, last + 1] - 1).tolist(), fields[:, first].tolist()
        return [self.source[start:end] for start, end in zip(starts, ends, strict=True)]

    def column(self, column: int) -> list[bytes]:
        """(words,) One column of all words."""
        return self.columns(column, column)

    def is_empty(self, column: int) -> bool:
        """Whether the column is ``_`` in all words."""
        for edit in self.edits:
            if edit.first <= column <= edit.last:
                k = column - edit.first
                return all(value.split(b"\t")[k] == b"_" for value in set(edit.values))
        start, end = self.fields[:, column], self.fields[:, column + 1] - 1
        return bool((end - start == 1).all()) and set(self.column(column)) <= {b"_"}

    def empty_sentences(self, first: int, last: int) -> Mask:
        """(S,) Whether the columns first to last are ``_`` in all words of a sentence."""
        empty = b"\t".join([b"_"] * (last - first + 1))
        words = np.fromiter((value == empty for value in self.columns(first, last)), np.bool_, self.n_words)
        return np.logical_and.reduceat(words, self.sentences[:-1]) if len(self) else words

    def columns(self, first: int, last: int, words: slice = ALL) -> list[bytes]:
        """(words,) The columns first to last of some words, by default of all: one value per word, tabs between."""
        parts: list[Sequence[bytes]] = []
        column = first
        while column <= last:
            edit = next((edit for edit in self.edits if edit.last >= column), None)
            if edit and edit.first <= column:
                end = min(last, edit.last)
                parts.append(edit.columns(column, end, words))
            else:
                end = min(last, edit.first - 1) if edit else last
                parts.append(self._source_columns(column, end, words))
            column = end + 1
        return list(parts[0]) if len(parts) == 1 else list(map(b"\t".join, zip(*parts, strict=True)))

    def _source_columns(self, first: int, last: int, words: slice) -> list[bytes]:
        fields, source = self.fields[words], self.source
        starts, ends = fields[:, first].tolist(), (fields[:, last + 1] - 1).tolist()
        return [source[start:end] for start, end in zip(starts, ends, strict=True)]

    def word_keys(self) -> list[bytes]:
        """(words,) FORM to FEATS of each word, tabs between: words with the same key have the same rows of L."""
        return self.columns(FORM, FEATS)

    def heads(self) -> NDArray[np.int32]:
        """(words,) HEAD: 0 for the root, -1 where it is not a number (never if read with trees=True)."""
        if not any(edit.first <= HEAD <= edit.last for edit in self.edits):
            return numbers(self.source, self.fields[:, HEAD], self.fields[:, DEPREL] - 1).astype(np.int32)
        values = self.column(HEAD)
        ends = np.cumsum(np.fromiter(map(len, values), np.int64, len(values)) + 1) - 1
        starts = np.concatenate([[0], ends + 1])[:-1]
        return numbers(b"\t".join(values), starts, ends).astype(np.int32)

    def with_columns(self: T, first: int, last: int, values: Sequence[bytes]) -> T:
        """The table with new values (words,) in the columns first to last, tabs between the columns of a word.

        Raises ValueError if there are too few or too many values, or if one does not fit these columns.
        """
        if len(values) != self.n_words:
            raise ValueError(f"{len(values)} values for {self.n_words} words")
        check_values(values, first, last)
        return self._with(Edit(first, last, values))

    def _with(self: T, *new: Edit) -> T:
        """The table with more edits, of neighboring columns. Of earlier ones, the columns not replaced are kept."""
        edits = [*new]
        begin, end = new[0].first, new[-1].last
        for old in self.edits:
            for first, last in ((old.first, min(old.last, begin - 1)), (max(old.first, end + 1), old.last)):
                if first <= last:
                    edits.append(Edit(first, last, old.columns(first, last)))
        edits.sort()  # by the first column: none begin with the same one
        return replace(self, edits=tuple(edits))

    def with_trees(self: T, heads: NDArray[np.integer], deprels: Sequence[bytes]) -> T:
        """The table with new heads (words,) and deprels (words,).

        Raises ValueError if there are too few or too many, if a head is outside its sentence, or if a deprel is empty
        or would break the line.
        """
        self._check_trees(heads, deprels)
        written = [b"%d" % head for head in range(int(heads.max(initial=0)) + 1)]
        values = [written[head] for head in heads.tolist()]
        return self._with(Edit(HEAD, HEAD, values), Edit(DEPREL, DEPREL, deprels))

    def with_misc(self: T, values: Sequence[bytes], key: bytes) -> T:
        """The table with key=value (words,) in MISC: in place of an earlier value of that key, or after the rest."""
        prefix, edited = key + b"=", []
        for misc, value in zip(self.column(MISC), values, strict=True):
            others = [each for each in misc.split(b"|") if each != b"_" and not each.startswith(prefix)]
            edited.append(b"|".join([*others, prefix + value]))
        return self.with_columns(MISC, MISC, edited)

    def with_spaces(self: T) -> T:
        r"""The table with the spaces around each token in MISC, as UDPipe writes them.

        ``SpacesAfter=\s\n`` where other than one space follows (``SpaceAfter=No`` where none does), ``SpacesBefore=``
        at the start of the text, and ``SpacesInToken=`` where a token has other spaces in the text than in its form:
        the forms and these give the raw text again. Raises ValueError if the sentences do not come from raw text.
        """
        return self._with_raw_text(ranges=False, spaces=True)

    def with_ranges(self: T, *, spaces: bool = True) -> T:
        """The table with ``TokenRange=start:end`` in MISC, as UDPipe writes it: code points of the raw text.

        A multiword token has one, its words have none. spaces: as with_spaces, too. Raises ValueError: see with_spaces.
        """
        return self._with_raw_text(ranges=True, spaces=spaces)

    def _with_raw_text(self: T, *, ranges: bool, spaces: bool) -> T:
        if self.raw is None or self.ranges is None:
            raise ValueError("these sentences do not come from raw text")
        rows = multiword_rows(self)
        is_token = np.ones(self.n_words, np.bool_)  # is the word, or the multiword token that it begins, a token?
        for row in rows:
            is_token[row.word + 1 : row.word + row.words] = False
        multiword = {row.word: row for row in rows}
        token = np.flatnonzero(is_token)
        misc, forms = self.column(MISC), self.column(FORM)
        of_tokens = [
            (multiword[w].form, multiword[w].misc) if w in multiword else (forms[w], misc[w]) for w in token.tolist()
        ]
        values = range_misc(self.raw, self.ranges[token], of_tokens, with_ranges=ranges, spaces=spaces)
        of_rows = []
        for w, value in zip(token.tolist(), values, strict=True):
            if w in multiword:
                of_rows.append(value)
            else:
                misc[w] = value
        return self._with_source([row.span for row in rows], of_rows).with_columns(MISC, MISC, misc)

    def _with_source(self: T, spans: Sequence[tuple[int, int]], values: Sequence[bytes]) -> T:
        """The table with other bytes in some spans of its source, in order and outside the words."""
        if not spans:
            return self
        starts, ends = (np.array(each) for each in zip(*spans, strict=True))
        kept = zip([0, *ends.tolist()], [*starts.tolist(), len(self.source)], strict=True)
        pieces = [self.source[start:end] for start, end in kept]
        source = pieces[0] + b"".join(value + piece for value, piece in zip(values, pieces[1:], strict=True))
        shift = offsets(np.array([len(value) for value in values]) - (ends - starts))

        def moved(places: Offsets) -> Offsets:
            return places + shift[np.searchsorted(ends, places, side="right")]

        return replace(self, source=source, fields=moved(self.fields), spans=moved(self.spans))

    def _check_trees(self, heads: NDArray[np.integer], deprels: Sequence[bytes]) -> None:
        words = self.n_words
        if len(heads) != words or len(deprels) != words:
            raise ValueError(f"{len(heads)} heads and {len(deprels)} deprels for {words} words")
        lengths = self.sentences[1:] - self.sentences[:-1]
        if np.count_nonzero((heads < 0) | (heads > lengths.repeat(lengths))):
            raise ValueError("a head is outside its sentence")
        check_values(deprels, DEPREL, DEPREL)
