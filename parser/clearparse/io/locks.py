"""Locks in a forked child process: none stays locked forever."""

from __future__ import annotations

import os
import threading
from typing import Protocol
from weakref import WeakSet


class Owner(Protocol):
    """An object with a lock of its own."""

    lock: threading.Lock


_OWNERS: WeakSet[Owner] = WeakSet()


def renew_lock_after_fork(owner: Owner) -> None:
    """Give the owner a new lock in every child process that is forked from now on.

    A child has only the thread that called fork. If another thread held the lock, nobody would ever release it there.
    """
    _OWNERS.add(owner)


def _renew_locks() -> None:
    for owner in _OWNERS:
        owner.lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(after_in_child=_renew_locks)
