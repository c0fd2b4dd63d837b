"""A treebank rewritten in other typographies, to score a model on copies of one text.

Each function takes and returns the sentences of a CoNLL-U file, each a list of lines; heads and tags stay correct. The
lines are edited directly because the new forms are also those of multiword tokens, and a removed full stop is a whole
line: Sentence.with_columns changes neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from clearparse.treebank.conllu import read_conllu
from clearparse.treebank.tokens import PARAGRAPH_START

SentenceLines = list[str]
_FORM, _HEAD, _MISC = 1, 6, 9


def read(path: Path) -> list[SentenceLines]:
    """The sentences of a file, as lines."""
    return [sentence.to_conllu().strip("\n").split("\n") for sentence in read_conllu(path)]


def as_conllu(sentences: list[SentenceLines]) -> bytes:
    """The sentences as CoNLL-U bytes."""
    return "".join("\n".join(lines) + "\n\n" for lines in sentences).encode()


def typographic_apostrophes(sentences: list[SentenceLines]) -> list[SentenceLines]:
    """Replace every ' by ’."""
    return [_with_forms(lines, lambda form: form.replace("'", "\u2019")) for lines in sentences]


def more_capitals(sentences: list[SentenceLines]) -> list[SentenceLines]:
    """Double the number of sentences in capitals: others, evenly spaced, are converted to capitals."""
    loud = {k for k, lines in enumerate(sentences) if _in_capitals(lines)}
    others = [k for k in range(len(sentences)) if k not in loud]
    chosen = set(others[:: max(len(others) // max(len(loud), 1), 1)][: len(loud)])
    return [_with_forms(lines, str.upper) if k in chosen else lines for k, lines in enumerate(sentences)]


def no_final_stop(sentences: list[SentenceLines]) -> list[SentenceLines]:
    """Remove the full stop at the end of each paragraph, unless a word depends on it."""
    begins = [any(map(PARAGRAPH_START.match, lines)) for lines in sentences[1:]] + [True]
    return [
        lines[:-1] if ends and _can_lose_stop(lines) else lines for lines, ends in zip(sentences, begins, strict=True)
    ]


def no_space_after_comma(sentences: list[SentenceLines]) -> list[SentenceLines]:
    """Remove the space after the first comma of every fifth sentence that has one."""
    made, n = [], 0
    for lines in sentences:
        place = next((k for k, columns in _words(lines) if columns[_FORM] == "," and columns[_MISC] == "_"), None)
        if place is not None:
            n += 1
            if n % 5 == 0:
                lines = [*lines[:place], lines[place].removesuffix("_") + "SpaceAfter=No", *lines[place + 1 :]]
        made.append(lines)
    return made


def _words(lines: SentenceLines) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not comments: their index and columns."""
    return ((k, line.split("\t")) for k, line in enumerate(lines) if not line.startswith("#"))


def _with_forms(lines: SentenceLines, change: Callable[[str], str]) -> SentenceLines:
    made = list(lines)
    for k, columns in _words(lines):
        made[k] = "\t".join([*columns[:_FORM], change(columns[_FORM]), *columns[_FORM + 1 :]])
    return made


def _in_capitals(lines: SentenceLines) -> bool:
    forms = [columns[_FORM] for _, columns in _words(lines)]
    return any(map(str.isalpha, forms)) and not any(letter.islower() for form in forms for letter in form)


def _can_lose_stop(lines: SentenceLines) -> bool:
    words = [columns for _, columns in _words(lines)]
    last = words[-1]
    covered = any("-" in columns[0] and columns[0].endswith(f"-{last[0]}") for columns in words)
    heads = {columns[_HEAD] for columns in words}
    return last[_FORM] == "." and last[0] not in ("1", *heads) and not covered
