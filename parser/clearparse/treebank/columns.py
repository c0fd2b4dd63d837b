"""CoNLL-U bytes as arrays of offsets: lines, columns and the numbers in them, all lines at once.

Errors name the first line that breaks a rule.
"""

from __future__ import annotations

from typing import NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from clearparse.errors import FileError
from clearparse.treebank.ragged import Offsets

ID, FORM, LEMMA, UPOS, XPOS, FEATS, HEAD, DEPREL, DEPS, MISC = range(10)
NAMES = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
COLUMNS = len(NAMES)

PLAIN_TEXT_HINT = "plain text is parsed with --input text"
Mask = NDArray[np.bool_]

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
TAB, NEWLINE, SPACE, HASH, HYPHEN, DOT, ZERO = b"\t\n #-.0"
MAX_DIGITS = 9  # of a number; a sentence has fewer than 10**9 words


class Lines(NamedTuple):
    """The lines of a text, each ending with a newline: all arrays (lines,)."""

    start: Offsets
    end: Offsets  # of the newline
    number: Offsets  # line number in the file
    blank: Mask
    comment: Mask

    @property
    def row(self) -> Mask:
        """(lines,) Does the line hold a word, a multiword token or an empty node?"""
        return ~(self.blank | self.comment)


class TokenRows(NamedTuple):
    """The lines of words, multiword tokens and empty nodes."""

    fields: Offsets  # (rows, 11): text[fields[r, c] : fields[r, c + 1] - 1] is column c
    line: Offsets  # (rows,) line number in the file
    sentence: Offsets  # (rows,)


def as_codes(text: bytes) -> NDArray[np.uint8]:
    """(len(text),) The bytes as an array."""
    return np.frombuffer(text, np.uint8)


def split_lines(text: bytes, first: int = 1) -> Lines:
    """The lines of a text that ends with a newline or is empty. first: line number of its first line."""
    codes = as_codes(text)
    end = np.flatnonzero(codes == NEWLINE)
    start = np.zeros_like(end)
    start[1:] = end[:-1] + 1
    number = np.arange(first, first + len(end))
    return Lines(start, end, number, start == end, codes[start] == HASH)


def count_lines(text: bytes) -> int:
    """The number of newlines; several times as fast as bytes.count if lines are short."""
    return int(np.count_nonzero(as_codes(text) == NEWLINE))


def strip_lines(text: bytes) -> bytes:
    """The text with LF for CRLF, no spaces after the last column, and blank lines for lines of whitespace.

    The number of lines stays the same.
    """
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    codes = as_codes(text)
    before, newline = codes[:-1], codes[1:] == NEWLINE
    if not (((before == SPACE) | (before == TAB)) & newline).any():
        return text
    lines = split_lines(text)
    spaces = codes == SPACE
    blanks = spaces | (codes == TAB)
    white = _content_end(blanks, lines) == lines.start
    keep = np.where(lines.comment, lines.end, np.where(white, lines.start, _content_end(spaces, lines)))
    if np.array_equal(keep, lines.end):
        return text
    change = np.zeros(len(codes) + 1, np.int8)
    change[keep] += 1
    change[lines.end] -= 1
    kept: bytes = codes[np.cumsum(change[:-1], dtype=np.int8) == 0].tobytes()
    return kept


def _content_end(empty: Mask, lines: Lines) -> Offsets:
    """(lines,) The end of each line without the bytes at its end for which `empty` (bytes,) is true."""
    solid = np.flatnonzero(~empty)
    before = np.searchsorted(solid, lines.end) - 1
    last = np.where(before < 0, -1, solid[before])
    ends: Offsets = np.maximum(last + 1, lines.start)
    return ends


def join_paragraphs(text: bytes, first: int) -> tuple[bytes, Lines]:
    """The text with exactly one blank line after each sentence and no others; and its lines, with their old numbers.

    Comments that blank lines separate from their sentence are joined to it.
    """
    lines = split_lines(text, first)
    superfluous = lines.blank.copy()
    superfluous[1:] &= ~lines.row[:-1]
    if not superfluous.any():
        return text, lines
    shift = np.cumsum(superfluous)
    text = np.delete(as_codes(text), lines.end[superfluous]).tobytes()
    kept, shift = ~superfluous, shift[~superfluous]
    start, end = lines.start[kept] - shift, lines.end[kept] - shift
    return text, Lines(start, end, lines.number[kept], lines.blank[kept], lines.comment[kept])


def last_sentence_end(text: bytes) -> int:
    """The offset after the last blank line that ends a sentence, 0 if there is none. text: complete lines."""
    cut = text.rfind(b"\n\n")
    if cut < 0:
        return 0
    start = text.rfind(b"\n", 0, cut) + 1
    if start < cut and text[start] != HASH:
        return cut + 2
    lines = split_lines(text)
    ends = np.flatnonzero(lines.blank[1:] & lines.row[:-1])
    return int(lines.end[ends[-1] + 1]) + 1 if len(ends) else 0


def find_rows(text: bytes, lines: Lines, path: str) -> TokenRows:
    """The rows of a text whose sentences end with one blank line each.

    Raises FileError if a row does not have ten columns, or if there is a comment inside a sentence.
    """
    inside = np.flatnonzero(lines.comment[1:] & lines.row[:-1])
    if len(inside):
        message = "a comment inside a sentence; comments must come before its first word"
        raise FileError(path, message, int(lines.number[inside[0] + 1]))
    row = lines.row
    start, end = lines.start[row], lines.end[row]
    tabs = _tabs_of_rows(text, lines)
    if len(tabs) != (COLUMNS - 1) * len(start):
        _raise_columns(text, lines, path)
    inner = tabs.reshape(-1, COLUMNS - 1)
    if (inner[:, 0] < start).any() or (inner[:, -1] > end).any():
        _raise_columns(text, lines, path)
    fields = np.empty((len(start), COLUMNS + 1), np.int64)
    fields[:, 0] = start
    np.add(inner, 1, out=fields[:, 1:-1])
    fields[:, -1] = end + 1
    sentence: Offsets = np.cumsum(lines.blank, dtype=np.int64)[row]
    return TokenRows(fields, lines.number[row], sentence)


def _tabs_of_rows(text: bytes, lines: Lines) -> Offsets:
    """The offsets of all tabs outside comments."""
    codes = as_codes(text)
    tabs = np.flatnonzero(codes == TAB)
    if len(tabs) == (COLUMNS - 1) * np.count_nonzero(lines.row):
        return tabs  # if there are tabs in comments, as many are missing in rows: find_rows notices
    return tabs[~lines.comment[np.searchsorted(lines.end, tabs)]]


def _raise_columns(text: bytes, lines: Lines, path: str) -> NoReturn:
    for start, end, number in zip(*(a[lines.row].tolist() for a in lines[:3]), strict=True):
        row = text[start:end]
        count = row.count(b"\t") + 1
        if count != COLUMNS:
            raise FileError(path, _about_columns(row, count), number)
    raise AssertionError("every row has ten columns")


def _about_columns(row: bytes, count: int) -> str:
    message = f"{count} column{'s' * (count > 1)}, a CoNLL-U line has 10, separated by tabs"
    if count == 14:
        return f"{message} (a file with 14 is CoNLL-2009; convert it first)"
    if count == 1 and len(row.split()) >= COLUMNS:
        return f"{message}, not by spaces"
    if count == 1:
        return f"{message}; {PLAIN_TEXT_HINT}"
    if count > COLUMNS:
        return f"{message}; CoNLL-U Plus names its columns in the first line: # global.columns = ID FORM ..."
    return message


def check_characters(text: bytes, path: str, first: int) -> None:
    """Raises FileError if the text is not UTF-8 or has a carriage return inside a line. first: its first line."""
    if not text.isascii():
        try:
            text.decode()
        except UnicodeDecodeError as error:
            message = f"not UTF-8 text (byte 0x{text[error.start]:02X})"
            raise FileError(path, message, first + text.count(b"\n", 0, error.start)) from None
    lone = text.find(b"\r")
    if lone >= 0:
        message = "a carriage return inside the line; lines end with LF or CRLF"
        raise FileError(path, message, first + text.count(b"\n", 0, lone))


def check_not_empty(rows: TokenRows, word: Mask, path: str, *, trees: bool) -> None:
    """Raises FileError if a column is empty; HEAD and DEPREL of words, word (rows,), may be empty unless `trees`."""
    empty = np.diff(rows.fields, axis=1) == 1
    if not trees:
        for column in (HEAD, DEPREL):
            empty[word, column] = False
    if empty.any():
        row, column = np.argwhere(empty)[0]
        raise FileError(path, f"column {NAMES[column]} is empty; write _ for no value", int(rows.line[row]))


def numbers(text: bytes, start: Offsets, end: Offsets) -> Offsets:
    """(n,) The integers text[start : end]; -1 where this is not an integer, or has a leading zero."""
    codes = as_codes(text)
    length = end - start
    good = (length > 0) & (length <= MAX_DIGITS)
    value = np.zeros(len(length), np.int64)
    which = np.flatnonzero(good)
    for k in range(MAX_DIGITS):  # the last digit of all, then the one before it of those that have it, and so on
        which = which[length[which] > k]
        if not len(which):
            break
        digit = codes[end[which] - 1 - k] - np.uint8(ZERO)  # other characters wrap around to more than 9
        good[which[digit > 9]] = False
        value[which] += digit.astype(np.int64) * 10**k  # widened first: NumPy 1 would compute in 8 bits
    good &= (length == 1) | (codes[np.minimum(start, len(codes) - 1)] != ZERO)
    return np.where(good, value, -1)
