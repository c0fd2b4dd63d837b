"""Caches of bounded size, whatever their keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Key = TypeVar("Key", str, bytes)
Value = TypeVar("Value")

MAX_KEY_LENGTH = 200  # characters or bytes; a longer key is rare, and not cached


class BoundedCache(dict[Key, Value]):
    """The values of a function, each computed only if it is not in the cache: `cache[key]`.

    max_size: of the keys; a full cache is cleared. Keys longer than MAX_KEY_LENGTH are never cached.
    An exception at any moment leaves it usable.
    """

    def __init__(self, function: Callable[[Key], Value], max_size: int) -> None:
        super().__init__()
        self._function: Callable[[Key], Value] = function
        self._max_size = max_size

    def __missing__(self, key: Key) -> Value:
        value = self._function(key)
        if len(key) <= MAX_KEY_LENGTH:
            if len(self) >= self._max_size:
                self.clear()
            self[key] = value
        return value
