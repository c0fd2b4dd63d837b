"""Stretches of text between two spaces: addresses, and full stops that may belong to an abbreviation.

An address (URL, e-mail, handle, file, path, newsgroup) is found by its form, without the punctuation around it. The
kind of a stretch with a final full stop says whether it looks like an initial or an abbreviation, and what follows: a
name, a number, or a word that often begins sentences. The tokenizer's network learns from these kinds which stops end
a sentence, like Punkt (Kiss & Strunk 2006) but supervised.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import islice
from typing import NamedTuple

import numpy as np

from clearparse.features.vocabulary import lookup_form
from clearparse.network.classifier import distinct
from clearparse.treebank.columns import Mask

ADDRESS = "address"
MAX_ADDRESS_LENGTH = 500  # characters; a longer stretch would take long to search
MAX_PARTS = 5  # of the shape of a number, and digits in one of them
MAX_ABBREVIATION_LENGTH = 6  # letters, of one that training has not seen

_SIGNS = re.compile(r"[@#/\\]|\w\.\w")  # every address has one
_ADDRESS = re.compile(
    r"""(?<!\w)(?:
        (?:[a-z][a-z\d+.-]*://|www\.)\S+                                   # URL
        | [\w.+-]+@\w[\w-]*(?:\.\w[\w-]*)+                                 # e-mail
        | [@\#][^\W\d]\w*(?![\w@])                                         # handle, hashtag
        | (?:\w[\w-]*\.)+(?:com|org|net|edu|gov|mil|info|biz|io|uk|ca|de)\b(?:[/:?\#]\S*)?(?![\w@-])  # host, path
        | (?:\w[\w-]*[./])*\w[\w-]*\.(?:html?|php|pdf|docx?|txt|md|jpe?g|png|gif|svg|xlsx?|pptx?|csv|json|xml|ya?ml
              |css|js|sh|py|exe|dll|zip|tar|t?gz|mp[34]|wav|avi|mov|log|ini|cfg)\b(?![\w@-])              # file
        | (?-i:[a-z][a-z\d-]+(?:\.[a-z][a-z\d-]+){2,})(?![\w@-])           # newsgroup, module: of three parts or more
        | (?<![^"'(\[<])(?:(?:~|\.\.?)?(?:/[\w.+-]+){2,}/? | [a-z]:\\[^"]+)    # path
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_AFTER_ADDRESS = re.compile(r"(?:[.,;:!?\u2026*_~<>\"'\]}]|'s)+\Z", re.IGNORECASE)
OPENING = "\"'([{<*_-\u2013\u2014\u2018\u201c"
CLOSING = "\"')]}>*_,;:!?.\u2019\u201d"
_INITIAL = re.compile(r"[^\W\d_]\.")
_DOTTED = re.compile(r"(?:[^\W\d_]{1,3}\.){2,}")
STOP = re.compile(r"([^\W\d_]+)\.")
_APOSTROPHE_ON = re.compile(r"'.*")
_LETTERS_TO_END = re.compile(r"[^\W\d_]+(?!\w)")  # of a word
_PARTS = re.compile(r"\d+|[^\W\d_]+|[\W_]")
_NUMBER_WITH_SIGNS = re.compile(r"(?<![^\W_])[vV]?\d+(?:[.,]\d+)+")  # 1,000.5 or v2.0.1
NUMBER_WORD = re.compile(r"(?<!\w)\d+([^\W\d_]+)(?!\w)")

OTHER, NUMBER, CODE, LETTERS = "other", "number", "code", "letters"  # kinds of stretches

# Kinds of stretches (text without a space) that differ in how they are tokenized.
_AT, _DOT = re.compile(r"\w@\w"), re.compile(r"\.\w")
_KINDS = (
    ("address", re.compile(r"\S*(?:://|www\.)\S*\Z|\S+\.(?:com|org|net|edu|gov|htm|html|php|pdf|doc|jpg|xls)\b\S*\Z")),
    (NUMBER, re.compile(r"[^\w\s]*\d[\d.,:/-]*\d\S?\Z")),
    (CODE, re.compile(r"[^\w\s]*(?=[^\W_]*\d)(?=[^\W_]*[^\W\d_])[^\W_]+\S?\Z")),
    (LETTERS, re.compile(r"[^\W\d_]+\Z")),
)


class KnownWords(NamedTuple):
    """What training has seen, in lower case (see training.known_words).

    abbreviations: without their full stop. words: those that are more often than not written in lower case where no
    sentence begins. starters: those of them that begin sentences. familiar: short ones, of treebank or raw text, that
    rarely have a full stop. units: what stands after numbers, with or without a space (`5 km`); not in lower case.
    """

    abbreviations: frozenset[str]
    words: frozenset[str]
    starters: frozenset[str]
    familiar: frozenset[str]
    units: frozenset[str]


def address_in(stretch: str) -> tuple[int, int] | None:
    """Start and end of the address in a stretch of text, without the punctuation around it; None without one."""
    if stretch.isalpha() or len(stretch) > MAX_ADDRESS_LENGTH or not _SIGNS.search(stretch):
        return None
    plain = lookup_form(stretch)
    found = _ADDRESS.search(plain)
    if not found:
        return None
    start, end = found.span()
    while True:  # what closes a bracket that opens outside is not part of it
        end = start + len(_AFTER_ADDRESS.sub("", plain[start:end]))
        if not plain[start:end].endswith(")") or plain.count("(", start, end) >= plain.count(")", start, end):
            break
        end -= 1
    return (start, end) if end > start else None


def inside_words(text: str, divided: frozenset[str], units: frozenset[str]) -> Mask:
    """The characters (n,) of a text after which a word goes on, where no token can end.

    A word is a run of letters (and marks on them), of digits, or of digits and then letters, as in `3DS`. Words of
    letters in divided, in lower case, do not count, nor do units after digits.
    """
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    characters, character = distinct(codes, int(codes.max(initial=0)) + 1)
    categories = [unicodedata.category(chr(code)) for code in characters.tolist()]
    letters = np.array([category[0] in "LM" for category in categories], np.bool_)[character]
    digits = np.array([category == "Nd" for category in categories], np.bool_)[character]
    inside: Mask = np.zeros(len(text), np.bool_)
    inside[:-1] = (letters[:-1] & letters[1:]) | (digits[:-1] & digits[1:])
    if divided:
        for word in _one_of(divided).finditer(text):
            inside[word.start() : word.end()] = False
    for place in (digits[:-1] & letters[1:]).nonzero()[0].tolist():
        unit = _LETTERS_TO_END.match(text, place + 1)
        inside[place] = not unit or unit[0] not in units
    return inside


def inside_numbers(text: str) -> list[int]:
    """The indices of the characters of a text after which a number goes on: `1,000.5`, `v2.0.1`."""
    spans = (found.span() for found in _NUMBER_WITH_SIGNS.finditer(text))
    return [place for start, end in spans for place in range(start, end - 1)]


def kind_of(stretch: str) -> str:
    """The kind of a stretch of text without a space, by itself: address, mail, number, code, letters or other."""
    at = _AT.search(stretch)
    if at and _DOT.search(stretch, at.end()):  # two searches in a row take linear time
        return "mail"
    return next((kind for kind, pattern in _KINDS if pattern.match(stretch)), OTHER)


def number_kind(kind: str, stretch: str, known: KnownWords) -> str:
    """The kind of a stretch, with its shape if it has digits: `0/00` or, before a unit, `0 unit`."""
    return f"{kind} {number_shape(stretch, known)}" if kind in (NUMBER, CODE) else kind


def number_shape(stretch: str, known: KnownWords) -> str:
    """The form of a number or code without the punctuation around it, with digits as 0 and letters as `A` or `a`.

    `unit` if it has a unit, empty if it has many parts.
    """
    word = NUMBER_WORD.search(stretch)
    if word and word[1] in known.units:
        return "unit"
    core = stretch.strip(OPENING + CLOSING)
    parts = [part[0] for part in islice(_PARTS.finditer(core), MAX_PARTS + 1)]
    return "".join(map(_shape_of_part, parts)) if len(parts) <= MAX_PARTS else ""


def _shape_of_part(part: str) -> str:
    if part[0].isdigit():
        return "0" * min(len(part), MAX_PARTS)
    return part if not part[0].isalpha() else "a" if part.islower() else "A"


@cache
def _one_of(words: frozenset[str]) -> re.Pattern[str]:
    letter = r"[^\W\d_]"
    one = "|".join(map(re.escape, sorted(words)))
    return re.compile(rf"(?<!{letter})(?:{one})(?!['\u2019]?{letter})", re.IGNORECASE)  # the ma of ma'am is no word


def stop_kind(stretch: str, known: KnownWords) -> str:
    """The kind of a final full stop, by the word before it; empty without one.

    initial, letter (a small one), dotted (`U.S.`), abbreviation (a known one), short (a word that may be one), capital
    and acronym (such words with an initial capital and in capitals), familiar or stop (words that are hardly one).
    """
    if not stretch.endswith("."):
        return ""
    if address_in(stretch):
        return "stop"
    core = stretch.lstrip(OPENING)
    if _INITIAL.fullmatch(core):
        return "initial" if core[0].isupper() else "letter"
    if _DOTTED.fullmatch(core):
        return "dotted"
    if word := STOP.fullmatch(core):
        lower = word[1].lower()
        if lower in known.abbreviations:
            return "abbreviation"
        if len(lower) <= MAX_ABBREVIATION_LENGTH and lower not in known.words:
            if lower in known.familiar:
                return "familiar"
            return "acronym" if word[1].isupper() else "capital" if word[1][0].isupper() else "short"
    return "stop"


def beginning(stretch: str, known: KnownWords) -> str:
    """What a stretch of text begins with: lower, number, other, or with a capital, word (a starter) or name."""
    core = stretch.lstrip(OPENING)
    first = core[:1]
    if first.isdigit():
        return "number"
    if first.islower():
        return "lower"
    if not first.isalpha():
        return "other"
    word = _APOSTROPHE_ON.sub("", lookup_form(core.rstrip(CLOSING).lower()))
    return "word" if word in known.starters else "name"


def token_kind(form: str, known: KnownWords) -> str:
    """The kind of a token for the sentence splitter: of address, abbreviation, name or word; ``_`` otherwise."""
    if len(form) > 1 and (kind := stop_kind(form, known)):
        return kind
    if form[:1].isupper():
        return beginning(form, known)
    return ADDRESS if address_in(form) == (0, len(form)) else "_"
