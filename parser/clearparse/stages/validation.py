"""Validation of the values in an untrusted model file; each check raises ValueError.

Sizes need no check of their own: symbols, template and classes determine the shape of each array (see
StoredNetwork.check_shapes), and all of them are in the file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from clearparse.network.classifier import MAX_MAGNITUDE

MAX_RULE_LENGTH = 10_000  # characters that a rule may remove
MAX_VALUE_LENGTH = 1000  # characters of a tag, a label, a lemma, or a word that a rule makes
_SEPARATOR = re.compile(r"[\t\n\r]")


def check(condition: bool, message: str) -> None:
    """Raise ValueError with the message unless the condition holds."""
    if not condition:
        raise ValueError(message)


def check_texts(texts: Any, what: str, minimum: int = 0) -> None:
    """Check a list of at least `minimum` distinct strings that UTF-8 can encode."""
    check_encodable(texts, what)
    check(len(set(texts)) == len(texts), f"{what}: some are listed twice")
    check(len(texts) >= minimum, f"{what}: too few")


def check_encodable(texts: Any, what: str) -> None:
    """Check a list of strings that UTF-8 can encode."""
    check(isinstance(texts, list), f"{what}: not a list of strings")
    try:
        "".join(texts).encode()
    except TypeError as error:  # faster than checking the type of each
        raise ValueError(f"{what}: not a list of strings") from error
    except UnicodeEncodeError as error:
        raise ValueError(f"{what}: a character that UTF-8 cannot encode ({error.reason})") from error


def check_column(value: Any, *, empty: bool = False) -> None:
    """Check a string that is to be the value of a CoNLL-U column. empty: the empty string is allowed too."""
    if not isinstance(value, str) or not (value or empty) or _SEPARATOR.search(value):
        raise ValueError(f"{ascii(value)[:40]} cannot be the value of a column")
    if len(value) > MAX_VALUE_LENGTH:
        raise ValueError(f"{ascii(value)[:40]}...: {len(value):,} characters are too many for a column")


def check_length(value: Any) -> None:
    """Check the number of characters in a rule."""
    if type(value) is not int or not 0 <= value <= MAX_RULE_LENGTH:
        raise ValueError(f"{ascii(value)[:40]} is not a number of characters")


def check_numbers(numbers: Any, names: Collection[str]) -> None:
    """Check a dictionary of finite numbers with these names."""
    check(isinstance(numbers, dict) and set(numbers) == set(names), f"expected the numbers {' and '.join(names)}")
    for value in numbers.values():
        good = type(value) in (int, float) and abs(value) <= MAX_MAGNITUDE
        check(good, f"{str(value)[:20]} is not a number, or too large")


def flag(metadata: Mapping[str, Any], name: str) -> bool:
    """A boolean entry; False if it is missing, as in files of earlier versions."""
    value = metadata.get(name, False)
    check(isinstance(value, bool), f"{name} must be true or false")
    return bool(value)
