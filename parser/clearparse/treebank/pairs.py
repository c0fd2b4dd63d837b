"""The values of FEATS and MISC: ``Case=Nom|Number=Plur`` as a dictionary, and back."""

from __future__ import annotations

from collections.abc import Mapping

Pairs = Mapping[str, str]


def items_of(value: str) -> dict[str, str]:
    """``Case=Nom|Number=Plur`` as a dictionary; what has no ``=`` gets an empty value."""
    pairs = (item.partition("=") for item in value.split("|") if value != "_")
    return {key: item for key, _, item in pairs}


def written(value: str | int | Pairs) -> str:
    """A value of a column as in CoNLL-U; pairs stay in their order."""
    if isinstance(value, Mapping):
        return "|".join(f"{key}={item}" if item else key for key, item in value.items()) or "_"
    return str(value)
