"""Generated requests, valid and invalid, against a description of the server's addresses: none is an internal error."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from clearparse.model.model import load
from clearparse.web.limits import Limits

WITHOUT = "no requests are generated: {} is missing, pip install 'clearparse[test-full]'"
server = pytest.importorskip("clearparse.web.server", reason=WITHOUT.format("the extra web"))
schemathesis = pytest.importorskip("schemathesis", reason=WITHOUT.format("schemathesis"))

pytestmark = pytest.mark.full

FIRST = "1\tDogs\tdog\tNOUN\tNNS\t_\t2\tnsubj\t_\t_\n2\tbark\tbark\tVERB\tVBP\t_\t0\troot\t_\t_\n\n"
STATUS = {200, 400, 403, 404, 405, 408, 413, 415, 429, 503}


def _body(kind: str, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties}
    return {"required": True, "content": {kind: {"schema": schema}}}


STRING, INTEGER = {"type": "string"}, {"type": "integer"}
CONLLU = {"anyOf": [STRING, {"enum": [FIRST, FIRST.replace("nsubj", "_"), FIRST * 2]}]}
PARAMETERS = {
    "data": {"anyOf": [STRING, {"enum": [FIRST, "Dogs bark."]}]},
    "model": {"enum": ["english", "klingon"]},
    "input": {"enum": ["conllu", "generic", "horizontal", "vertical", "epe"]},
    "output": {"enum": ["conllu", "epe"]},
    "tokenizer": {"enum": ["", "presegmented", "x"]},
    "tagger": {"enum": ["", "x"]},
    "parser": {"enum": ["", "x"]},
}
MOVES = {"type": "array", "items": INTEGER}
LESSON = {"type": "object", "properties": {"moves": MOVES, "target": INTEGER, "learning_rate": {"type": "number"}}}
LESSONS = {"anyOf": [{"type": "array", "items": LESSON}, {"enum": [[{"target": 0, "learning_rate": 9.9}] * 20]}]}
TRACE = {"conllu": CONLLU, "gold": {"type": "boolean"}, "follow_gold": {}, "moves": MOVES, "lessons": LESSONS}
NUMBERS = {
    **TRACE,
    "step": INTEGER,
    "of": INTEGER,
    "against": {"anyOf": [INTEGER, {"enum": ["runner-up", None]}]},
    "target": INTEGER,
}
RESPONSES = {"responses": {"default": {"description": "a response"}}}
QUERY = [{"name": name, "in": "query", "schema": schema} for name, schema in PARAMETERS.items()]
DESCRIPTION = {
    "openapi": "3.0.2",
    "info": {"title": "clearparse", "version": "1"},
    "paths": {
        "/process": {
            "get": {"parameters": QUERY, **RESPONSES},
            "post": {"requestBody": _body("application/x-www-form-urlencoded", **PARAMETERS), **RESPONSES},
        },
        "/models": {"get": RESPONSES, "post": RESPONSES},
        "/page/models": {"get": RESPONSES},
        "/page/read": {
            "post": {"requestBody": _body("application/json", text=STRING, conllu=CONLLU, sample={}), **RESPONSES}
        },
        "/page/explain": {"post": {"requestBody": _body("application/json", **TRACE), **RESPONSES}},
        "/page/numbers": {"post": {"requestBody": _body("application/json", **NUMBERS), **RESPONSES}},
        "/page/learn": {"post": {"requestBody": _body("application/json", **TRACE), **RESPONSES}},
    },
}
description = schemathesis.openapi.from_dict(DESCRIPTION)


@pytest.fixture(scope="module")
def address(text_model: Path) -> Iterator[str]:
    running = server.Server(server.Application({"english": load(text_model)}, Limits()))
    with server.listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        yield server.address(listening).rstrip("/")
        running.should_exit = True
        thread.join()


@description.parametrize()
@settings(max_examples=200, suppress_health_check=list(HealthCheck))
def test_no_request_is_an_internal_error(case: Any, address: str) -> None:
    """A response is JSON, or one line of text with the reason."""
    response = case.call(base_url=address)
    assert response.status_code in STATUS, (case, response.text)
    if response.status_code == 200:
        json.loads(response.content)
    else:
        assert response.headers["content-type"] == ["text/plain; charset=utf-8"]
        assert response.text.endswith("\n")
        assert len(response.text.splitlines()) == 1
