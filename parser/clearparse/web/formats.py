r"""UDPipe's input and output formats other than CoNLL-U: horizontal, vertical and plaintext.

Lines end at LF or CRLF only. Format: https://ufal.mff.cuni.cz/udpipe/1/users-manual (running UDPipe).
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator

from clearparse.treebank.conllu import Block, Sentence
from clearparse.treebank.ranges import spaces_around
from clearparse.treebank.tokens import PARAGRAPH_START, block_of_words
from clearparse.web.limits import BAD_REQUEST, RefusalError

INPUTS = ("conllu", "conllu=v2", "generic", "generic_tokenizer", "horizontal", "vertical")
RAW_TEXT = ("generic", "generic_tokenizer")
OUTPUTS = (
    *("conllu", "conllu=v2", "horizontal", "horizontal=paragraphs", "vertical", "vertical=paragraphs"),
    *("plaintext", "plaintext=normalized_spaces"),
)

MAX_MARKS = 100
_POSSIBLE_MARKS = re.compile(rf"[^\w\s\x00-\u02ff]{{{MAX_MARKS},}}")
_SPACES = re.compile(r"[ \t\r]+")


def nfc(data: str) -> str:
    """The text in the Unicode form NFC.

    Raises RefusalError for MAX_MARKS combining marks in a row: normalization takes time quadratic in their number.
    """
    for run in _POSSIBLE_MARKS.finditer(data):
        for is_mark, group in itertools.groupby(run[0], lambda character: unicodedata.category(character)[0] == "M"):
            if is_mark and sum(1 for _ in group) >= MAX_MARKS:
                raise RefusalError(BAD_REQUEST, f"The data has {MAX_MARKS} combining marks in a row.")
    return unicodedata.normalize("NFC", data)


def lines_of(data: str) -> list[str]:
    """The lines of a text, which end at LF only: U+2028, U+0085 and others are characters within a line."""
    return [line.removesuffix("\r") for line in data.split("\n")]


def read_words(data: str, input_format: str) -> Block:
    """The sentences of a text in the format `horizontal` or `vertical`, with forms only."""
    return block_of_words(READERS[input_format](data))


Sentences = Iterator[tuple[list[str], list[str]]]  # the comments that begin a document or a paragraph, and the words


def _horizontal(data: str) -> Sentences:
    """One sentence in each line, its words separated by spaces or tabs; a no-break space is a space in a word."""
    opening = ["# newdoc", "# newpar"]
    for line in lines_of(data):
        words = [word.replace("\xa0", " ").strip(" ") for word in _SPACES.split(line)]
        if any(words):
            yield opening, list(filter(None, words))
            opening = []
        else:
            opening = opening or ["# newpar"]


def _vertical(data: str) -> Sentences:
    """One word in each line, a blank line after each sentence, two after a paragraph; all after a tab is ignored."""
    opening, words = ["# newdoc", "# newpar"], list[str]()
    for line in [*lines_of(data), ""]:
        word = line.partition("\t")[0].strip(" ")
        if word:
            words.append(word)
        elif words:
            yield opening, words
            opening, words = [], []
        else:
            opening = opening or ["# newpar"]


READERS: dict[str, Callable[[str], Sentences]] = {"horizontal": _horizontal, "vertical": _vertical}


class OutputWriter:
    """Writes consecutive blocks in one of OUTPUTS."""

    def __init__(self, output: str) -> None:
        self._format, _, self._option = output.partition("=")
        self._sentences = 0  # that were written
        self._space: str | None = None  # after the last token of plain text, unless MISC has SpacesAfter

    def write(self, block: Block) -> str:
        """The next block."""
        if self._format == "conllu":
            return block.text.decode()
        return "".join(self._write_sentence(sentence) for sentence in block)

    def _write_sentence(self, sentence: Sentence) -> str:
        opens = self._sentences > 0 and any(map(PARAGRAPH_START.match, sentence.comments))
        self._sentences += 1
        blank = "\n" if opens and self._option else ""
        if self._format == "horizontal":
            return blank + " ".join(form.replace(" ", "\xa0") for form in sentence.forms) + "\n"
        if self._format == "vertical":
            return blank + "".join(f"{form}\n" for form in sentence.forms) + "\n"
        if self._option:
            text = "".join(form + " " * (after != "") for form, _, after in _spaced(sentence))
            return f"{blank}{text.rstrip(' ')}\n"
        return "".join(self._plain(sentence, opens=opens))

    def _plain(self, sentence: Sentence, *, opens: bool) -> Iterator[str]:
        """Its text with the spaces in MISC; a blank line before a paragraph if MISC has none."""
        if opens and self._space is not None:
            self._space = "\n\n"
        for form, before, after in _spaced(sentence):
            yield (self._space or "") + before + form
            self._space = after if after in ("", " ") else None
            if self._space is None:
                yield after


def _spaced(sentence: Sentence) -> Iterator[tuple[str, str, str]]:
    """The tokens of a sentence, each with the spaces before and after it by its MISC."""
    for token in sentence.tokens:
        yield token.form, *spaces_around(token.misc)
