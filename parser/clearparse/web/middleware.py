"""The middleware around the application: which requests are accepted, and the security headers of responses."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Collection, Iterator, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from clearparse.web.limits import BAD_REQUEST, FORBIDDEN, TIMEOUT, TOO_LARGE, UNAVAILABLE, Limits, RefusalError
from clearparse.web.work_queue import SHUTTING_DOWN

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


class RequestMiddleware:
    """An ASGI application around another.

    hosts: the host names of this server, as protection against DNS rebinding; None: any. origins: other sites whose
    pages may use it; `*`: all sites. The whole body of a request is received before the application is called; if the
    client disconnects, the application is cancelled.
    """

    def __init__(self, app: App, hosts: Collection[str] | None, limits: Limits, origins: Collection[str] = ()) -> None:
        self.app, self.hosts, self.limits, self.origins = app, hosts, limits, origins
        self._receiving: set[asyncio.Future[Any]] = set()
        self._held_bytes = 0  # of the large requests that are being received or answered
        self._closed = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_RAW_HEADERS]
            await send(message)

        try:
            headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
            self._check_host(headers.get(b"host", ""))
            self._check_origin(scope["method"], headers)
            with self._holding() as hold:
                body = await self._received(receive, hold)
                if body is not None:
                    await _until_disconnected(self.app, scope, body, receive, send_with_headers)
        except RefusalError as refusal:
            await _refuse(send_with_headers, refusal)

    def close(self) -> None:
        """Refuse the requests that are still being received, and all later ones, with status 503."""
        self._closed = True
        for task in self._receiving:
            task.cancel()

    def _check_host(self, header: str) -> None:
        host = _PORT.sub("", header).lower()
        if self.hosts is not None and host not in self.hosts:
            message = f"{host!r} is not a host name of this server; start it with --host to add one"
            raise RefusalError(BAD_REQUEST, message)

    def _check_origin(self, method: str, headers: dict[bytes, str]) -> None:
        """Refuse what pages of other sites send; clients other than browsers send neither of the two headers.

        A link on another site may lead here.
        """
        if "*" in self.origins:
            return
        origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site", "none")
        if origin is not None:
            foreign = origin not in self.origins and _network_location(origin) != headers.get(b"host", "").lower()
        else:
            follows_link = method in ("GET", "HEAD") and headers.get(b"sec-fetch-mode") == "navigate"
            foreign = site not in ("none", "same-origin") and not follows_link
        if foreign:
            sender = f"from {origin}" if origin else "from other sites"
            raise RefusalError(FORBIDDEN, f"requests {sender} are refused; start the server with --allow-origin")

    @contextlib.contextmanager
    def _holding(self) -> Iterator[Callable[[int], None]]:
        """Within the block, a function that notes how many bytes a request has so far; it raises RefusalError.

        Small requests are always accepted, so that others with much to send keep nobody out.
        """
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            new = size if size > self.limits.large else 0
            self._held_bytes += new - held
            held = new
            if new and self._held_bytes > self.limits.held * self.limits.size:
                raise RefusalError(UNAVAILABLE, "too many large requests at a time; try again in a moment")

        try:
            yield hold
        finally:
            self._held_bytes -= held

    async def _received(self, receive: Receive, hold: Callable[[int], None]) -> bytes | None:
        """The body of a request; None if the client has disconnected. Raises RefusalError."""
        if self._closed:
            raise RefusalError(UNAVAILABLE, SHUTTING_DOWN)
        task = asyncio.ensure_future(self._body(receive, hold))
        self._receiving.add(task)
        try:
            done, _ = await asyncio.wait({task}, timeout=self.limits.seconds)
            if not done:
                raise RefusalError(TIMEOUT, f"the request did not arrive within {self.limits.seconds:g} s")
            if task.cancelled():
                raise RefusalError(UNAVAILABLE, SHUTTING_DOWN)
            return task.result()
        finally:
            self._receiving.discard(task)
            task.cancel()

    async def _body(self, receive: Receive, hold: Callable[[int], None]) -> bytes | None:
        """The body of a request; None if the client has disconnected.

        One that is too large is read to its end and dropped: many clients read no response before all is sent.
        """
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            part, more = message.get("body", b""), message.get("more_body", False)
            size += len(part)
            if size <= self.limits.size:
                parts.append(part)
                hold(size)
            else:
                parts.clear()
                hold(0)
        if size > self.limits.size:
            raise RefusalError(TOO_LARGE, f"the request has more than {self.limits.size:,} bytes")
        return b"".join(parts)


def _network_location(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


async def _until_disconnected(app: App, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
    """Call the application with a body that has been received; cancel it when the client disconnects."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def disconnected() -> Message:
        while (message := await receive())["type"] != "http.disconnect":
            pass
        return message

    gone = asyncio.ensure_future(disconnected())

    async def replay() -> Message:
        return waiting.pop() if waiting else await asyncio.shield(gone)

    response = asyncio.ensure_future(app(scope, replay, send))
    try:
        await asyncio.wait({response, gone}, return_when=asyncio.FIRST_COMPLETED)
        if response.done():
            await response
    finally:
        for task in (response, gone):
            task.cancel()
        await asyncio.gather(response, gone, return_exceptions=True)


async def _refuse(send: Send, refusal: RefusalError) -> None:
    body = refusal.message.encode(errors="replace") + b"\n"
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
