"""Words and multiword tokens: light views of a sentence, made when they are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from clearparse.treebank.pairs import items_of
from clearparse.treebank.ranges import multiword_rows
from clearparse.treebank.sentence_columns import SentenceColumns

# Of to_dict.
ATTRIBUTES = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc", "start", "end")


@dataclass(frozen=True, repr=False)
class Word:
    """A word of a sentence. Where a column is ``_``, the attribute is None, or an empty dictionary."""

    sentence: SentenceColumns
    index: int  # from 0

    def __repr__(self) -> str:
        parent = self.parent
        relation = f"{self.deprel} of {parent.form!r}" if parent else self.deprel
        return f"<Word {self.id}: {', '.join([repr(self.form), *(each for each in (self.upos, relation) if each)])}>"

    def __str__(self) -> str:
        return self.form

    @property
    def id(self) -> int:
        """Its number in the sentence, from 1."""
        return self.index + 1

    @property
    def form(self) -> str:
        return self.sentence.forms[self.index]

    @property
    def lemma(self) -> str | None:
        lemma = self.sentence.lemmas[self.index]
        return lemma if self.form == "_" else _given(lemma)

    @property
    def upos(self) -> str | None:
        """The universal part of speech: NOUN, VERB ..."""
        return _given(self.sentence.upos[self.index])

    @property
    def xpos(self) -> str | None:
        """The treebank's own part of speech."""
        return _given(self.sentence.xpos[self.index])

    @property
    def feats(self) -> dict[str, str]:
        """Its morphological features, as in ``{"Number": "Plur"}``; a copy."""
        return items_of(self.sentence.feats[self.index])

    @property
    def head(self) -> int | None:
        """The ID of its head, 0 if it is the root, None if there is no tree."""
        head = int(self.sentence.heads[self.index])
        return head if head >= 0 else None

    @property
    def deprel(self) -> str | None:
        """The relation to its head: nsubj, obj ..."""
        return _given(self.sentence.deprels[self.index])

    @property
    def deps(self) -> str | None:
        """The enhanced dependencies as they stand in the file."""
        return _given(self.sentence.deps[self.index])

    @property
    def misc(self) -> dict[str, str]:
        """Other annotation, as in ``{"SpaceAfter": "No"}``; a copy."""
        return items_of(self.sentence.misc[self.index])

    @property
    def parent(self) -> Word | None:
        """Its head as a word; None if it is the root or there is no tree."""
        return Word(self.sentence, self.head - 1) if self.head else None

    @property
    def children(self) -> tuple[Word, ...]:
        """The words whose head it is, in order."""
        return tuple(Word(self.sentence, k) for k in np.flatnonzero(self.sentence.heads == self.id).tolist())

    @property
    def start(self) -> int | None:
        """Where its token begins in the raw text, in code points; None if there is no raw text."""
        return self._range(0)

    @property
    def end(self) -> int | None:
        """Where its token ends in the raw text: text[word.start : word.end] is the token."""
        return self._range(1)

    def _range(self, side: int) -> int | None:
        ranges = self.sentence.ranges
        if ranges is not None:
            return int(ranges[self.index, side])
        found = self.misc.get("TokenRange") or next(
            (token.misc.get("TokenRange") for token in multiword_tokens(self.sentence) if self in token.words), None
        )
        limits = (found or "").split(":")
        return int(limits[side]) if len(limits) == 2 and all(map(str.isdecimal, limits)) else None

    @property
    def confidence(self) -> float | None:
        """The probability that its head and relation are correct, if the model was asked for it (confidence=True)."""
        try:
            return float(self.misc["Conf"])
        except (KeyError, ValueError):
            return None

    def to_dict(self) -> dict[str, Any]:
        """Its attributes; those without a value are left out."""
        return given_values({name: getattr(self, name) for name in (*ATTRIBUTES, "confidence")})


@dataclass(frozen=True, repr=False)
class MultiwordToken:
    """A token of the text that is several words, such as ``don't`` of the words ``do`` and ``n't``."""

    sentence: SentenceColumns
    first: int  # its first word, from 0
    n_words: int
    form: str
    misc: dict[str, str]

    def __repr__(self) -> str:
        return f"<MultiwordToken {self.id}: {self.form!r}>"

    def __str__(self) -> str:
        return self.form

    def __len__(self) -> int:
        return self.n_words

    @property
    def id(self) -> str:
        """The IDs of its first and last word: ``3-4``."""
        return f"{self.first + 1}-{self.first + self.n_words}"

    def to_dict(self) -> dict[str, Any]:
        """Its attributes id, form, misc, start and end; those without a value are left out."""
        return given_values({name: getattr(self, name) for name in ("id", "form", "misc", "start", "end")})

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(Word(self.sentence, k) for k in range(self.first, self.first + self.n_words))

    @property
    def start(self) -> int | None:
        """As Word.start."""
        return self.words[0].start

    @property
    def end(self) -> int | None:
        """As Word.end."""
        return self.words[0].end


def multiword_tokens(sentence: SentenceColumns) -> tuple[MultiwordToken, ...]:
    """The multiword tokens of a sentence, in order."""
    rows = multiword_rows(sentence.alone())
    return tuple(
        MultiwordToken(sentence, row.word, row.words, row.form.decode(), items_of(row.misc.decode())) for row in rows
    )


def given_values(values: dict[str, Any]) -> dict[str, Any]:
    """The entries that have a value other than None, {} and []."""
    return {name: value for name, value in values.items() if value not in (None, {}, [])}


def _given(value: str) -> str | None:
    return None if value == "_" else value
