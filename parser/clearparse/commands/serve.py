"""`python scripts/serve.py`: a page that shows how and why a model parses, and a REST service as UDPipe's."""

from __future__ import annotations

import argparse
from pathlib import Path

from threadpoolctl import threadpool_limits

from clearparse.commands.command_line import CommandLine, positive
from clearparse.io import resources
from clearparse.io.optional import optional_import
from clearparse.model.model import load

LARGEST_PORT = 65535


def main(argv: list[str]) -> None:
    """Serve until Ctrl-C. Raises ClearparseError."""
    options = _command_line().parse(argv)
    with optional_import("web", "serve.py"):
        from clearparse.web import limits, server
    path = options.model or resources.english()
    model = load(path)
    bounds = limits.Limits(
        size=options.max_size, words=options.max_words, seconds=options.max_seconds, waiting=options.max_waiting
    )
    with server.listen(options.host, options.port) as listening, threadpool_limits(limits=1):
        hosts = server.hosts_of(options.host)
        app = server.Application(model, Path(path).stem, bounds, hosts, options.allow_origin)
        everywhere = "" if hosts else "; every machine that reaches this one can use it"
        print(f"{server.address(listening)} shows {path}; Ctrl-C ends it{everywhere}", flush=True)
        try:
            server.serve(app, listening)
        except KeyboardInterrupt:
            print("ended", flush=True)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > LARGEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, a number up to {LARGEST_PORT}")
    return int(text)


def _command_line() -> CommandLine:
    cli = CommandLine(
        "serve.py",
        description="A page in the browser that shows how and why a model parses; POST to /process as to UDPipe.",
    )
    cli.add_argument("--model", metavar="MODEL", help="a model file, as train.py makes it; default: the English model")
    cli.add_argument("--host", default="127.0.0.1", metavar="H", help="where to listen (default: this machine only)")
    cli.add_argument("--port", type=_port, default=8000, metavar="N", help="default 8000; 0: any that is free")
    cli.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="URL",
        help="another site whose pages may use this server, such as https://example.org; may be repeated",
    )
    cli.add_argument(
        "--max-size", type=positive, default=4 << 20, metavar="N", help="bytes of a request (default 4,194,304)"
    )
    cli.add_argument(
        "--max-words", type=positive, default=250, metavar="N", help="of a sentence shown in steps (default 250)"
    )
    cli.add_argument(
        "--max-seconds", type=positive, default=30, metavar="N", help="until an answer is given up (default 30)"
    )
    cli.add_argument(
        "--max-waiting", type=positive, default=16, metavar="N", help="requests at work and waiting (default 16)"
    )
    return cli
