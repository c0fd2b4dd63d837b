"""Checks of what callers give to a model."""

from __future__ import annotations

import re
from collections.abc import Iterable

from clearparse.errors import ClearparseError
from clearparse.treebank.sentence import Sentence

SURROGATE = re.compile("[\ud800-\udfff]")


def check_paragraph(text: str, number: int) -> None:
    """Raise ClearparseError if paragraph `number` has a tab, a line break or an unpaired surrogate."""
    if not text.isascii() and (lone := SURROGATE.search(text)):
        raise ClearparseError(f"paragraph {number}: U+{ord(lone[0]):04X} is an unpaired surrogate, not a character")
    if "\n" in text or "\t" in text or "\r" in text:
        raise ClearparseError(f"paragraph {number}: has a tab or a line break; replace it by a space")


def checked_text(text: object) -> str:
    """Return the text unchanged. Raises TypeError if it is not a string."""
    if not isinstance(text, str):
        raise TypeError(f"a text is a string, not {type(text).__name__}")
    return text


def sentence_of(words: object, number: int) -> Sentence:
    """A Sentence from a list of words. Raises TypeError for anything else, ValueError as Sentence.from_words does."""
    if isinstance(words, str):
        raise TypeError(
            "model takes one text, or sentences as lists of words, [['Birds', 'eat']]; for several texts call "
            "model.pipe(texts)"
        )
    if isinstance(words, Sentence):
        raise TypeError("for sentences call model.parse(sentences)")
    if not isinstance(words, Iterable):
        raise TypeError(f"a sentence is a list of words, not {type(words).__name__}")
    forms = [checked_text(word) for word in words]
    if not forms:
        raise ValueError(f"sentence {number} has no words")
    return Sentence.from_words(forms, sent_id=str(number), text=" ".join(forms))
