"""Serialized networks: parameters, and metadata as JSON values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearparse.features.templates import WordSlots
from clearparse.features.vocabulary import CHANNELS, Vocabulary
from clearparse.network.classifier import MAX_MAGNITUDE, Parameters, to_float16
from clearparse.stages.validation import check, check_encodable, check_texts, flag

MAX_TEMPLATE_LENGTH = 100_000  # characters


class StoredNetwork(NamedTuple):
    """A serialized network. `metadata` has at least `template` and `symbols`."""

    params: Parameters
    metadata: dict[str, Any]

    @classmethod
    def of(cls, params: Parameters, template: str, vocabulary: Vocabulary, **metadata: Any) -> StoredNetwork:
        """Serialize a network; further metadata by name."""
        normalized = {"normalized": True} if vocabulary.normalized else {}  # no such entry in models of version 0.1
        return cls(params, {"template": template, "symbols": vocabulary.symbols, **normalized, **metadata})

    def rounded(self) -> StoredNetwork:
        """The same network with its parameters rounded to float16."""
        return self._replace(params=to_float16(self.params))

    def check(self, name: str) -> None:
        """Raise ValueError if template or symbols are invalid, KeyError if they are missing."""
        check(isinstance(self.metadata, dict), f"the entry of {name!r} is not a dictionary")
        template, symbols = self.metadata["template"], self.metadata["symbols"]
        valid = isinstance(template, str) and len(template) <= MAX_TEMPLATE_LENGTH
        check(valid, f"the template of {name!r} is too long or not a string")
        check(isinstance(symbols, dict) and set(symbols) <= {*CHANNELS}, f"symbols of {name!r}: an unknown channel")
        for channel, names in symbols.items():
            check_encodable(names, f"{channel} of {name!r}")  # `vocabulary` checks that they are distinct

    def vocabulary(self) -> Vocabulary:
        """The vocabulary of the network. Raises ValueError if a symbol is listed twice."""
        return Vocabulary(self.metadata["symbols"], normalized=flag(self.metadata, "normalized"))

    def check_shapes(self, slots: WordSlots, C: int) -> None:
        """Raise ValueError unless every array has the shape that template, vocabulary and C classes require."""
        expected, found = slots.template.channels, slots.word_channels
        check(found == expected, f"the template needs symbols of {', '.join(expected)}, not of {', '.join(found)}")
        d, H = self.params.L.shape[1], self.params.U.shape[0]
        shapes = ((slots.V, d), (slots.m * d, H), (1, H), (H, C), (1, C))
        for name, array, shape in zip(Parameters._fields, self.params, shapes, strict=True):
            check(array.shape == shape, f"{name} has shape {array.shape}, not {shape}")


StoredNetworks = Mapping[str, StoredNetwork]  # by the names that they have in a file


def check_parameters(name: str, params: Parameters) -> None:
    """Raise ValueError unless all arrays are non-empty matrices of 16 or 32-bit floats, finite and not huge."""
    for letter, array in zip(params._fields, params, strict=True):
        check(array.dtype in (np.float16, np.float32), f"{name}/{letter} is {array.dtype}, not float16 or float32")
        check(array.ndim == 2 and array.size > 0, f"{name}/{letter} has shape {array.shape}")
        check(_all_small(array), f"{name}/{letter} has numbers that are huge or not finite")


def _all_small(array: NDArray[np.floating[Any]]) -> bool:
    """Are all numbers finite and of at most MAX_MAGNITUDE?

    Floats of one sign are in the order of their bits, with infinity and NaN last; positive ones come after negative
    ones if the bits are read as integers with a sign, and before them if as integers without.
    """
    size, largest = array.itemsize, array.dtype.type(min(MAX_MAGNITUDE, float(np.finfo(array.dtype).max)))
    positive = array.view(f"i{size}").max() <= largest.view(f"i{size}")
    return bool(positive and array.view(f"u{size}").max() <= (-largest).view(f"u{size}"))


def sets_as_lists(sets: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    """Sets of strings as JSON values: sorted lists."""
    return {name: sorted(words) for name, words in sets.items()}


def sets_from_lists(metadata: Mapping[str, Any], names: Sequence[str]) -> list[frozenset[str]] | None:
    """The sets of strings with these names, or None if it has none of them, as in models of version 0.1.

    Raises ValueError if a value is invalid, KeyError if one is missing.
    """
    if metadata.keys().isdisjoint(names):
        return None
    for name in names:
        check_texts(metadata[name], name)
    return [frozenset(metadata[name]) for name in names]
