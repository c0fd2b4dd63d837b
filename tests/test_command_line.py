"""The command line of all commands: exit statuses, errors in one line, help, and former spellings of options."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from clearparse.commands import train_options
from clearparse.commands.command_line import CommandLine, UsageError
from clearparse.config import OLD_NAMES, Config, current_names
from clearparse.training.reproduction import recorded_command

START = """
import sys, time
from clearparse.commands.command_line import CommandLine, run
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
        ("raise FileError('a\\x1b[31m\\x9b.conllu', 'no such file')", 1, "a\ufffd[31m\ufffd.conllu: no such file"),
        ("open('nowhere/at/all', 'rb')", 1, "nowhere/at/all: No such file or directory"),
        ("raise OSError(28, 'No space left on device')", 1, "No space left on device"),
        ("raise OSError('something odd')", 1, "something odd"),
        ("raise MemoryError", 1, "not enough memory"),
        ("raise MemoryError('Unable to allocate 9 TiB')", 1, "not enough memory: Unable to allocate 9 TiB"),
        ("CommandLine('train.py', description='').error('--x: no')", 2, "--x: no (see python scripts/train.py --help)"),
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


def test_a_bug_keeps_its_traceback() -> None:
    status, _, err = ended("[][0]")
    assert status == 1
    assert "IndexError" in err
    assert len(err.splitlines()) > 1


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-16"])
def test_output_is_utf8_whatever_the_console_says(encoding: str) -> None:
    assert ended("print('└─ கை')\nraise ClearparseError('naïve')", encoding) == (1, "└─ கை\n", "naïve\n")


def test_a_file_name_that_is_not_unicode_can_be_printed() -> None:
    assert ended("print('a\\udcff')\nraise FileError('b\\udcff', 'bad')") == (
        1,
        "a\\udcff\n",
        "b\\udcff: bad\n",
    )


@pytest.mark.parametrize(
    "body", ["while True:\n    print('word')", "print('word', flush=True)\nsys.stdin.read()\nprint('last')"]
)
def test_a_closed_pipe_is_not_an_error(body: str) -> None:
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


def test_a_closed_stdout_is_not_an_error() -> None:
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


def example() -> CommandLine:
    """A command with a usual, a renamed and an advanced option."""
    cli = CommandLine("example.py", description="An example.", more="All about it.")
    cli.count_option("--size", old=["--S"], default=3, help="how large")
    cli.option("-q", "--quiet", group="running", action="store_true", help="print nothing")
    cli.option("--rare", group="running", advanced=True, default="no", metavar="X", help="10 %% of users need it")
    return cli


def shown(flag: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as stop:
        example().parse([flag])
    assert stop.value.code == 0
    return capsys.readouterr().out


def test_help_has_the_usual_options_only(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown("--help", capsys)
    assert "--size N" in out
    assert "-q, --quiet" in out
    assert "--help-all" in out
    assert not any(each in out for each in ("--S ", "--rare", "All about it."))


def test_help_all_has_all_options_but_former_spellings(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown("--help-all", capsys)
    assert all(each in out for each in ("--size N", "--rare X", "10 % of users need it", "All about it."))
    assert "--S " not in out


def test_former_spellings_work() -> None:
    assert vars(example().parse([])) == {"size": 3, "quiet": False, "rare": "no"}
    assert vars(example().parse(["--S", "5", "--rare", "x", "-q"])) == {"size": 5, "quiet": True, "rare": "x"}
    for wrong in (["--S", "0"], ["--size", "many"], ["--siz", "1"]):  # no abbreviations
        with pytest.raises(UsageError):
            example().parse(wrong)


FORMER = {
    "--H": "--hidden-size", "--d": "--embedding-dim", "--batch": "--batch-size", "--lr": "--learning-rate",
    "--warm-up": "--warmup", "--lr-end": "--final-learning-rate", "--average": "--ema-decay",
    "--max-norm": "--clip-norm",
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), FORMER.items())
def test_former_spellings_of_train(old: str, new: str) -> None:
    cli = train_options.command_line()
    assert cli.parse([old, "1"]) == cli.parse([new, "1"]) != cli.parse([])


def test_former_flags_of_train() -> None:
    old = ["--half", "--again", "r", "--system", "arc-hybrid"]
    new = ["--float16", "--reproduce", "r", "--transition-system", "arc-hybrid"]
    assert train_options.command_line().parse(old) == train_options.command_line().parse(new)


def test_help_all_of_train_lists_every_setting() -> None:
    text = train_options.command_line().format_help_all()
    assert all(f"--{each.replace('_', '-')} " in text for each in vars(Config()))
    assert not any(f"  {old} " in text for old in FORMER)
    groups = [line.removesuffix(":") for line in text.splitlines() if line.endswith(":") and line[0] != " "]
    assert groups == ["data", "model", "network", "optimization", "self-training", "running"]


def test_a_record_with_former_names_is_read() -> None:
    config = Config(hidden_size=7, learning_rate=0.5, transition_system="arc-hybrid")
    old_of = {new: old for old, new in OLD_NAMES.items()}
    record = {old_of.get(name, name): value for name, value in vars(config).items()}
    assert {"H", "d", "lr", "system"} <= record.keys()
    assert Config.from_record(record) == config
    assert current_names(vars(config)) == vars(config)
    with pytest.raises(TypeError, match="width"):
        Config.from_record({**record, "width": 3})


@pytest.mark.parametrize(
    ("argv", "recorded"),
    [
        ("--hidden-size 8 -o m --jobs 2 --plot --resume", "--hidden-size 8 -o m"),
        ("-j 2 --epochs 1", "--epochs 1"),
        ("-j2 -q --epochs 1", "--epochs 1"),
        ("-qj 2 --epochs=1 --jobs=3 --quiet", "--epochs=1"),
        ("-qo m --train a b", "-o m --train a b"),
    ],
)
def test_the_recorded_command_has_no_flags_without_effect(argv: str, recorded: str) -> None:
    assert recorded_command(argv.split()) == f"python scripts/train.py {recorded}"
    assert recorded_command(argv.split(), ["clearparse", "train"]) == f"clearparse train {recorded}"


def test_warnings_are_printed_also_before_an_error() -> None:
    body = """
import warnings
from clearparse.commands.command_line import print_warnings
with print_warnings():
    warnings.warn("no tags: \\x1b[31m", UserWarning)
    raise ClearparseError("a file is missing")
"""
    assert ended(body) == (1, "", "warning: no tags: \ufffd[31m\na file is missing\n")
