"""How every command ends: in silence when all went well, else with one line on stderr and an exit status.

A traceback is left for defects of the program itself.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from clearparse.errors import ClearparseError

FAILED = 1
INTERRUPTED = 130  # 128 + SIGINT, as shells count
BROKEN_PIPE = 141  # 128 + SIGPIPE: what `cat` ends with in `cat FILE | head`


_from_console = False  # was it `clearparse train` that was called, and not scripts/train.py?


@contextlib.contextmanager
def console() -> Iterator[None]:
    """Within the block, usage and records speak of `clearparse train` for scripts/train.py."""
    global _from_console
    _from_console = True
    try:
        yield
    finally:
        _from_console = False


def invocation(script: str) -> list[str]:
    """The words with which a user calls a script such as train.py."""
    name = script.removesuffix(".py").replace("_", "-")
    return ["clearparse", name] if _from_console else ["python", f"scripts/{script}"]


class OneLineErrors(argparse.ArgumentParser):
    """A command line whose wrong usage is told in one line; prog is the script's name."""

    def __init__(self, *, prog: str, **options: Any) -> None:
        super().__init__(prog=" ".join(invocation(prog)) if _from_console else prog, **options)

    def error(self, message: str) -> NoReturn:
        """Raises ClearparseError."""
        raise ClearparseError(f"{message} (--help tells the usage)")


def at_least_one(text: str) -> int:
    """An argument that counts something. Raises ArgumentTypeError."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


@contextlib.contextmanager
def warnings_told() -> Iterator[None]:
    """Collects warnings, and tells each different one in a line on stderr when the block ends well."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for message in dict.fromkeys(str(warning.message) for warning in caught):
        print(f"warning: {message}", file=sys.stderr)


def run(main: Callable[[list[str]], None]) -> NoReturn:
    """Call `main` with the command line's arguments and exit with its status.

    0 when it returns; 1 after a ClearparseError, an OSError or lack of memory; 130 after Ctrl-C; 141, in
    silence, when the reader of stdout has gone. argparse's own exits (0 for --help, 2 for wrong usage) stay.
    """
    _use_utf8()
    try:
        status = _status(main, sys.argv[1:])
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _silence_stdout()
        status = BROKEN_PIPE
    sys.exit(status)


def _status(main: Callable[[list[str]], None], argv: list[str]) -> int | str | None:
    try:
        main(argv)
    except SystemExit as stop:
        return stop.code
    except KeyboardInterrupt as stop:
        return _complain(str(stop) or "stopped", INTERRUPTED)
    except BrokenPipeError:
        raise
    except ClearparseError as error:
        return _complain(str(error), FAILED)
    except MemoryError as error:
        return _complain(f"not enough memory: {error}" if str(error) else "not enough memory", FAILED)
    except OSError as error:
        reason = error.strerror or str(error)
        return _complain(f"{error.filename}: {reason}" if error.filename else reason, FAILED)
    return 0


def _complain(message: str, status: int) -> int:
    """Print the message as one line, whatever characters a file name brought into it."""
    print("\\n".join(message.splitlines()), file=sys.stderr)
    return status


def _use_utf8() -> None:
    """Trees and treebanks are UTF-8 everywhere, also where the console's encoding is another (Windows)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _silence_stdout() -> None:
    """Point stdout at nothing, or the interpreter would complain when it flushes what is left at exit."""
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())
