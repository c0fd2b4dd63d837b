"""The console command `clearparse`: `clearparse train` is `python scripts/train.py`, and so on."""

from __future__ import annotations

import argparse
from typing import NoReturn

from clearparse.commands.command_line import CONSOLE_COMMAND, CommandLine, console, main_of, run
from clearparse.version import __version__

COMMANDS = {
    "train": "train a parser on annotated sentences",
    "parse": "parse raw text or CoNLL-U files",
    "draw": "draw the trees of annotated files",
    "evaluate": "score a model or any parser's output; compare two; write a report",
    "serve": "web interface and REST service",
    "download": "download a treebank of Universal Dependencies",
    "check-treebank": "find likely annotation errors in a treebank",
    "search": "random hyperparameter search",
    "check-gradients": "compare every gradient with finite differences",
}


def main() -> NoReturn:
    """Run what the command line names, and exit with its status."""
    run(dispatch)


def dispatch(argv: list[str]) -> None:
    """Run the command that is named first. Raises ClearparseError."""
    if not argv or argv[0] not in COMMANDS:
        _command_line().parse(argv or ["--help"])
        return
    name, *arguments = argv
    with console():
        main_of(f"clearparse.commands.{name.replace('-', '_')}")(arguments)


def _command_line() -> CommandLine:
    lines = [f"  {name:<16} {what}" for name, what in COMMANDS.items()]
    title = "Train transition-based dependency parsers, parse with them, evaluate and explain the trees."
    cli = CommandLine(
        CONSOLE_COMMAND,
        usage="COMMAND ...",
        description="\n".join([title, "", "commands (see clearparse COMMAND --help):", *lines]),
    )
    cli.add_argument("--version", action="version", version=f"clearparse {__version__}", help="show the version")
    cli.add_argument("command", choices=COMMANDS, metavar="COMMAND", help=argparse.SUPPRESS)
    return cli
