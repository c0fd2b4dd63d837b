"""The payloads of the page's requests, read from JSON and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from clearparse.web.limits import BAD_REQUEST, TOO_LARGE, RefusalError

MAX_LESSONS = 20  # of a request
MAX_LEARNING_RATE = 10.0
NO_SENTENCE = "'conllu' must be a string with a sentence, and 'moves' a list"
MAX_MOVES = 10_000  # more than any sentence that is explained needs


@dataclass(frozen=True)
class Lesson:
    """A step of SGD on the configuration after some transitions.

    moves: the classes of these transitions. target: the class that is taken to be right there.
    """

    moves: tuple[int, ...]
    target: int
    learning_rate: float


@dataclass(frozen=True)
class TraceRequest:
    """Which trace is requested.

    conllu: a sentence. gold: its tree is gold. follow_gold: make the oracle's transitions. moves: the classes of the
    first transitions. lessons: what the parser learns before it parses, in this order.
    """

    conllu: str
    gold: bool
    follow_gold: bool
    moves: tuple[int, ...]
    lessons: tuple[Lesson, ...]

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> TraceRequest:
        """Raises RefusalError."""
        if not isinstance(payload.get("conllu"), str):
            raise RefusalError(BAD_REQUEST, NO_SENTENCE)
        lessons = payload.get("lessons", [])
        if not isinstance(lessons, list):
            raise RefusalError(BAD_REQUEST, "'lessons' must be a list")
        if len(lessons) > MAX_LESSONS:
            raise RefusalError(TOO_LARGE, f"{len(lessons)} steps of learning; at most {MAX_LESSONS} are made")
        return cls(
            payload["conllu"],
            payload.get("gold") is True,
            payload.get("follow_gold") is True,
            _moves(payload.get("moves", [])),
            tuple(map(_lesson, lessons)),
        )

    def at(self, lesson: Lesson) -> TraceRequest:
        """The trace, of a parser without lessons, that goes through the configuration of a lesson."""
        return replace(self, follow_gold=False, moves=lesson.moves, lessons=())


def _moves(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) > MAX_MOVES:
        raise RefusalError(BAD_REQUEST, NO_SENTENCE)
    return tuple(integer(move, "a transition") for move in value)


def _lesson(value: Any) -> Lesson:
    if not isinstance(value, Mapping):
        raise RefusalError(BAD_REQUEST, "a lesson must be an object with 'moves', 'target' and 'learning_rate'")
    rate = value.get("learning_rate")
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= MAX_LEARNING_RATE:
        raise RefusalError(BAD_REQUEST, f"a learning rate must be above 0 and at most {MAX_LEARNING_RATE:g}")
    return Lesson(_moves(value.get("moves", [])), integer(value.get("target"), "a target"), float(rate))


def integer(value: Any, name: str) -> int:
    """The value. Raises RefusalError if it is not an integer."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise RefusalError(BAD_REQUEST, f"{name} must be an integer, not {str(value)[:40]!r}")
    return value


def index(value: Any, end: int, name: str) -> int:
    """The value. Raises RefusalError if it is not an integer from 0 to end - 1."""
    if not 0 <= integer(value, name) < end:
        raise RefusalError(BAD_REQUEST, f"{name} must be from 0 to {end - 1}, not {str(value)[:40]}")
    return int(value)


def finite(value: float) -> float | None:
    """The value, or None in the place of infinity and NaN, which JSON does not have."""
    return value if math.isfinite(value) else None
