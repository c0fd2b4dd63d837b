"""The errors of an evaluation whose gold and system files do not have the same words."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from clearparse.errors import FileError
from clearparse.treebank.identifiers import quoted
from clearparse.treebank.ragged import Offsets

TEXT_HINT = "; to score a parse of raw text, add --given text"


class Words(NamedTuple):
    """The words of a sentence: forms (words,), their line numbers (words,), and the file."""

    forms: list[bytes]
    lines: Offsets
    path: str

    def at(self, word: int) -> int:
        """The line of a word, or of the last one."""
        return int(self.lines[min(word, len(self.forms) - 1)])

    def named(self, word: int) -> str:
        """A word for an error message; the sentence, if it is shorter."""
        words = len(self.forms)
        return quoted(self.forms[word]) if word < words else f"a sentence of {_count(words, 'word')}"


def different_words(gold: Words, system: Words) -> FileError:
    """The error that names the first word in which two unequal sentences differ."""
    both = min(len(gold.forms), len(system.forms))
    word = next((w for w in range(both) if gold.forms[w] != system.forms[w]), both)
    found = f"gold has {gold.named(word)}, system has {system.named(word)}"
    remedy = ""
    if word < both:
        pair = (gold.forms[word].decode(), system.forms[word].decode())
        if other := different_normalization(*pair):
            found, remedy = f"gold has {gold.named(word)} {other}", ": normalize one of the files"
    if not remedy and _same_text(gold.forms, system.forms):
        remedy = TEXT_HINT
    return FileError(gold.path, f"{found} ({system.path}:{system.at(word)}){remedy}", gold.at(word))


def different_sentences(gold: int, gold_path: str, system: int, system_path: str, more: str = "") -> FileError:
    """The error for files with different numbers of sentences; `more` follows the message."""
    return FileError(system_path, f"system has {_count(system, 'sentence')}, gold {gold} ({gold_path}){more}")


def different_normalization(gold: str, system: str) -> str | None:
    """How two unequal texts that look alike are normalized; None if they do not."""
    if gold == system or unicodedata.normalize("NFC", gold) != unicodedata.normalize("NFC", system):
        return None
    return f"in {_normalization(gold)}, system has it in {_normalization(system)}"


def _normalization(text: str) -> str:
    forms = [form for form in ("NFC", "NFD") if unicodedata.is_normalized(form, text)]
    return f"Unicode form {forms[0]}" if forms else "neither of the Unicode forms NFC and NFD"


def _same_text(gold: list[bytes], system: list[bytes]) -> bool:
    """Whether two sentences begin with the same characters, up to the end of one of them."""
    ours, theirs = b"".join(gold), b"".join(system)
    return ours.startswith(theirs) or theirs.startswith(ours)


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' * (n != 1)}"
