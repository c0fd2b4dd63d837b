"""The output formats of the parse command. To add one, add an entry to FORMATS: flags, help and extensions follow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from clearparse.corpus.json_lines import json_lines
from clearparse.drawing.text import draw_sentence
from clearparse.treebank.block import Block
from clearparse.treebank.conllu import Sentence

_EXTENSION = re.compile(r"[^/\\](\.[A-Za-z]\w*?)(?:\.(?:gz|bz2|xz))?\Z")
_CONLL = re.compile(r"\.conll\w?")  # CoNLL-X has the same columns as CoNLL-U


@dataclass(frozen=True)
class OutputFormat:
    """How parsed sentences are written.

    write(block, ascii_only): the text of a parsed block; ascii_only asks for trees without box-drawing characters.
    frame(): the beginning and the end of a file. has_confidence: whether confidence can be written.
    has_ranges: whether it shows where words are in raw text. is_drawing: whether it shows nothing but trees.
    assemble: makes a file of all written texts, if it cannot be written part by part.
    """

    description: str
    extension: str
    write: Callable[[Block, bool], bytes]
    frame: Callable[[], tuple[str, str]] = lambda: ("", "")
    has_confidence: bool = False
    has_ranges: bool = False
    is_drawing: bool = False
    assemble: Callable[[Iterable[bytes]], bytes] | None = None

    def document(self, texts: Iterable[bytes]) -> Iterator[bytes]:
        """The parts of a file, from the texts of its blocks; a text is in memory at a time unless assembled."""
        header, footer = self.frame()
        yield header.encode()
        yield from [self.assemble(texts)] if self.assemble else texts
        yield footer.encode()


def _by_sentence(draw: Callable[[Sentence, bool], str]) -> Callable[[Block, bool], bytes]:
    return lambda block, ascii_only: "".join(draw(sentence, ascii_only) for sentence in block).encode()


# The functions below import the drawing modules when they are called: parsing alone does not need them.


def _svg(sentence: Sentence, _: bool) -> str:
    from clearparse.drawing.svg import svg_of

    return f"{svg_of(sentence)}\n"


def _svg_of_lines(texts: Iterable[bytes]) -> bytes:
    """One SVG document of texts with a drawing in each line."""
    from clearparse.drawing.svg import svg_document

    return svg_document(line for text in texts for line in text.decode().split("\n")[:-1]).encode()


def _html(sentence: Sentence, _: bool) -> str:
    from clearparse.drawing.pages import figure

    return figure(sentence)


def _page() -> tuple[str, str]:
    """What a page of drawn trees begins and ends with."""
    from clearparse.drawing.pages import PAGE_BEGINS, PAGE_ENDS

    return PAGE_BEGINS, PAGE_ENDS


FORMATS = {
    "conllu": OutputFormat("CoNLL-U", ".conllu", lambda block, _: block.text, has_confidence=True),
    "json": OutputFormat(
        "JSON Lines, one sentence per line",
        ".jsonl",
        lambda block, _: json_lines(block),
        has_confidence=True,
        has_ranges=True,
    ),
    "tree": OutputFormat(
        "drawn as text",
        ".txt",
        _by_sentence(lambda sentence, ascii_only: f"{draw_sentence(sentence, ascii_only=ascii_only)}\n\n"),
        is_drawing=True,
    ),
    "svg": OutputFormat(
        "SVG drawing",
        ".svg",
        _by_sentence(_svg),
        assemble=_svg_of_lines,
        is_drawing=True,
    ),
    "html": OutputFormat(
        "HTML page with drawings",
        ".html",
        _by_sentence(_html),
        _page,
        is_drawing=True,
    ),
}


def format_of_output(name: str, default: str, formats: Mapping[str, OutputFormat]) -> str | None:
    """The format that the extension of an output file names, before `.gz`, `.bz2` or `.xz`; None if it names no format.

    The default for a name without an extension, and for `.txt`, which several formats may have.
    """
    match = _EXTENSION.search(name)
    if not match or match[1].lower() == ".txt":
        return default
    extension = _CONLL.sub(".conllu", match[1].lower())
    return next((key for key, each in formats.items() if each.extension == extension), None)


def extension_of(output_format: str, input_format: str) -> str | None:
    """The extension of output files; None: that of the input, which has the same format."""
    return None if output_format == input_format == "conllu" else FORMATS[output_format].extension
