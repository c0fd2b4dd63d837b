"""Reading and writing CoNLL-U in blocks of whole sentences; what is canonical comes back byte for byte.
Format: https://universaldependencies.org/format.html; CoNLL-X (Buchholz and Marsi 2006) has the same ten columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

import numpy as np

from clearparse.errors import FileError
from clearparse.io.files import PathLike, atomic_output, open_input, shown_name
from clearparse.treebank.block import Block, Sentence
from clearparse.treebank.columns import (
    DEPREL,
    DEPS,
    FEATS,
    FORM,
    HEAD,
    ID,
    LEMMA,
    MISC,
    UPOS,
    XPOS,
    check_not_empty,
    count_lines,
    find_rows,
    join_paragraphs,
    last_sentence_end,
    strip_lines,
)
from clearparse.treebank.identifiers import find_words, quoted
from clearparse.treebank.ragged import offsets
from clearparse.treebank.tree import in_cycle, roots_per_sentence, sentence_of

__all__ = [
    "DEPREL", "DEPS", "FEATS", "FORM", "HEAD", "ID", "LEMMA", "MISC", "UPOS", "XPOS",
    "Block", "Sentence", "Text", "parse_block", "read_blocks", "read_conllu", "read_texts", "write_conllu",
]  # fmt: skip

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BLOCK_BYTES = 1 << 20


def read_blocks(path: PathLike, *, trees: bool, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """The sentences of a CoNLL-U file (``-``: standard input) in blocks of about block_bytes.

    trees: HEAD and DEPREL of every word must be there and form trees with at least one root; without it they
    are not looked at. At most a block and a sentence are in memory. Raises FileError at the first bad line.
    """
    return (text.block(trees=trees) for text in read_texts(path, block_bytes=block_bytes))


class Text(NamedTuple):
    """Whole sentences as they stand in a file, the first line of which has the number `line` there."""

    text: bytes
    path: str
    line: int

    def block(self, *, trees: bool) -> Block:
        """The block of these sentences. Raises FileError at the first bad line."""
        return _build(self.text, self.path, self.line, trees=trees)


def read_texts(path: PathLike, *, block_bytes: int = BLOCK_BYTES) -> Iterator[Text]:
    """The sentences of a file in texts of about block_bytes, not yet checked. Raises FileError if it cannot be read."""
    line = 1
    with open_input(path) as stream:
        for text in _whole_sentences(stream, block_bytes):
            yield Text(text, shown_name(path), line)
            line += count_lines(text)


def parse_block(text: bytes, *, path: str = "<text>", trees: bool = False) -> Block:
    """The same for text in memory: one block."""
    text = text.removeprefix(BYTE_ORDER_MARK)
    return _build(strip_lines(text if text.endswith(b"\n") else text + b"\n"), path, 1, trees=trees)


def read_conllu(path: PathLike, *, trees: bool = False) -> Iterator[Sentence]:
    """The sentences of a CoNLL-U file, one by one; errors and `trees` as in read_blocks."""
    for block in read_blocks(path, trees=trees):
        yield from block


def write_conllu(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Write sentences to a file that appears whole or not at all. Raises FileError if it cannot be written."""
    with atomic_output(path) as stream:
        for sentence in sentences:
            stream.write(sentence.conllu)


def _whole_lines(stream: BinaryIO, block_bytes: int) -> Iterator[bytes]:
    """The bytes of a stream, cut behind newlines; a last line without one gets it."""
    parts: list[bytes] = []
    at_start = True
    while chunk := stream.read(block_bytes):
        cut = chunk.rfind(b"\n") + 1
        if cut:
            text = b"".join([*parts, chunk[:cut]])
            yield text.removeprefix(BYTE_ORDER_MARK) if at_start else text
            parts, at_start = [], False
        parts.append(chunk[cut:])
    if text := b"".join(parts):
        yield (text.removeprefix(BYTE_ORDER_MARK) if at_start else text) + b"\n"


def _whole_sentences(stream: BinaryIO, block_bytes: int) -> Iterator[bytes]:
    """The stripped lines of a stream, cut behind blank lines that end sentences.

    Lines of a sentence that has not ended are held as they came, so that a long sentence is copied only once.
    """
    held: list[bytes] = []  # the last of them is the last line: the next may be the blank line behind it
    for lines in _whole_lines(stream, block_bytes):
        text = strip_lines(lines)
        if held:
            text = held.pop() + text
        cut = last_sentence_end(text)
        if cut:
            yield b"".join([*held, text[:cut]])
            held, text = [], text[cut:]
        if text:
            last = text.rfind(b"\n", 0, -1) + 1
            held += [text[:last], text[last:]]
    if held:
        yield b"".join(held)


def _build(text: bytes, path: str, first: int, *, trees: bool) -> Block:
    """The block of stripped lines, the first of which has the number `first` in the file."""
    try:
        _check_characters(text, path, first)
        if not text.endswith(b"\n\n"):
            text += b"\n"
        return _find_columns(text, path, first, trees=trees)
    except FileError as error:
        # One thing is checked after another: an earlier sentence may be wrong in what is checked later.
        earlier = _before_sentence(text, (error.line or first) - first)
        if earlier:
            _build(earlier, path, first, trees=trees)
        raise


def _before_sentence(text: bytes, line: int) -> bytes:
    """The text before the paragraph that holds a line, counted from 0."""
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    start = int(ends[line - 1]) + 1 if line else 0
    return text[: text.rfind(b"\n\n", 0, start) + 1]


def _check_characters(text: bytes, path: str, first: int) -> None:
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


def _find_columns(text: bytes, path: str, first: int, *, trees: bool) -> Block:
    text, lines = join_paragraphs(text, first)
    rows = find_rows(text, lines, path)
    word = find_words(text, rows, path)
    check_not_empty(rows, path, trees=trees)
    ends = lines.end[lines.blank] + 1
    words = np.bincount(rows.sentence[word], minlength=len(ends))
    block = Block(
        path=path,
        source=text,
        fields=rows.fields[word],
        sentences=offsets(words),
        spans=np.concatenate([[0], ends]),
        lines=rows.line[word],
    )
    if trees:
        _check_trees(block)
    return block


def _check_trees(block: Block) -> None:
    """Raises FileError at the first word or sentence whose HEADs are not a tree (several roots are let pass)."""
    heads, sentences = block.heads(), block.sentences
    lengths = np.diff(sentences)
    sentence = sentence_of(sentences)
    place = np.arange(len(heads)) - sentences[sentence] + 1
    wrong = (heads < 0) | (heads > lengths[sentence]) | (heads == place)
    if wrong.any():
        word = int(np.argmax(wrong))
        raise _tree_error(block, word, _about_head(block, word, int(place[word]), int(lengths[sentence[word]])))
    rootless = roots_per_sentence(heads, sentences) == 0
    if rootless.any():
        first_word = int(sentences[np.argmax(rootless)])
        raise _tree_error(block, first_word, "no word of the sentence has HEAD 0, the root")
    cyclic = in_cycle(heads, sentences)
    if cyclic.any():
        word = int(np.argmax(cyclic))
        raise _tree_error(block, word, f"word {place[word]} is in a cycle: HEADs lead from it back to it")


def _about_head(block: Block, word: int, place: int, length: int) -> str:
    start, end = block.fields[word, HEAD], block.fields[word, DEPREL] - 1
    value = block.source[start:end]
    if value == b"_":
        return f"word {place} has no HEAD: training and scoring need annotated trees"
    head = block.heads()[word]
    if head < 0:
        return f"HEAD of word {place} is {quoted(value)}, not a whole number"
    if head == place:
        return f"word {place} is its own HEAD"
    return f"HEAD of word {place} is {head} in a sentence of {length} word{'s' * (length != 1)}"


def _tree_error(block: Block, word: int, message: str) -> FileError:
    sentence = block[int(np.searchsorted(block.sentences, word, side="right")) - 1]
    known = f" (sent_id {sentence.sent_id})" if sentence.sent_id else ""
    return FileError(block.path, message + known, int(block.lines[word]))
