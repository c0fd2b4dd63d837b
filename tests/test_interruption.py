"""An exception at any moment of a parse, or a fork, leaves a model that parses as before."""

from __future__ import annotations

import copy
import linecache
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

from clearparse.features import precompute
from clearparse.io.locks import renew_lock_after_fork
from clearparse.model.model import Model, load
from clearparse.treebank.conllu import Block, parse_block

MODEL = Path(__file__).parent / "data" / "format-1.model"
FIRST = "1\tIt\tit\tPRON\tPRP\t_\t_\t_\t_\t_\n2\trained\train\tVERB\tVBD\t_\t_\t_\t_\t_\n\n"
SECOND = "1\tBakeries\tbakery\tNOUN\tNNS\t_\t_\t_\t_\t_\n2\topened\topen\tVERB\tVBD\t_\t_\t_\t_\t_\n\n"
TEXTS = ["It rained on Mill Street.", "The new bakery closes at six; they don't say why.", "Dr. Smith's dogs barked."]
SECONDS = 60  # for a child process
Place = tuple[str, int]


class Tracer:
    """Calls `event` at each line of the package that runs in this thread."""

    def __init__(self, event: Callable[[Place], None]) -> None:
        self.event = event

    def __enter__(self) -> None:
        sys.settrace(self._call)

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._line if frame.f_globals.get("__name__", "").startswith("clearparse.") else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        # Python lets no signal in where a `with` statement ends, between its last call and the release of the lock.
        if event == "line" and "lock:" not in linecache.getline(frame.f_code.co_filename, frame.f_lineno):
            self.event((frame.f_code.co_filename, frame.f_lineno))
        return self._line


def lines_of(work: Callable[[], object]) -> list[Place]:
    """The file and number of each line that runs, in order."""
    lines: list[Place] = []
    with Tracer(lines.append):
        work()
    return lines


def interrupted(work: Callable[[], object], at: int, error: type[BaseException]) -> bool:
    """Run work and raise an error in the line that is `at` in the order; was it raised?"""
    left = iter(range(at))

    def event(place: Place) -> None:
        if next(left, None) is None:
            raise error

    with suppress(error), Tracer(event):
        work()
        return False
    return True


def first_and_last(lines: list[Place]) -> list[int]:
    """When each line of features/ and stages/, which keep what they have met, runs first and last."""
    lines = [place if {"features", "stages"} & {*Path(place[0]).parts} else ("", 0) for place in lines]
    first = {place: k for k, place in reversed(list(enumerate(lines)))}
    last = {place: k for k, place in enumerate(lines)}
    return sorted({*first.values(), *last.values()})


def parser_work(model: Model) -> Callable[[Block], object]:
    """A parser that has met no word yet."""
    return model.parser.copy().parse


def window_work(model: Model) -> Callable[[Block], object]:
    """A window classifier that has met no word yet."""
    classifier = model.stages.window_classifiers()["tags"]
    classifier = classifier.with_parameters(classifier.params)
    return lambda block: classifier.classify(block.word_keys(), block.sentences, np.arange(block.n_words)).tolist()


def text_work(model: Model) -> Callable[[Block], object]:
    """A tokenizer that has met no text yet."""
    assert model.stages.tokenizer
    keys = copy.copy(model.stages.tokenizer.keys)

    def characters(block: Block) -> object:
        found = keys.characters([sentence.text for sentence in block])
        return [(found.keys[k], *flags) for k, *flags in found.table.tolist()]

    return characters


@pytest.mark.parametrize(
    ("error", "everywhere"),
    [
        (KeyboardInterrupt, False),
        pytest.param(KeyboardInterrupt, True, marks=pytest.mark.full),
        pytest.param(MemoryError, True, marks=pytest.mark.full),
    ],
)
@pytest.mark.parametrize("new_work", [parser_work, window_work, text_work])
def test_an_interruption_at_any_line_changes_nothing_later(
    new_work: Callable[[Model], Callable[[Block], object]],
    error: type[BaseException],
    everywhere: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Interrupted while it meets new words, it gives the same for these words, and for those met before."""
    monkeypatch.setattr(precompute, "MEMORY", 1 << 20)
    model, first, second = load(MODEL), parse_block(FIRST.encode()), parse_block(SECOND.encode())
    work = new_work(model)
    expected = [repr(work(block)) for block in (first, second)]
    work = new_work(model)
    work(first)
    lines = lines_of(lambda: work(second))
    assert len(lines) > 100
    for at in range(len(lines)) if everywhere else first_and_last(lines):
        work = new_work(model)
        work(first)
        assert interrupted(lambda: work(second), at, error)  # noqa: B023  # runs at once
        assert [repr(work(block)) for block in (second, first)] == expected[::-1], lines[at]


def parsed(model: Model, text: str) -> list[str]:
    return [str(sentence) for sentence in model(text)]


class AlarmError(Exception):
    """The timer rang."""


def ring(*_: object) -> None:
    raise AlarmError


@pytest.fixture
def alarm() -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, ring)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.full
@pytest.mark.usefixtures("alarm")
def test_200_signals_at_random_moments_while_other_threads_parse() -> None:
    expected = {text: parsed(load(MODEL), text) for text in TEXTS}
    rng, model, rang, wrong, stop = random.Random(1), load(MODEL), 0, list[str](), threading.Event()
    seconds = []  # of the first call and of a later one
    for _ in range(2):
        start = time.perf_counter()
        parsed(model, TEXTS[0])
        seconds.append(time.perf_counter() - start)

    def parse_on() -> None:
        while not stop.is_set():
            wrong.extend(text for text in TEXTS if parsed(model, text) != expected[text])

    threads = [threading.Thread(target=parse_on) for _ in range(2)]
    for k in range(200):
        if k % 4 == 0:
            model = load(MODEL)
        if k == 100:
            for thread in threads:
                thread.start()
        try:
            signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-4, seconds[k % 4 > 0]))
            parsed(model, TEXTS[k % len(TEXTS)])
            signal.setitimer(signal.ITIMER_REAL, 0)
        except AlarmError:
            rang += 1
        wrong.extend(text for text in TEXTS if parsed(model, text) != expected[text])
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert rang > 50


def finished(child: int) -> bool:
    """Does a child process end well within its time?"""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status == 0
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("forks", [2, pytest.param(20, marks=pytest.mark.full)])
def test_a_child_forked_while_another_thread_parses_can_parse(forks: int) -> None:
    model, stop = load(MODEL), threading.Event()
    expected = parsed(load(MODEL), TEXTS[0])

    def parse_on() -> None:
        while not stop.is_set():
            parsed(model, TEXTS[1])

    thread = threading.Thread(target=parse_on)
    thread.start()
    try:
        for _ in range(forks):
            child = os.fork()
            if not child:
                os._exit(parsed(model, TEXTS[0]) != expected)
            assert finished(child)
    finally:
        stop.set()
        thread.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_lock_held_by_another_thread_is_free_in_a_forked_child() -> None:
    class Owner:
        def __init__(self) -> None:
            self.lock = threading.Lock()
            renew_lock_after_fork(self)

    owner = Owner()
    with owner.lock:
        child = os.fork()
        if not child:
            os._exit(not owner.lock.acquire(timeout=1))
    assert finished(child)
