"""Every end of a command: its exit status, one line on stderr or none, and never a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

START = """
import sys, time
from clearparse.commands.command_line import run
from clearparse.errors import ClearparseError, FileError

def main(argv):
    {body}

run(main)
"""


def command(body: str) -> list[str]:
    """The command line of a Python program whose main has this body."""
    return [sys.executable, "-c", START.format(body=textwrap.indent(body, "    ").strip())]


def ended(body: str, encoding: str = "utf-8") -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a command with this body."""
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run(command(body), capture_output=True, env=environment, check=False)
    return done.returncode, *(stream.decode("utf-8").replace("\r\n", "\n") for stream in (done.stdout, done.stderr))


@pytest.mark.parametrize(
    ("body", "status", "line"),
    [
        ("raise ClearparseError('no sentences to train on')", 1, "no sentences to train on"),
        ("raise FileError('a.conllu', '9 columns, not 10', 7)", 1, "a.conllu:7: 9 columns, not 10"),
        ("raise FileError('a\\nb.conllu', 'no such file')", 1, "a\\nb.conllu: no such file"),
        ("open('nowhere/at/all', 'rb')", 1, "nowhere/at/all: No such file or directory"),
        ("raise OSError(28, 'No space left on device')", 1, "No space left on device"),
        ("raise OSError('something odd')", 1, "something odd"),
        ("raise MemoryError", 1, "not enough memory"),
        ("raise MemoryError('Unable to allocate 9 TiB')", 1, "not enough memory: Unable to allocate 9 TiB"),
        ("raise KeyboardInterrupt", 130, "stopped"),
        ("raise KeyboardInterrupt('stopped; go on')", 130, "stopped; go on"),
    ],
)
def test_an_error_is_one_line_and_a_status(body: str, status: int, line: str) -> None:
    assert ended(body) == (status, "", line + "\n")


def test_success_is_silent() -> None:
    assert ended("print('done')") == (0, "done\n", "")


def test_what_was_printed_before_an_error_is_kept() -> None:
    assert ended("print('first')\nraise ClearparseError('then')") == (1, "first\n", "then\n")


@pytest.mark.parametrize("status", [0, 2])
def test_argparse_keeps_its_status(status: int) -> None:
    assert ended(f"sys.exit({status})") == (status, "", "")


def test_a_defect_keeps_its_traceback() -> None:
    status, _, err = ended("[][0]")
    assert status == 1
    assert "IndexError" in err
    assert len(err.splitlines()) > 1


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-16"])
def test_output_is_utf8_whatever_the_console_says(encoding: str) -> None:
    assert ended("print('└─ கை')\nraise ClearparseError('naïve')", encoding) == (1, "└─ கை\n", "naïve\n")


def test_a_file_name_that_is_no_unicode_can_be_printed() -> None:
    assert ended("print('a\\udcff')\nraise FileError('b\\udcff', 'bad')") == (
        1,
        "a\\udcff\n",
        "b\\udcff: bad\n",
    )


@pytest.mark.parametrize(
    "body", ["while True:\n    print('word')", "print('word', flush=True)\nsys.stdin.read()\nprint('last')"]
)
def test_a_reader_that_goes_away_is_no_error(body: str) -> None:
    """As in `parse.py ... | head -1`; the second writes nothing more before its very end."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command(body), stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().strip() == b"word"
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_a_closed_stdout_is_no_error() -> None:
    program = "import sys; sys.stdout = None\n" + START.format(body="pass")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to one process")
def test_ctrl_c_in_the_middle() -> None:
    with subprocess.Popen(
        command("print('ready', flush=True)\ntime.sleep(600)"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == b"stopped\n"
        assert process.wait() == 130
