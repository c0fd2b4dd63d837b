"""What may stand in a model file, which anyone can have written: names, symbols, labels, rules and numbers are checked.

Where something is wrong ValueError says what. Sizes need no check of their own: each array is as large as symbols,
template and classes together say (see storage), and all of them are in the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from clearparse.features.templates import WordSlots
from clearparse.features.vocabulary import CHANNELS
from clearparse.network.classifier import Parameters
from clearparse.stages import lemmatizer, multiword, tokenizer

LARGEST = 1e6  # of a parameter: far beyond what training gives, and no sum of such numbers is beyond float32
LONGEST_TEMPLATE = 100_000  # characters
MOST_LETTERS = 10_000  # that a rule may cut off


def check_network(name: str, about: Any) -> None:
    """The entry of a network: template, symbols, and what its classes stand for."""
    _check(isinstance(about, dict), f"what it says of {name!r} is no dictionary")
    template, symbols = about["template"], about["symbols"]
    _check(isinstance(template, str) and len(template) <= LONGEST_TEMPLATE, f"the template of {name!r} is no such text")
    _check(isinstance(symbols, dict) and set(symbols) <= {*CHANNELS}, f"symbols of {name!r} of other channels")
    for channel, names in symbols.items():
        _check_texts(names, f"{channel} of {name!r}")
    if name in CLASSES:
        _check_texts(about["classes"], f"classes of {name!r}", least=1)
        for each in about["classes"]:
            CLASSES[name](each)


def check_labels(labels: Any, moves: Collection[str]) -> None:
    """The labels of each kind of arc."""
    _check(isinstance(labels, dict) and set(labels) == set(moves), "labels of other moves")
    for kind, names in labels.items():
        _check_texts(names, f"labels of {kind}", least=1)
        for label in names:
            _check_column(label)


def check_lemmas(known: Any, exceptions: Any) -> None:
    """The lemmas that are known, by UPOS, and those of single words."""
    _check(isinstance(known, dict) and isinstance(exceptions, dict), "the known lemmas are no dictionaries")
    for upos, lemmas in known.items():
        _check_texts([upos], "UPOS")
        _check_texts(lemmas, f"lemmas of {ascii(upos)[:40]}")
    _check_texts(list(exceptions), "words with lemmas of their own")
    for lemma in exceptions.values():
        _check_column(lemma)
    _check_texts(list(set(exceptions.values())), "lemmas of single words")


def check_numbers(about: Any, names: Collection[str]) -> None:
    """Some finite numbers by name."""
    _check(isinstance(about, dict) and set(about) == set(names), f"{' and '.join(names)} are not what it has")
    for value in about.values():
        _check(type(value) in (int, float) and abs(value) <= LARGEST, f"a number that cannot be: {str(value)[:20]}")


def check_parameters(name: str, params: Parameters) -> None:
    """Arrays of two dimensions, none of them empty, whose numbers are neither huge nor infinite nor none at all."""
    for letter, array in zip(params._fields, params, strict=True):
        _check(
            array.dtype in (np.float16, np.float32),
            f"{name}/{letter} holds something else than numbers of 16 or 32 bits",
        )
        _check(array.ndim == 2 and array.size > 0, f"{name}/{letter} is {array.shape}")
        for part in np.array_split(array, max(array.size >> 20, 1)):
            small = np.abs(part.astype(np.float32)) <= LARGEST
            _check(bool(small.all()), f"{name}/{letter} holds numbers that are huge or not finite")


def check_channels(slots: WordSlots) -> None:
    """Symbols for those channels that the template names."""
    expected = slots.template.channels
    _check(
        slots.word_channels == expected, f"symbols of {', '.join(slots.word_channels)}, not of {', '.join(expected)}"
    )


def _check(right: bool, message: str) -> None:
    if not right:
        raise ValueError(message)


def _check_texts(names: Any, what: str, least: int = 0) -> None:
    """Texts, each different, that can be written as UTF-8."""
    _check(isinstance(names, list) and all(isinstance(name, str) for name in names), f"{what}: no list of texts")
    _check(len(set(names)) == len(names) >= least, f"{what}: too few, or some are there twice")
    try:
        "".join(names).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{what}: a character that is none ({error.reason})") from error


def _check_column(value: Any, *, empty: bool = False) -> None:
    """What can stand in a column of CoNLL-U."""
    good = isinstance(value, str) and (value or empty) and not set(value) & set("\t\n\r")
    _check(bool(good), f"{ascii(value)[:40]} cannot stand in a column")


def _check_count(value: Any) -> None:
    _check(type(value) is int and 0 <= value <= MOST_LETTERS, f"{ascii(value)[:40]} is no number of letters")


def _check_end(name: str) -> None:
    _check(name in (tokenizer.GOES_ON, tokenizer.ENDS), f"a class {ascii(name)[:40]}")


def _check_tags(name: str) -> None:
    tags = name.split("\t")
    _check(len(tags) == 3, f"{ascii(name)[:40]} is not UPOS, XPOS and FEATS")
    for tag in tags:
        _check_column(tag)


def _check_splitting(name: str) -> None:
    if name == multiword.ONE_WORD:
        return
    rule = json.loads(name)
    _check(isinstance(rule, list) and len(rule) > 1, f"{ascii(name)[:40]} is no rule of words")
    _check_count(rule[0])
    for place, word in enumerate(rule[1:]):
        if isinstance(word, str):
            _check_column(word, empty=not place)
        else:
            _check_count(word)


def _check_lemma_rule(name: str) -> None:
    rule = json.loads(name)
    _check(isinstance(rule, list) and len(rule) == 5, f"{ascii(name)[:40]} is no rule of lemmas")
    case, first, prefix, last, suffix = rule
    _check(isinstance(case, str) and case in ("", *lemmatizer.CASES), f"a case {ascii(case)[:40]}")
    _check_column(prefix, empty=bool(case))
    _check_column(suffix, empty=True)
    _check_count(first)
    _check_count(last)


CLASSES: dict[str, Callable[[str], None]] = {
    "characters": _check_end,
    "sentences": _check_end,
    "multiword": _check_splitting,
    "first tags": _check_tags,
    "tags": _check_tags,
    "lemmas": _check_lemma_rule,
}
