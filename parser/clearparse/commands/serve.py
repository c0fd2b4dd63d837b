"""`python scripts/serve.py`: explore in the browser how and why a model parses; a REST service."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from clearparse.commands.command_line import CommandLine
from clearparse.errors import ClearparseError
from clearparse.io import resources
from clearparse.io.optional import optional_import
from clearparse.model.model import load

MAX_PORT = 65535
_SITE = re.compile(r"(https?://(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?)/?")


def main(argv: list[str]) -> None:
    """Serve until Ctrl-C. Raises ClearparseError."""
    options = _command_line().parse(argv)
    with optional_import("web", "the serve command"):
        from clearparse.web import limits, server
    models = _models(options.model or [resources.english()])
    loaded = {name: load(path) for name, path in models.items()}
    bounds = limits.Limits(
        size=options.max_size, words=options.max_words, seconds=options.max_seconds, waiting=options.max_waiting
    )
    with server.listen(options.host, options.port) as listening, threadpool_limits(limits=1):
        hosts = server.hosts_of(options.host)
        app = server.Application(loaded, bounds, hosts, options.allow_origin)
        exposed = "" if hosts else "; open to every machine that can reach this one"
        print(
            f"serving {', '.join(map(str, models.values()))} at {server.address(listening)} (Ctrl-C to stop){exposed}",
            flush=True,
        )
        try:
            server.serve(app, listening)
        except KeyboardInterrupt:
            print("stopped", flush=True)


def _models(paths: Sequence[str | Path]) -> dict[str, str | Path]:
    """The models by name. Raises ClearparseError if two have the same name."""
    models: dict[str, str | Path] = {}
    for path in paths:
        name = Path(path).stem
        if name in models:
            raise ClearparseError(f"{models[name]} and {path} have the same name; rename one of them")
        models[name] = path
    return models


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number (0 to {MAX_PORT})")
    return int(text)


def _origin(text: str) -> str:
    """The origin of a site as browsers send it: scheme, host and port, in lower case and without a slash."""
    if text == "*":
        return text
    site = _SITE.fullmatch(text.strip().lower())
    if not site:
        raise argparse.ArgumentTypeError(f"{text!r} is not a site, such as https://example.org")
    return site[1]


def _command_line() -> CommandLine:
    cli = CommandLine(
        "serve.py",
        description="Serve a web page that shows how a model parses, and a REST service with UDPipe's API (/process).",
    )
    cli.option(
        "-m",
        "--model",
        action="append",
        metavar="MODEL",
        help="model file; repeat it to choose between models on the page (default: the English model)",
    )
    cli.option(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="address to listen on (default: this machine only)"
    )
    cli.option("--port", type=_port, default=8000, metavar="N", help="port; 0: any free one (default: 8000)")
    cli.option(
        "--allow-origin",
        action="append",
        type=_origin,
        default=[],
        metavar="URL",
        help="site whose pages may use this server, such as https://example.org, or '*'; may be repeated",
    )
    limits = {
        "--max-size": (4 << 20, "largest request, in bytes"),
        "--max-words": (250, "longest sentence whose transitions are shown, in words"),
        "--max-seconds": (30, "time limit of a response, in seconds"),
        "--max-waiting": (16, "most requests in progress or in the queue"),
    }
    for flag, (default, text) in limits.items():
        cli.count_option(flag, group="limits", default=default, help=text)
    return cli
