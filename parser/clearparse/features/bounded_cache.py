"""Caches that cannot grow without limit, whatever they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Key = TypeVar("Key", str, bytes)
Value = TypeVar("Value")

LONGEST_KEY = 200  # characters or bytes; a longer key is rare, and not cached


class BoundedCache(dict[Key, Value]):
    """The values of a function, each computed once as long as the cache has it: `cache[key]`.

    most: the number of keys; when there are more, all are forgotten. Keys longer than LONGEST_KEY are never cached.
    An exception at any moment leaves it usable.
    """

    def __init__(self, of: Callable[[Key], Value], most: int) -> None:
        super().__init__()
        self._of: Callable[[Key], Value] = of
        self._most = most

    def __missing__(self, key: Key) -> Value:
        value = self._of(key)
        if len(key) <= LONGEST_KEY:
            if len(self) >= self._most:
                self.clear()
            self[key] = value
        return value
