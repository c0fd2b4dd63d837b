"""The command line of all commands: arguments, messages and exit statuses.

A command that succeeds exits with 0; an error is one line on stderr and an exit status. Only a bug leaves a
traceback.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

from clearparse.drawing.printable import printable
from clearparse.errors import ClearparseError
from clearparse.io.garbage import paused_collection
from clearparse.io.terminal import shows_progress

FAILURE = 1
FIRST_FREE_DESCRIPTOR = 3  # after stdin, stdout and stderr
USAGE_ERROR = 2  # as argparse and most commands
INTERRUPTED = 130  # 128 + SIGINT, as shells count
CONSOLE_COMMAND = "clearparse"
BROKEN_PIPE = 141  # 128 + SIGPIPE, as `cat` in `cat FILE | head`


_from_console = False  # called as `clearparse train`, not as scripts/train.py?


@contextlib.contextmanager
def console() -> Iterator[None]:
    """Within the block, help and messages say `clearparse train`, not `python scripts/train.py`."""
    global _from_console
    _from_console = True
    try:
        yield
    finally:
        _from_console = False


def invocation(script: str) -> list[str]:
    """How the user calls a script such as train.py, as words."""
    if script == CONSOLE_COMMAND:
        return [CONSOLE_COMMAND]
    name = script.removesuffix(".py").replace("_", "-")
    return [CONSOLE_COMMAND, name] if _from_console else ["python", f"scripts/{script}"]


class UsageError(ClearparseError):
    """The command line itself is wrong: exit status 2."""


class CommandLine(argparse.ArgumentParser):
    """The arguments of a command: --help with the usual ones, --help-all with all, usage errors in one line.

    script: the name of its file in scripts/, such as train.py, or CONSOLE_COMMAND. Every command takes --help-all;
    --help lists it where it shows more.
    """

    def __init__(self, script: str, *, description: str, usage: str = "[options]", more: str | None = None) -> None:
        """more: text that only --help-all shows, at its end."""
        self._invocation = " ".join(invocation(script))
        super().__init__(
            prog=self._invocation if _from_console else script,
            usage=f"%(prog)s {usage}",
            description=description,
            formatter_class=_Formatter,
            allow_abbrev=False,
            add_help=False,
        )
        self._groups: dict[str, argparse._ActionsContainer] = {"options": self}
        self._advanced: dict[argparse.Action, str] = {}  # with their help, which --help does not show
        self._more = more

    def option(
        self,
        *flags: str,
        group: str | argparse._ActionsContainer = "options",
        old: Sequence[str] = (),
        advanced: bool = False,
        **settings: Any,
    ) -> None:
        """Add an argument. settings: those of argparse's add_argument.

        group: a title, or a mutually exclusive group. old: former spellings, which work but are not listed.
        advanced: listed by --help-all only.
        """
        place = self.titled_group(group) if isinstance(group, str) else group
        action = place.add_argument(*flags, **settings)
        if advanced:
            self._advanced[action], action.help = str(action.help), argparse.SUPPRESS
        if old:
            hidden = {**settings, "dest": action.dest, "default": argparse.SUPPRESS, "help": argparse.SUPPRESS}
            place.add_argument(*old, **hidden)

    def count_option(self, *flags: str, default: int, help: str, **settings: Any) -> None:
        """Add an argument that is a whole number from 1 on, with its default in the help. settings: see option."""
        text = f"{help} (default: {default:,})"
        self.option(*flags, type=_positive, default=default, metavar="N", help=text, **settings)

    def titled_group(self, title: str) -> argparse._ActionsContainer:
        """The group of arguments that has this title in the help."""
        if title not in self._groups:
            self._groups[title] = self.add_argument_group(title)
        return self._groups[title]

    def parse(self, argv: Sequence[str]) -> argparse.Namespace:
        """The arguments; prints help and exits if that is asked for. Raises UsageError."""
        self._add_help_flags()
        return self.parse_args(argv)

    def format_help_all(self) -> str:
        """The help with all arguments but former spellings."""
        for action, text in self._advanced.items():
            action.help = text
        self.epilog = self._more
        text = self.format_help()
        for action in self._advanced:
            action.help = argparse.SUPPRESS
        self.epilog = None
        return text

    def error(self, message: str) -> NoReturn:
        """Raises UsageError."""
        raise UsageError(f"{message} (see {self._invocation} --help)")

    def _add_help_flags(self) -> None:
        """Add them at the end of the last group, once."""
        if "--help" in self._option_string_actions:
            return
        last = list(self._groups)[-1]
        self.option("-h", "--help", group=last, action="help", help="show this help and exit")
        listed = "show all options and exit" if self._advanced or self._more else argparse.SUPPRESS
        hidden: dict[str, Any] = {"dest": argparse.SUPPRESS, "default": argparse.SUPPRESS}
        self.option("--help-all", group=last, action=_HelpAll, nargs=0, help=listed, **hidden)


class _HelpAll(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        assert isinstance(parser, CommandLine)
        parser._print_message(parser.format_help_all(), sys.stdout)
        parser.exit()


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Lines of at most 100 columns; a flag and its short form share one metavar: -o, --output FILE."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=100)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        arguments = self._format_args(action, self._get_default_metavar_for_optional(action))
        return f"{', '.join(action.option_strings)} {arguments}"


def _positive(text: str) -> int:
    """The type of an argument that is a whole number from 1 on. Raises ArgumentTypeError."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


@contextlib.contextmanager
def print_warnings() -> Iterator[None]:
    """Collect warnings, and print each distinct one in a line on stderr when the block ends, also with an error."""
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            yield
    finally:
        for message in dict.fromkeys(str(warning.message) for warning in caught):
            print_line(f"warning: {message}")


def print_line(message: str) -> None:
    """Print a message as one line on stderr, whatever the names and values in it contain."""
    if sys.stderr is not None:  # closed: print would write to stdout
        print(printable("\\n".join(message.splitlines())), file=sys.stderr)


def print_summary(text: str, *, quiet: bool = False) -> None:
    """Print a line about finished work on stderr, if that is a terminal and the command is not quiet."""
    if shows_progress(quiet=quiet):
        print(text, file=sys.stderr)


def run_module(name: str) -> NoReturn:
    """Run the `main` of a module: see run. Ctrl-C while the module is imported ends it as later."""
    run(lambda argv: main_of(name)(argv))


def main_of(name: str) -> Callable[[list[str]], None]:
    """The `main` of a module, which is imported."""
    with paused_collection():
        main: Callable[[list[str]], None] = importlib.import_module(name).main
    return main


def run(main: Callable[[list[str]], None]) -> NoReturn:
    """Call `main` with the command line's arguments and exit with its status.

    0: success; 1: a ClearparseError, an OSError or lack of memory; 2: wrong usage; 130: Ctrl-C; 141, without a
    message: the reader of stdout has closed it, as in `clearparse parse F | head`.
    """
    _occupy_closed_streams()
    _use_utf8()
    try:
        status = _status(main, sys.argv[1:])
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _silence_stdout()
        status = BROKEN_PIPE
    gc.freeze()  # or Python collects garbage several times at exit, in vain: all memory is freed anyway
    sys.exit(status)


def _status(main: Callable[[list[str]], None], argv: list[str]) -> int | str | None:
    try:
        main(argv)
    except SystemExit as stop:
        return stop.code
    except KeyboardInterrupt as stop:
        return _print_error(str(stop) or "stopped", INTERRUPTED)
    except BrokenPipeError:
        raise
    except UsageError as error:
        return _print_error(str(error), USAGE_ERROR)
    except ClearparseError as error:
        return _print_error(str(error), FAILURE)
    except MemoryError as error:
        return _print_error(f"not enough memory: {error}" if str(error) else "not enough memory", FAILURE)
    except OSError as error:
        reason = error.strerror or str(error)
        return _print_error(f"{error.filename}: {reason}" if error.filename else reason, FAILURE)
    return 0


def _print_error(message: str, status: int) -> int:
    print_line(message)
    return status


def _occupy_closed_streams() -> None:
    """Open the null device where stdin, stdout or stderr is closed: no file that is opened later takes its place."""
    descriptor = os.open(os.devnull, os.O_RDWR)
    while descriptor < FIRST_FREE_DESCRIPTOR:
        descriptor = os.open(os.devnull, os.O_RDWR)
    os.close(descriptor)


def _use_utf8() -> None:
    """Write UTF-8 even where the console has another encoding (Windows)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _silence_stdout() -> None:
    """Redirect stdout to nothing: the interpreter flushes it at exit, which would fail again."""
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())
