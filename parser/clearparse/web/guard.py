"""What stands before the application: who may ask, how much, and what browsers are told about the answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

from clearparse.web.limits import BAD_REQUEST, TIMEOUT, TOO_LARGE, Limits, RefusalError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADERS = {
    "content-security-policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}
_RAW_HEADERS = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
_PORT = re.compile(r":\d+\Z")


class Guard:
    """An ASGI application around another.

    hosts: the names by which this server may be called, against pages that make their own name point here (DNS
    rebinding); None: any. A request's body is read as a whole before the application sees any of it.
    """

    def __init__(self, app: App, hosts: Collection[str] | None, limits: Limits) -> None:
        self.app, self.hosts, self.limits = app, hosts, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_RAW_HEADERS]
            await send(message)

        try:
            self._check_host(dict(scope["headers"]).get(b"host", b""))
            body = await asyncio.wait_for(self._body(receive), self.limits.seconds)
        except RefusalError as refusal:
            await _refuse(send_with_headers, refusal)
        except asyncio.TimeoutError:
            await _refuse(send_with_headers, RefusalError(TIMEOUT, "the request did not arrive in time"))
        else:
            if body is not None:
                await self.app(scope, _replayed(body, receive), send_with_headers)

    def _check_host(self, header: bytes) -> None:
        host = _PORT.sub("", header.decode("latin-1")).lower()
        if self.hosts is not None and host not in self.hosts:
            raise RefusalError(BAD_REQUEST, f"this server is not called {host!r}; start it with --host to change that")

    async def _body(self, receive: Receive) -> bytes | None:
        """The body of a request; None if the client has gone.

        One that is too large is read to its end and forgotten: many clients read no answer before they have sent all.
        """
        parts, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            part, more = message.get("body", b""), message.get("more_body", False)
            size += len(part)
            if size <= self.limits.size:
                parts.append(part)
            else:
                parts.clear()
        if size > self.limits.size:
            raise RefusalError(TOO_LARGE, f"the request has more than {self.limits.size:,} bytes")
        return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


async def _refuse(send: Send, refusal: RefusalError) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": refusal.message.encode() + b"\n"})
