"""The input formats of the parse command: files, standard input and sentences, read in chunks.

Without a given format, a file is CoNLL-U if its name or its first line of words says so, and raw text otherwise.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np

from clearparse.corpus.tasks import is_sentence
from clearparse.errors import FileError
from clearparse.io.files import open_input, shown_name
from clearparse.model.model import BLOCK_BYTES, Model
from clearparse.treebank.columns import BYTE_ORDER_MARK
from clearparse.treebank.conllu import Block, ConlluText, read_texts
from clearparse.treebank.paragraphs import read_raw_text, split_paragraphs
from clearparse.treebank.ranges import RawText
from clearparse.treebank.tokens import block_of_words

INPUTS = {
    "text": "raw text",
    "sentences": "one sentence per line",
    "tokens": "the same, words separated by spaces",
    "conllu": "CoNLL-U or CoNLL-X",
}
_CONLLU_NAME = re.compile(r"\.conll(u|x|up|u-x)?(\.\w{2,3})?\Z", re.IGNORECASE)
_CONLLU_LINE = re.compile(rb"[^\t]*\t|(1|1-\d+)( +\S+){9} *\r?\Z")  # with tabs, or where they have become spaces
_SEPARATOR = re.compile(r"[^\S\xa0]+")  # between words; a no-break space stands for a space in a word


@dataclass(frozen=True)
class TextChunk:
    """Consecutive paragraphs or lines without annotation. first: the number of the first one, counted from 1.

    raw: their text before whitespace was normalized, if the output has ranges. document: the document that begins
    here, if one does.
    """

    lines: list[str]
    first: int
    input_format: str
    raw: RawText | None = None
    document: str | None = None

    def block(self, model: Model) -> Block:
        """The sentences, with forms only. Raises ClearparseError if the model cannot read raw text."""
        if self.input_format == "tokens":
            words = ([word.replace("\xa0", " ") for word in line.split(" ")] for line in self.lines)
            block = block_of_words((((), each) for each in words), self.first)
        else:
            presegmented = self.input_format == "sentences"
            block = model.tokenize(self.lines, self.first, presegmented=presegmented, raw=self.raw)
        return _with_document(block, self.document) if self.document is not None and len(block) else block


Chunk = ConlluText | TextChunk


def read_chunks(
    inputs: Sequence[str], input_format: str | None = None, *, documents: bool = False, ranges: bool = False
) -> Iterator[Chunk]:
    """The chunks of files (``-``: standard input) and of sentences (see is_sentence).

    input_format: one of INPUTS; by default that of each file is recognized. documents: each file without annotation
    begins a document of its name. ranges: chunks have the raw text. Raises FileError.
    """
    first = 1
    for each in inputs:
        document = each if documents and each != "-" and not is_sentence(each) else None
        for chunk in _chunks_of(each, input_format):
            if isinstance(chunk, TextChunk):
                chunk = replace(chunk, first=first, document=document, raw=chunk.raw if ranges else None)
                first, document = first + len(chunk.lines), None if chunk.lines else document
            yield chunk


def _chunks_of(name: str, input_format: str | None) -> Iterator[Chunk]:
    """The chunks of one input, each TextChunk as if it were the first."""
    if is_sentence(name):
        yield _text_chunk(RawText(name), input_format if input_format in ("sentences", "tokens") else "text")
        return
    with open_input(name) as stream:
        kind = input_format or recognize(name, stream)
        if kind == "conllu":
            yield from read_texts(name, block_bytes=BLOCK_BYTES, stream=stream)
        else:
            for raw in read_raw_text(stream, shown_name(name)):
                yield _text_chunk(raw, kind)


def _text_chunk(raw: RawText, kind: str) -> TextChunk:
    """The lines or paragraphs of a text that are not blank, with one space for each run of whitespace."""
    if kind == "text":
        return TextChunk(list(split_paragraphs(raw.text)), 1, kind, raw)
    if kind == "sentences":
        return TextChunk([" ".join(line.split()) for line in raw.text.split("\n") if line.strip()], 1, kind, raw)
    spaced = (_SEPARATOR.sub(" ", line).strip() for line in raw.text.split("\n"))
    return TextChunk([line for line in spaced if line], 1, kind)


def format_of_file(name: str) -> str:
    """The input format of a file; conllu for one that cannot be read, which is reported when it is parsed.

    A pipe is not opened, since its data could not be read again: it counts as CoNLL-U.
    """
    if _CONLLU_NAME.search(name) or not os.path.isfile(name):
        return "conllu"
    try:
        with open_input(name) as stream:
            return recognize(name, stream)
    except FileError:
        return "conllu"


def recognize(name: str, stream: BinaryIO) -> str:
    """The input format of a file, conllu or text, by its name or the beginning of its stream, which is not consumed.

    stream: a buffered one. The first line that is neither blank nor a comment decides. Raises FileError.
    """
    if _CONLLU_NAME.search(name):
        return "conllu"
    start: bytes = stream.peek()  # type: ignore[attr-defined]  # a BufferedReader, which BinaryIO does not say
    for line in start.removeprefix(BYTE_ORDER_MARK).split(b"\n"):
        if line.strip() and not line.startswith(b"#"):
            return "conllu" if _CONLLU_LINE.match(line) else "text"
    return "conllu"


def _with_document(block: Block, name: str) -> Block:
    """The block with a comment in front: a document of this name begins."""
    shown = "\\n".join(name.splitlines())
    comment = f"# newdoc id = {shown}\n".encode(errors="backslashreplace")  # names of files need not be UTF-8
    spans = block.spans + len(comment)
    spans[0] = 0
    return replace(
        block,
        source=comment + block.source,
        fields=block.fields + len(comment),
        spans=spans,
        lines=np.asarray(block.lines) + 1,
    )
