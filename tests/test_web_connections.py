"""The server over real sockets: idle and half-open connections, slow clients, many clients, and Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clearparse.model.model import Model, load
from clearparse.web.limits import Limits

WITHOUT = "the server is not tested: {} is missing, pip install 'clearparse[test-full]'"
server = pytest.importorskip("clearparse.web.server", reason=WITHOUT.format("its extra"))

CHECKOUT = Path(__file__).resolve().parents[1]
GET = b"GET /models HTTP/1.1\r\nhost: localhost\r\n\r\n"
SOON = 10  # seconds after which a test gives up


@pytest.fixture(scope="module")
def model(text_model: Path) -> Model:
    return load(text_model)


Start = Callable[[Limits], int]


@pytest.fixture
def start(model: Model) -> Iterator[Start]:
    """Starts a server with some limits in a thread; returns its port."""
    running = []

    def started(limits: Limits) -> int:
        listening = server.listen("127.0.0.1", 0)
        each = server.Server(server.Application({"english": model}, limits))
        thread = threading.Thread(target=each.run, kwargs={"sockets": [listening]})
        thread.start()
        running.append((each, thread))
        return int(listening.getsockname()[1])

    yield started
    for each, thread in running:
        each.should_exit = True
        thread.join(SOON)
        assert not thread.is_alive()


def connect(port: int, data: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=SOON)
    connection.sendall(data)
    return connection


def received(connection: socket.socket) -> bytes:
    """All bytes until the server closes the connection."""
    parts = []
    try:
        while part := connection.recv(1 << 16):
            parts.append(part)
    except ConnectionResetError:
        pass
    finally:
        connection.close()
    return b"".join(parts)


def status(port: int) -> int:
    with connect(port, GET) as connection:
        return int(connection.recv(1 << 16).split()[1])


@pytest.mark.parametrize("data", [b"", b"GET / HT", GET[:-2], b"POST /process HTTP/1.1\r\nhost: loc"])
def test_a_connection_without_a_whole_request_is_closed(start: Start, data: bytes) -> None:
    port = start(Limits(header_seconds=0.2))
    begun = time.monotonic()
    assert received(connect(port, data)) == b""
    assert 0.1 < time.monotonic() - begun < SOON
    assert status(port) == 200


def test_headers_that_arrive_byte_by_byte_are_limited_too(start: Start) -> None:
    port = start(Limits(header_seconds=0.3))
    with connect(port, b"GET / HTTP/1.1\r\nx: ") as connection, pytest.raises((BrokenPipeError, ConnectionResetError)):
        for _ in range(200):
            time.sleep(0.05)
            connection.sendall(b"x")


def test_a_second_request_that_does_not_arrive_is_closed(start: Start) -> None:
    port = start(Limits(header_seconds=0.2))
    with connect(port, GET) as connection:
        response = b""
        while not response.endswith(b"}"):
            response += connection.recv(1 << 16)
        connection.sendall(GET[:20])
        assert received(connection) == b""


def test_a_body_that_does_not_arrive_is_refused(start: Start) -> None:
    port = start(Limits(seconds=0.2))
    head = b"POST /process HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nx"
    response = received(connect(port, head))
    assert response.startswith(b"HTTP/1.1 408 ")
    assert response.endswith(b"the request did not arrive within 0.2 s\n")


@pytest.mark.parametrize("data", [b"", GET[:20], b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n"])
def test_idle_connections_do_not_block_new_clients(start: Start, data: bytes) -> None:
    """Two hundred of them; those that have waited longest make room."""
    port = start(Limits(connections=40, per_client=20))
    idle = [connect(port, data) for _ in range(200)]
    assert status(port) == 200
    time.sleep(0.2)
    ended = 0
    for each in idle:
        each.setblocking(False)
        try:
            ended += each.recv(1) == b""
        except BlockingIOError:
            pass
        except ConnectionResetError:
            ended += 1
        each.close()
    assert 180 <= ended <= 182


def test_connections_in_progress_are_kept_and_new_ones_refused(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    free = threading.Event()

    def slow(*_: object) -> Iterator[None]:
        free.wait(SOON)
        yield

    monkeypatch.setattr("clearparse.web.service.process", slow)
    port = start(Limits(per_client=2))
    request = b"GET /process?data=%0A HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    busy = [connect(port, request) for _ in range(2)]
    time.sleep(0.3)
    assert received(connect(port, GET)).startswith(b"HTTP/1.1 503 ")
    free.set()
    assert [received(each)[:13] for each in busy] == [b"HTTP/1.1 200 "] * 2


@pytest.mark.full  # it measures by the clock
def test_a_client_that_does_not_read_is_disconnected(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def large(*_: object) -> Iterator[None]:
        return "x" * (64 << 20)
        yield

    monkeypatch.setattr("clearparse.web.service.process", large)
    port = start(Limits(seconds=1))
    request = b"GET /process?data=%0A HTTP/1.1\r\nhost: localhost\r\n\r\n"
    with connect(port, request) as connection:
        time.sleep(10)
        assert len(received(connection)) < 64 << 20


def test_responses_that_clients_do_not_read_are_bounded(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def large(*_: object) -> Iterator[None]:
        return "x" * (16 << 20)
        yield

    monkeypatch.setattr("clearparse.web.service.process", large)
    port = start(Limits(unread=24 << 20))
    request = b"GET /process?data=%0A HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    clients = []
    for _ in range(4):
        clients.append(connect(port, request))
        assert clients[-1].recv(8) == b"HTTP/1.1"
    sizes = [len(received(client)) for client in clients]
    assert max(sizes[:3]) < 16 << 20 <= sizes[3]  # the newest one is kept


def test_a_short_request_does_not_wait_for_a_long_one(start: Start) -> None:
    port = start(Limits())
    texts = {"long": "A dog sleeps.\n\n" * 20_000, "short": "The cat sleeps."}
    ends: dict[str, float] = {}

    def ask(name: str) -> None:
        form = urllib.parse.urlencode({"data": texts[name], "tokenizer": "", "tagger": "", "parser": ""}).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/process", form) as response:
            json.load(response)
        ends[name] = time.monotonic()

    threads = [threading.Thread(target=ask, args=(name,)) for name in texts]
    for thread in threads:
        thread.start()
        time.sleep(0.3)
    for thread in threads:
        thread.join()
    assert ends["short"] < ends["long"]


# The whole command, with a parser that takes a minute

SLOW = """
import sys, time
from clearparse.commands import command_line, serve
from clearparse.web import service

def slow(*_):
    time.sleep(60)
    yield

service.process = slow
command_line.run(serve.main)
"""


@pytest.fixture
def process(text_model: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    command = [sys.executable, "-c", SLOW, "--model", str(text_model), "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "parser")}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT, env=environment
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r":(\d+)/ ", line)
    try:
        assert found, line
        yield process, int(found[1])
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is another matter on Windows")
def test_ctrl_c_during_requests_ends_the_server(process: tuple[subprocess.Popen[str], int]) -> None:
    """In less than three seconds and with one line; those who wait for a response get status 503."""
    running, port = process
    request = b"GET /process?data=%0A HTTP/1.1\r\nhost: localhost\r\n\r\n"
    upload = b"POST /process HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nx"
    busy = [connect(port, data) for data in (request, request, upload)]
    idle = connect(port)
    time.sleep(0.5)
    begun = time.monotonic()
    running.send_signal(signal.SIGINT)
    for each in busy:
        response = received(each)
        assert response.startswith(b"HTTP/1.1 503 ")
        assert response.endswith(b"the server is shutting down\n")
    assert received(idle) == b""
    out, errors = running.communicate(timeout=SOON)
    assert time.monotonic() - begun < 3
    assert (running.returncode, out, errors) == (0, "stopped\n", "")


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is another matter on Windows")
def test_a_second_ctrl_c_ends_the_server_at_once(process: tuple[subprocess.Popen[str], int]) -> None:
    running, port = process
    client = connect(port, b"POST /process HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nx")
    time.sleep(0.3)
    running.send_signal(signal.SIGINT)
    time.sleep(0.2)
    begun = time.monotonic()
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=SOON)
    assert time.monotonic() - begun < 1
    assert errors == ""
    client.close()
