"""The application: which address answers what; and the server that listens.

GET /                      the page, with what lies in page/
GET, POST /process         as UDPipe's service does, see service.py
GET, POST /models          likewise
GET /page/model            what the page has to know of the model
POST /page/read            a text or CoNLL-U, as sentences
POST /page/explain         the steps of one sentence
POST /page/numbers         the numbers of one step
"""

from __future__ import annotations

import ipaddress
import socket
import urllib.parse
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from clearparse.errors import ClearparseError
from clearparse.model.model import Model
from clearparse.web import service
from clearparse.web.guard import Guard
from clearparse.web.limits import BAD_REQUEST, Desk, Limits, RefusalError
from clearparse.web.views import Explainer

PAGE = Path(__file__).resolve().parent / "page"
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
CONNECTIONS = 100  # more are told to come again
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"

Endpoint = Callable[[Request], Awaitable[Response]]


def application(model: Model, name: str, limits: Limits, hosts: Collection[str] | None = LOOPBACK) -> Guard:
    """An ASGI application for one model; hosts as in Guard."""
    desk, explainer = Desk(limits), Explainer(model, name, limits)

    async def process(request: Request) -> Response:
        parameters = await _parameters(request, limits)
        return JSONResponse(await desk.do(service.process, model, name, parameters, limits))

    async def models(request: Request) -> Response:
        return JSONResponse(service.models(model, name))

    async def facts(request: Request) -> Response:
        return JSONResponse(explainer.facts())

    def asked(answer: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            return JSONResponse(await desk.do(answer, await _json(request)))

        return endpoint

    both = ["GET", "POST"]
    routes = [
        Route("/process", process, methods=both),
        Route("/models", models, methods=both),
        Route("/page/model", facts),
        Route("/page/read", asked(explainer.read), methods=["POST"]),
        Route("/page/explain", asked(explainer.explain), methods=["POST"]),
        Route("/page/numbers", asked(explainer.numbers), methods=["POST"]),
        Mount("/", StaticFiles(directory=PAGE, html=True)),
    ]
    handlers: Any = {RefusalError: _refused, HTTPException: _no_such}
    return Guard(Starlette(routes=routes, exception_handlers=handlers), hosts, limits)


async def _refused(_: Request, error: RefusalError) -> Response:
    return PlainTextResponse(error.message + "\n", error.status)


async def _no_such(request: Request, error: HTTPException) -> Response:
    told = f"there is nothing at {request.url.path}" if error.status_code == 404 else error.detail
    return PlainTextResponse(told + "\n", error.status_code, headers=error.headers)


async def _json(request: Request) -> Mapping[str, Any]:
    try:
        asked = await request.json()
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise RefusalError(BAD_REQUEST, "the request is not a JSON object")
    return asked


async def _parameters(request: Request, limits: Limits) -> dict[str, str]:
    """The parameters in the address and, of a POST, in the form. Raises RefusalError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        found = _pairs(request.scope["query_string"])
        if request.method == "POST":
            if kind == MULTIPART:
                found |= await _multipart(request, limits)
            elif kind == FORM:
                found |= _pairs(await request.body())
            else:
                raise RefusalError(BAD_REQUEST, f"Unsupported payload Content-Type '{kind or '<none>'}'.")
    except UnicodeDecodeError as error:
        raise RefusalError(BAD_REQUEST, "The request is not in UTF-8 encoding.") from error
    return found


def _pairs(query: bytes) -> dict[str, str]:
    """What a query or a form holds; clients may send UTF-8 as it is, or escaped."""
    text = query.decode()
    return dict(urllib.parse.parse_qsl(text, keep_blank_values=True, errors="strict"))


async def _multipart(request: Request, limits: Limits) -> dict[str, str]:
    found = {}
    async with request.form(max_part_size=limits.size) as form:
        for key, value in form.multi_items():
            found[key] = (await value.read()).decode("utf-8-sig") if isinstance(value, UploadFile) else value
    return found


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0: any that is free. Raises ClearparseError if that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (while")[0]  # Python says the address once more
        raise ClearparseError(f"{host}:{port}: {reason[:1].lower()}{reason[1:]}; --port takes another") from error


def address(listening: socket.socket) -> str:
    """The address of a page on a socket."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def hosts_of(host: str) -> Collection[str] | None:
    """The names that a server on this host is called by; None for one that listens on all addresses."""
    try:
        everywhere = ipaddress.ip_address(host).is_unspecified
    except ValueError:
        everywhere = False
    return None if everywhere else {*LOOPBACK, f"[{host}]" if ":" in host else host.lower()}


def serve(app: Guard, listening: socket.socket) -> None:
    """Answer requests until Ctrl-C; those under way are finished, for two seconds."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run(sockets=[listening])
