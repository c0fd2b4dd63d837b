"""The application with its routes, and the server.

GET /                      the page: the files in page/
GET, POST /process         UDPipe's REST service, see service.py
GET, POST /models          likewise
GET /page/model            name, sizes and limits of the model, for the page
POST /page/read            the sentences of a text or of CoNLL-U
POST /page/explain         the transitions of one sentence
POST /page/numbers         scores, attribution, computation and gradients at one transition
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import os
import re
import signal
import socket
import urllib.parse
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from clearparse.errors import ClearparseError
from clearparse.model.model import Model
from clearparse.web import service
from clearparse.web.connections import Connections
from clearparse.web.limits import BAD_REQUEST, UNSUPPORTED, Limits, RefusalError
from clearparse.web.middleware import RequestMiddleware
from clearparse.web.views import Explainer
from clearparse.web.work_queue import Work, WorkQueue

PAGE = Path(__file__).resolve().parent / "page"
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
GRACE_PERIOD = 1.5  # seconds after Ctrl-C in which the last responses reach their clients
MAX_PARAMETERS = 100  # of a query or a form; the service has eight
UTF_8 = ("utf-8", "utf8")
_CHARSET = re.compile(r";\s*charset[\s*]*=\s*\"?([^\";\s]*)", re.IGNORECASE)
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


class Application(RequestMiddleware):
    """The ASGI application for one model; hosts and origins as in RequestMiddleware."""

    def __init__(
        self,
        model: Model,
        name: str,
        limits: Limits,
        hosts: Collection[str] | None = LOOPBACK,
        origins: Collection[str] = (),
    ) -> None:
        self.queue = WorkQueue(limits)
        super().__init__(_starlette(model, name, self.queue, origins), hosts, limits, origins)

    def close(self) -> None:
        """Answer all requests, those in progress too, with status 503."""
        super().close()
        self.queue.close()


def _starlette(model: Model, name: str, queue: WorkQueue, origins: Collection[str]) -> Starlette:
    """The routes, and the handlers of errors."""
    limits, explainer = queue.limits, Explainer(model, name, queue.limits)

    async def process(request: Request) -> Response:
        parameters = await _parameters(request, limits)
        service.check(name, parameters, limits)
        return JSONResponse(await queue.run(service.process(model, name, parameters, limits)))

    async def models(request: Request) -> Response:
        return JSONResponse(service.models(model, name))

    async def model_info(request: Request) -> Response:
        return JSONResponse(explainer.model_info())

    def post(path: str, work: Callable[[Mapping[str, Any]], Work[dict[str, Any]]]) -> Route:
        async def endpoint(request: Request) -> Response:
            return JSONResponse(await queue.run(work(await _json(request))))

        return Route(path, endpoint, methods=["POST"])

    both = ["GET", "POST"]
    routes = [
        Route("/process", process, methods=both),
        Route("/models", models, methods=both),
        Route("/page/model", model_info),
        post("/page/read", explainer.read),
        post("/page/explain", explainer.explain),
        post("/page/numbers", explainer.numbers),
        Mount("/", StaticFiles(directory=PAGE, html=True)),
    ]
    handlers: Any = {RefusalError: _refused, HTTPException: _http_error}
    cors = [Middleware(CORSMiddleware, allow_origins=list(origins), allow_methods=both)] if origins else []
    return Starlette(routes=routes, exception_handlers=handlers, middleware=cors)


async def _refused(_: Request, error: RefusalError) -> Response:
    return PlainTextResponse(error.message + "\n", error.status)


async def _http_error(request: Request, error: HTTPException) -> Response:
    line = f"there is nothing at {request.url.path}" if error.status_code == 404 else error.detail
    return PlainTextResponse(f"{line}\n".encode(errors="replace"), error.status_code, headers=error.headers)


async def _json(request: Request) -> Mapping[str, Any]:
    """The JSON object in the body of a request. Raises RefusalError."""
    body = await request.body()
    try:
        payload = json.loads(body.decode("utf-8-sig"))  # of bytes, json would read UTF-16 and UTF-32 too
        if b"\\u" in body:
            json.dumps(payload, ensure_ascii=False).encode()  # finds "\ud800", an unpaired surrogate
    except UnicodeEncodeError:
        raise RefusalError(BAD_REQUEST, "the request contains a lone surrogate, which is not a character") from None
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise RefusalError(BAD_REQUEST, "the request is not a JSON object")
    return payload


async def _parameters(request: Request, limits: Limits) -> dict[str, str]:
    """The parameters in the URL and, of a POST request, in the form. Raises RefusalError."""
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    try:
        found = _pairs(request.scope["query_string"])
        if request.method == "POST":
            if kind not in (MULTIPART, FORM):
                raise RefusalError(BAD_REQUEST, f"Unsupported payload Content-Type '{kind or '<none>'}'.")
            for charset in _CHARSET.findall(content_type):
                if charset.lower() not in UTF_8:  # decoding some of the others takes quadratic time
                    raise RefusalError(UNSUPPORTED, f"The charset {charset!r} is not supported; send UTF-8.")
            body = await request.body()
            body.decode()  # also of a multipart body, whose parser would read other bytes as Latin-1
            found |= await _multipart(request, limits) if kind == MULTIPART else _pairs(body)
    except UnicodeDecodeError as error:
        raise RefusalError(BAD_REQUEST, "The request is not in UTF-8 encoding.") from error
    return found


def _pairs(query: bytes) -> dict[str, str]:
    """The parameters of a query or a form; clients may send UTF-8 as it is, or escaped. Raises RefusalError."""
    text = query.decode()
    if text.count("&") >= MAX_PARAMETERS:
        raise RefusalError(BAD_REQUEST, f"The request has more than {MAX_PARAMETERS} parameters.")
    return dict(urllib.parse.parse_qsl(text, keep_blank_values=True, errors="strict"))


async def _multipart(request: Request, limits: Limits) -> dict[str, str]:
    found = {}
    async with request.form(max_files=MAX_PARAMETERS, max_fields=MAX_PARAMETERS, max_part_size=limits.size) as form:
        for key, value in form.multi_items():
            found[key] = (await value.read()).decode("utf-8-sig") if isinstance(value, UploadFile) else value
    return found


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0: any free port. Raises ClearparseError if there is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (while")[0]  # Python repeats the address
        raise ClearparseError(f"{host}:{port}: {reason[:1].lower()}{reason[1:]}; choose another with --port") from error


def address(listening: socket.socket) -> str:
    """The URL of the page that is served on a socket."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def hosts_of(host: str) -> Collection[str] | None:
    """The host names of a server that listens on `host`; None if it listens on all addresses."""
    try:
        everywhere = ipaddress.ip_address(host).is_unspecified
    except ValueError:
        everywhere = False
    return None if everywhere else {*LOOPBACK, f"[{host}]" if ":" in host else host.lower()}


def serve(app: Application, listening: socket.socket) -> None:
    """Serve until Ctrl-C, then shut down within 2 seconds; requests in progress are answered with status 503."""
    logging.getLogger("python_multipart").addHandler(logging.NullHandler())  # else malformed requests reach stderr
    Server(app).run(sockets=[listening])


class Server(uvicorn.Server):  # type: ignore[misc]  # an optional dependency, and without types here
    """uvicorn's server, which at shutdown waits neither for its clients nor for the parser."""

    def __init__(self, app: Application) -> None:
        self.app, self.connections = app, Connections(app.limits)
        config = uvicorn.Config(
            app,
            http=self.connections.protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        super().__init__(config)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.app.close()
        asyncio.get_running_loop().call_later(GRACE_PERIOD, self.connections.abort)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit and sig == signal.SIGINT:
            os._exit(128 + sig)  # the second Ctrl-C: nothing is open that would have to be saved
        super().handle_exit(sig, frame)
