"""The queue of requests to the parser: one thread, round robin, limits on time and length."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from clearparse.web.limits import Limits, RefusalError
from clearparse.web.work_queue import Work, WorkQueue


def steps(count: int, result: Any = None) -> Work[Any]:
    """Work in so many steps."""
    for _ in range(count):
        yield
    return result


def waiting(event: threading.Event) -> Work[None]:
    """Work whose only step lasts until the event."""
    event.wait()
    return
    yield


def test_work_that_takes_too_long_is_refused_and_keeps_its_place_during_its_step() -> None:
    async def play() -> None:
        queue, event = WorkQueue(Limits(seconds=0.05, waiting=1)), threading.Event()
        with pytest.raises(RefusalError, match="no response within 0.05 s") as late:
            await queue.run(waiting(event))
        assert late.value.status == 503
        with pytest.raises(RefusalError, match="1 requests are waiting") as busy:
            await queue.run(steps(1))
        assert busy.value.status == 429
        event.set()
        queue.close()

    asyncio.run(play())


def test_work_whose_request_has_timed_out_stops_after_its_step() -> None:
    taken = []

    def endless() -> Work[None]:
        try:
            while True:
                taken.append(1)
                time.sleep(0.01)
                yield
        finally:
            taken.append(0)

    async def play() -> None:
        queue = WorkQueue(Limits(seconds=0.05, waiting=1))
        with pytest.raises(RefusalError, match="no response"):
            await queue.run(endless())
        while taken and taken[-1]:  # empty if no step began in time
            await asyncio.sleep(0.01)
        while queue._size:
            await asyncio.sleep(0.01)
        assert await queue.run(steps(2, "next")) == "next"
        queue.close()

    asyncio.run(play())


def test_one_thread_does_all_work_and_errors_reach_their_request() -> None:
    def failing() -> Work[None]:
        yield
        raise ZeroDivisionError

    def thread() -> Work[int]:
        yield
        return threading.get_ident()

    async def play() -> None:
        queue = WorkQueue(Limits(waiting=3))
        assert len(set(await asyncio.gather(*(queue.run(thread()) for _ in range(3))))) == 1
        with pytest.raises(ZeroDivisionError):
            await queue.run(failing())
        assert await queue.run(steps(0, 3)) == 3
        queue.close()
        with pytest.raises(RefusalError, match="shutting down"):
            await queue.run(steps(1))

    asyncio.run(play())


def test_short_work_does_not_wait_for_long_work() -> None:
    order = []

    def named(name: str, count: int) -> Work[None]:
        yield from steps(count)
        order.append(name)

    async def play() -> None:
        queue, event = WorkQueue(Limits()), threading.Event()
        first = asyncio.ensure_future(queue.run(waiting(event)))  # until all are in the queue
        works = [asyncio.ensure_future(queue.run(named(name, n))) for name, n in (("a", 500), ("b", 50), ("c", 1))]
        await asyncio.sleep(0)
        event.set()
        await asyncio.gather(first, *works)
        queue.close()

    asyncio.run(play())
    assert order == ["c", "b", "a"]


def test_large_work_runs_one_after_the_other_and_small_work_between() -> None:
    order = []

    def named(name: str, count: int) -> Work[None]:
        order.append(f"{name} begins")
        yield from steps(count)
        order.append(f"{name} ends")

    async def play() -> None:
        queue, event = WorkQueue(Limits(large=10)), threading.Event()
        first = asyncio.ensure_future(queue.run(waiting(event)))  # until all are in the queue
        works = [
            asyncio.ensure_future(queue.run(named(name, n), size))
            for name, n, size in (("large", 50, 11), ("large too", 5, 11), ("small", 1, 10))
        ]
        await asyncio.sleep(0)
        event.set()
        await asyncio.gather(first, *works)
        queue.close()

    asyncio.run(play())
    small, large = ([f"{name} {act}" for act in ("begins", "ends")] for name in ("small", "large"))
    assert order == [large[0], *small, large[1], "large too begins", "large too ends"]


def test_large_work_that_timed_out_while_it_waited_is_skipped() -> None:
    async def play() -> None:
        queue, event = WorkQueue(Limits(large=10, seconds=0.05)), threading.Event()
        works = [asyncio.ensure_future(queue.run(waiting(event), 11)) for _ in range(3)]
        assert all(each.status == 503 for each in await asyncio.gather(*works, return_exceptions=True))
        event.set()
        while queue._size:
            await asyncio.sleep(0.01)
        assert await queue.run(steps(1, "next"), 11) == "next"
        queue.close()

    asyncio.run(play())


def test_closing_ends_queued_and_running_work() -> None:
    async def play() -> list[Any]:
        queue, event = WorkQueue(Limits()), threading.Event()
        works = [asyncio.ensure_future(queue.run(waiting(event), 1 << 20)) for _ in range(3)]
        await asyncio.sleep(0.05)
        queue.close()
        done = await asyncio.gather(*works, return_exceptions=True)
        event.set()
        return done

    assert [each.status for each in asyncio.run(play())] == [503, 503, 503]
