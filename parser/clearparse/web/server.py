"""The application with its routes, and the server.

GET /                      the page: the files in page/
GET, POST /process         UDPipe's REST service, see service.py
GET, POST /models          likewise
GET /page/models           names, sizes and scores of the models, and limits of a request, for the page
POST /page/read            the sentences of a text, of CoNLL-U or of the sample treebank
POST /page/explain         the transitions of one sentence
POST /page/numbers         scores, attribution, computation and gradients at one transition
POST /page/learn           what a step of SGD at one transition changes
GET /theme.css             colours and drawings, shared with the report
GET /gradients.md          the derivation of the gradients: docs/gradients.md
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
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from clearparse.drawing.printable import printable
from clearparse.drawing.theme import THEME
from clearparse.errors import ClearparseError
from clearparse.io import resources
from clearparse.model.model import Model
from clearparse.web import service
from clearparse.web.connections import Connections
from clearparse.web.limits import BAD_REQUEST, NOT_FOUND, UNSUPPORTED, Limits, RefusalError
from clearparse.web.middleware import RequestMiddleware
from clearparse.web.model_info import model_info
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
    """The ASGI application for models by their names, the first one by default; hosts and origins as in
    RequestMiddleware."""

    def __init__(
        self,
        models: Mapping[str, Model],
        limits: Limits,
        hosts: Collection[str] | None = LOOPBACK,
        origins: Collection[str] = (),
    ) -> None:
        self.queue = WorkQueue(limits)
        super().__init__(_starlette(models, self.queue, origins), hosts, limits, origins)

    def close(self) -> None:
        """Answer all requests, those in progress too, with status 503."""
        super().close()
        self.queue.close()


def _starlette(models: Mapping[str, Model], queue: WorkQueue, origins: Collection[str]) -> Starlette:
    """The routes, and the handlers of errors."""
    limits = queue.limits
    explainers = {name: Explainer(model, limits) for name, model in models.items()}

    async def process(request: Request) -> Response:
        parameters = await _parameters(request, limits)
        name = service.check(models, parameters, limits)
        work = service.process(models[name], name, parameters, limits)
        return JSONResponse(await queue.run(work, await _size(request)))

    async def list_models(request: Request) -> Response:
        return JSONResponse(service.models(models))

    async def page_models(request: Request) -> Response:
        infos = [model_info(model, name) for name, model in models.items()]
        return JSONResponse({"models": infos, "size": limits.size, "words": limits.words})

    def post(path: str, work: Callable[[Explainer, Mapping[str, Any]], Work[dict[str, Any]]]) -> Route:
        async def endpoint(request: Request) -> Response:
            payload = await _json(request)
            explainer = explainers[_model_name(payload, models)]
            return JSONResponse(await queue.run(work(explainer, payload), await _size(request)))

        return Route(path, endpoint, methods=["POST"])

    both = ["GET", "POST"]
    routes = [
        Route("/process", process, methods=both),
        Route("/models", list_models, methods=both),
        Route("/page/models", page_models),
        post("/page/read", Explainer.read),
        post("/page/explain", Explainer.explain),
        post("/page/numbers", Explainer.numbers),
        post("/page/learn", Explainer.learn),
        Route("/theme.css", _theme),
        Route("/gradients.md", _gradients),
        Mount("/", StaticFiles(directory=PAGE, html=True)),
    ]
    handlers: Any = {RefusalError: _refused, ClearparseError: _not_installed, HTTPException: _http_error}
    cors = [Middleware(CORSMiddleware, allow_origins=list(origins), allow_methods=both)] if origins else []
    return Starlette(routes=routes, exception_handlers=handlers, middleware=cors)


async def _theme(_: Request) -> Response:
    return Response(THEME, media_type="text/css")


async def _gradients(_: Request) -> Response:
    return FileResponse(resources.gradients(), media_type="text/plain; charset=utf-8")


def _model_name(payload: Mapping[str, Any], models: Mapping[str, Model]) -> str:
    """The model that a request of the page names; the first one by default. Raises RefusalError."""
    name = payload.get("model", next(iter(models)))
    if not (isinstance(name, str) and name in models):
        raise RefusalError(BAD_REQUEST, f"there is no model {str(name)[:40]!r}; there are {', '.join(models)}")
    return name


async def _refused(_: Request, error: RefusalError) -> Response:
    return PlainTextResponse(error.message + "\n", error.status)


async def _not_installed(_: Request, error: ClearparseError) -> Response:
    return PlainTextResponse(f"{error}\n", NOT_FOUND)


async def _http_error(request: Request, error: HTTPException) -> Response:
    line = f"there is nothing at {request.url.path}" if error.status_code == 404 else error.detail
    return PlainTextResponse(f"{printable(line)}\n".encode(errors="replace"), error.status_code, headers=error.headers)


async def _size(request: Request) -> int:
    """The bytes of a request."""
    return len(request.scope["query_string"]) + len(await request.body())


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
            os._exit(128 + sig)  # the second Ctrl-C: nothing is open that would must be saved
        super().handle_exit(sig, frame)
