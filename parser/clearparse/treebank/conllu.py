"""Read and write CoNLL-U in blocks of complete sentences; canonical files round-trip byte for byte.

Format: https://universaldependencies.org/format.html; CoNLL-X (Buchholz and Marsi 2006) has the same ten columns, and
CoNLL-U Plus is converted on reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

import numpy as np

from clearparse.errors import FileError
from clearparse.io.files import PathLike, atomic_output, open_input, shown_name
from clearparse.treebank.block import Block
from clearparse.treebank.columns import (
    BYTE_ORDER_MARK,
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
    count_lines,
    last_sentence_end,
    split_lines,
    strip_lines,
)
from clearparse.treebank.conllu_plus import as_conllu
from clearparse.treebank.identifiers import quoted
from clearparse.treebank.sentence import Sentence
from clearparse.treebank.tree import in_cycle, roots_per_sentence, sentence_of

__all__ = [
    "DEPREL", "DEPS", "FEATS", "FORM", "HEAD", "ID", "LEMMA", "MISC", "UPOS", "XPOS",
    "Block", "ConlluText", "Sentence", "parse_block", "read_blocks", "read_conllu", "read_texts", "write_conllu",
]  # fmt: skip

BLOCK_BYTES = 1 << 20
MAX_LINE_BYTES = 64 << 20
MAX_COMMENT_BYTES = 8 << 20  # before a sentence


def read_blocks(path: PathLike, *, trees: bool, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """The sentences of a CoNLL-U file (``-``: standard input) in blocks of about block_bytes.

    trees: HEAD and DEPREL must form trees with at least one root; otherwise they are not checked. At most a block and
    a sentence are in memory, whose comments and lines are limited. Raises FileError at the first bad line.
    """
    return (text.block(trees=trees) for text in read_texts(path, block_bytes=block_bytes))


class ConlluText(NamedTuple):
    """Complete sentences of a file, not yet checked. line: line number of the first line."""

    text: bytes
    path: str
    line: int

    def block(self, *, trees: bool) -> Block:
        """The block of these sentences. Raises FileError at the first bad line."""
        return _build(self.text, self.path, self.line, trees=trees)


def read_texts(
    path: PathLike, *, block_bytes: int = BLOCK_BYTES, stream: BinaryIO | None = None
) -> Iterator[ConlluText]:
    """The sentences of a file in texts of about block_bytes. Raises FileError if it cannot be read.

    stream: of the file, if it has been opened.
    """
    line, name = 1, shown_name(path)
    with stream or open_input(path) as opened:
        try:
            for text in _whole_sentences(as_conllu(_whole_lines(opened, block_bytes), name)):
                yield ConlluText(text, name, line)
                line += count_lines(text)
        except _EndlessError as error:
            raise FileError(name, str(error), line) from None


class _EndlessError(Exception):
    """No end of a line or of comments is found within reason; the message says which."""


def parse_block(text: bytes, *, path: str = "<text>", trees: bool = False) -> Block:
    """The block of a CoNLL-U text in memory; `trees` and errors as in read_blocks, with `path` as the name."""
    text = text.removeprefix(BYTE_ORDER_MARK)
    (text,) = as_conllu([text if text.endswith(b"\n") else text + b"\n"], path)
    return _build(strip_lines(text), path, 1, trees=trees)


def read_conllu(path: PathLike, *, trees: bool = False) -> Iterator[Sentence]:
    """The sentences of a CoNLL-U file, one by one; `trees` and errors as in read_blocks."""
    for block in read_blocks(path, trees=trees):
        yield from block


def write_conllu(sentences: Iterable[Sentence], path: PathLike) -> None:
    """Write sentences to a file atomically. Raises FileError if it cannot be written."""
    with atomic_output(path) as stream:
        for sentence in sentences:
            stream.write(sentence.conllu)


def _whole_lines(stream: BinaryIO, block_bytes: int) -> Iterator[bytes]:
    """The bytes of a stream in pieces that end with a newline, which is added to the last line if missing."""
    parts: list[bytes] = []
    at_start = True
    while chunk := stream.read(block_bytes):
        if chunk.startswith(b"\0" * 4) or sum(map(len, parts)) > MAX_LINE_BYTES:
            raise _EndlessError("not CoNLL-U: NUL bytes, or a line of more than 64 MB")
        cut = chunk.rfind(b"\n") + 1
        if cut:
            text = b"".join([*parts, chunk[:cut]])
            yield text.removeprefix(BYTE_ORDER_MARK) if at_start else text
            parts, at_start = [], False
        parts.append(chunk[cut:])
    if text := b"".join(parts):
        yield (text.removeprefix(BYTE_ORDER_MARK) if at_start else text) + b"\n"


def _whole_sentences(texts: Iterable[bytes]) -> Iterator[bytes]:
    """The stripped lines of texts of whole lines, in pieces that end with the blank line after a sentence.

    The pieces of an unfinished sentence are kept in a list, so that a long sentence is copied only once. Blank lines
    after a sentence, or before the first, are pieces of their own.
    """
    held: list[bytes] = []  # the last one is the last line: the blank line that follows it may come next
    words = False  # is a word held?
    for lines in texts:
        text = strip_lines(lines)
        if held:
            text = held.pop() + text
        cut = last_sentence_end(text)
        if cut:
            yield b"".join([*held, text[:cut]])
            held, text, words = [], text[cut:], False
        if not held and not text.strip(b"\n"):
            if text:
                yield text
            continue
        last = text.rfind(b"\n", 0, -1) + 1
        held += [text[:last], text[last:]]
        words = words or bool(split_lines(text).row.any())
        if not words and sum(map(len, held)) > MAX_COMMENT_BYTES:
            raise _EndlessError("more than 8 MB of comments before a sentence")
    if held:
        yield b"".join(held)


def _build(text: bytes, path: str, first: int, *, trees: bool) -> Block:
    """The block of stripped lines. first: line number of the first one."""
    try:
        if not text.endswith(b"\n\n"):
            text += b"\n"
        return _find_columns(text, path, first, trees=trees)
    except FileError as error:
        # Each check covers the whole text: an earlier sentence may fail a later check.
        earlier = _before_sentence(text, (error.line or first) - first)
        if earlier:
            _build(earlier, path, first, trees=trees)
        if mark_error := _mark_error(text, path, first, error.line or first):
            raise mark_error from error
        raise


def _mark_error(text: bytes, path: str, first: int, last: int) -> FileError | None:
    """The error for the first line that begins with a byte order mark, if one of the lines first to last does.

    Such a line is always an error. This one is found only after another, because searching every text takes time.
    """
    mark = (b"\n" + text).find(b"\n" + BYTE_ORDER_MARK)
    line = first + text.count(b"\n", 0, max(mark, 0))
    if mark < 0 or line > last:
        return None
    return FileError(path, "a second byte order mark (U+FEFF): remove it; only a file may begin with one", line)


def _before_sentence(text: bytes, line: int) -> bytes:
    """The text before the sentence with this line, counted from 0."""
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    start = int(ends[line - 1]) + 1 if line else 0
    return text[: text.rfind(b"\n\n", 0, start) + 1]


def _find_columns(text: bytes, path: str, first: int, *, trees: bool) -> Block:
    block = Block.from_lines(text, path, first, trees=trees)
    if trees:
        _check_trees(block)
    return block


def _check_trees(block: Block) -> None:
    """Raises FileError at the first word or sentence whose HEADs are not a tree; several roots are accepted."""
    heads, sentences = block.heads(), block.sentences
    lengths = np.diff(sentences)
    sentence = sentence_of(sentences)
    place = np.arange(len(heads)) - sentences[sentence] + 1
    wrong = (heads < 0) | (heads > lengths[sentence]) | (heads == place)
    if wrong.any():
        word = int(np.argmax(wrong))
        raise _tree_error(block, word, _head_problem(block, word, int(place[word]), int(lengths[sentence[word]])))
    rootless = roots_per_sentence(heads, sentences) == 0
    if rootless.any():
        first_word = int(sentences[np.argmax(rootless)])
        raise _tree_error(block, first_word, "no word of the sentence has HEAD 0, the root")
    cyclic = in_cycle(heads, sentences)
    if cyclic.any():
        word = int(np.argmax(cyclic))
        raise _tree_error(block, word, f"word {place[word]} is in a cycle: following HEADs leads back to it")


def _head_problem(block: Block, word: int, place: int, length: int) -> str:
    start, end = block.fields[word, HEAD], block.fields[word, DEPREL] - 1
    value = block.source[start:end]
    if value == b"_":
        return f"word {place} has no HEAD: training and scoring need whole trees; leave partly annotated sentences out"
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
