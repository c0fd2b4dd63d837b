"""The console command `clearparse`: `clearparse train` is `python scripts/train.py`, and so on for every script."""

from __future__ import annotations

import argparse
import importlib
from typing import NoReturn

from clearparse.commands.command_line import OneLineErrors, console, run
from clearparse.version import __version__

COMMANDS = {
    "train": "train a parser on annotated sentences",
    "evaluate": "score a model or any parser's output, compare two, make a report",
    "parse": "give sentences their trees: raw text or CoNLL-U",
    "serve": "a page that shows how and why a model parses; a REST service",
    "download": "fetch a treebank of Universal Dependencies",
    "check-treebank": "tell what in a treebank is unusual, and where",
    "search": "try values of the configuration, and tell which are good",
    "check-gradients": "hold every gradient against finite differences",
}


def main() -> NoReturn:
    """Run what the command line names, and exit with its status."""
    run(dispatch)


def dispatch(argv: list[str]) -> None:
    """Run the command that is named first. Raises ClearparseError."""
    if not argv or argv[0] not in COMMANDS:
        _command_line().parse_args(argv or ["--help"])
        return
    name, *arguments = argv
    with console():
        importlib.import_module(f"clearparse.commands.{name.replace('-', '_')}").main(arguments)


def _command_line() -> argparse.ArgumentParser:
    lines = [f"  {name:<16} {what}" for name, what in COMMANDS.items()]
    cli = OneLineErrors(
        prog="clearparse",
        usage="clearparse COMMAND ...",
        description="A dependency parser: text to trees, and all that is needed to train it.",
        epilog="\n".join(["commands (each tells more with --help):", *lines]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    cli.add_argument("--version", action="version", version=f"clearparse {__version__}")
    cli.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of those below")
    return cli
