"""Limits on the connections of the server: how long each may wait for its client, and how many a client may hold.

uvicorn closes a connection that stays idle after a response. This module also closes connections that never send the
headers of a request or send them slowly, and those of clients that do not read their responses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from clearparse.web.limits import Limits

HTTP_503 = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\r\n"


class Connections:
    """The open connections, oldest first.

    At a limit, the connection that has waited longest for its client is closed to make room for a new one, so that idle
    connections keep nobody out; if the server is working for all of them, the new one is refused.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._open: dict[Connection, float] = {}  # when each began to wait for its client

    def protocol(self, **options: Any) -> Connection:
        """What uvicorn creates for each new connection."""
        return Connection(self, **options)

    def add(self, new: Connection) -> bool:
        """Add a connection; False if it has to be refused."""
        same = [each for each in self._open if each.address == new.address]
        candidates = same if len(same) >= self.limits.per_client else []
        if len(self._open) >= self.limits.connections:
            candidates = list(self._open)
        if candidates:
            idle = [each for each in candidates if each.waits_for_client()]
            if not idle:
                return False
            min(idle, key=self._open.__getitem__).abort()
        self.touch(new)
        return True

    def touch(self, connection: Connection) -> None:
        """Note that a connection has begun to wait for its client."""
        self._open[connection] = asyncio.get_running_loop().time()

    def remove(self, connection: Connection) -> None:
        self._open.pop(connection, None)

    def limit_unread(self) -> None:
        """If clients have left too much unread, close those that have waited longest to read; the newest one stays."""
        paused = [each for each in self._open if each.flow is not None and each.flow.write_paused]
        paused.sort(key=self._open.__getitem__)
        unread = sum(each.unread() for each in paused)
        for each in paused[:-1]:
            if unread <= self.limits.unread:
                return
            unread -= each.unread()
            each.abort()

    def abort(self) -> None:
        """Close all connections at once."""
        for connection in list(self._open):
            connection.abort()


class Connection(H11Protocol):  # type: ignore[misc]  # uvicorn is an optional dependency, and without types here
    """One connection. The time for the headers of a request is limited; so is the time to read a response."""

    def __init__(self, registry: Connections, **options: Any) -> None:
        super().__init__(**options)
        self.registry = registry
        self.address = ""
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        if self.registry.add(self):
            self._start("headers", self.registry.limits.header_seconds, self.abort)
        else:
            transport.write(HTTP_503 + b"too many connections; try again in a moment\n")
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.registry.remove(self)
        for name in list(self._timers):
            self._stop(name)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._between_requests():
            if not self.transport.is_closing() and "headers" not in self._timers:
                self._start("headers", self.registry.limits.header_seconds, self.abort)
        else:
            self._stop("headers")

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing():
            self.registry.touch(self)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.registry.limit_unread()
        self._watch_reading(self.unread() + 1)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop("response")

    def waits_for_client(self) -> bool:
        """Whether the server has nothing to do for this connection until its client sends or reads."""
        return self._between_requests() or self.cycle.more_body or self.flow.write_paused

    def unread(self) -> int:
        """The bytes of its response that its client has not read."""
        return int(self.transport.get_write_buffer_size())

    def abort(self) -> None:
        """Close the connection at once."""
        self.transport.abort()
        self.registry.remove(self)

    def _between_requests(self) -> bool:
        return self.cycle is None or bool(self.cycle.response_complete)

    def _watch_reading(self, before: int) -> None:
        """Close the connection if its client has read nothing since there were `before` bytes to send."""
        size = self.unread()
        if size >= before:
            self.abort()
        else:
            self._start("response", self.registry.limits.seconds, self._watch_reading, size)

    def _start(self, timer: str, seconds: float, act: Callable[..., None], *arguments: Any) -> None:
        self._stop(timer)
        self._timers[timer] = asyncio.get_running_loop().call_later(seconds, act, *arguments)

    def _stop(self, timer: str) -> None:
        if timer in self._timers:
            self._timers.pop(timer).cancel()
