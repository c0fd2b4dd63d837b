"""`python tests/fuzz.py`: coverage-guided fuzzing (atheris) of everything that reads files.

    pip install -e '.[fuzz]'
    python tests/fuzz.py --seconds 60                # all targets, a minute each; ends with the number of inputs tried
    python tests/fuzz.py --seconds 600 conllu        # one of them
    python tests/fuzz.py --input FILE conllu         # reproduce a finding

A ClearparseError is a correct result. Any other exception, a hang of 20 seconds and 2 GB of memory are findings. The
input of each is written to a file, whose name is printed; when fixed, it becomes a test.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

CHECKOUT = Path(__file__).resolve().parents[1]
MODEL = CHECKOUT / "tests" / "data" / "format-1.model"
SAMPLE = CHECKOUT / "data" / "sample" / "dev.conllu"
FLAGS = (
    "hidden-size",
    "embedding-dim",
    "epochs",
    "learning-rate",
    "template",
    "transition-system",
    "seed",
    "dropout",
    "networks",
    "l2",
    "preset",
    "optimizer",
)


def conllu() -> Callable[[bytes], None]:
    """Any bytes are read or refused, whatever the size of blocks; what is read round-trips."""
    from clearparse.treebank.conllu import parse_block, read_blocks

    def once(data: bytes) -> None:
        trees, size = bool(data[:1] < b"\x80"), 1 + len(data) % 50
        block = parse_block(data[1:], trees=trees)
        assert parse_block(block.text, trees=trees).text == block.text
        for sentence in block:
            assert len(sentence.forms) == len(sentence)
            assert sentence.sent_id is None or sentence.comments
        with mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(data[1:]))):
            assert b"".join(each.text for each in read_blocks("-", trees=trees, block_bytes=size)) == block.text

    return once


def text() -> Callable[[bytes], None]:
    """Any text is tokenized, tagged and parsed, and no character is lost."""
    from clearparse.model.model import load
    from clearparse.treebank.conllu import parse_block

    model = load(MODEL)

    def once(data: bytes) -> None:
        given = data.decode("utf-8", "replace")
        if data[:1] < b"\x10":
            given = given.replace("\x01", "\ud800")
        found = model(given)
        for sentence in found:
            parse_block(sentence.conllu, trees=True)
        assert "".join(str(each.text) for each in found).replace(" ", "") == re.sub(r"\s", "", given)

    return once


def model_bytes() -> Callable[[bytes], None]:
    """Any bytes are a model file or are refused."""
    from clearparse.model.container import load_arrays

    def once(data: bytes) -> None:
        with mock.patch("clearparse.model.container.open_input", return_value=io.BytesIO(data)):
            load_arrays("model")

    return once


def model_dictionary() -> Callable[[bytes], None]:
    """With good arrays, any metadata make a model that parses, or are refused."""
    from clearparse.model.container import load_arrays
    from clearparse.model.model import Model
    from clearparse.model.serialization import load
    from clearparse.treebank.conllu import parse_block

    arrays, metadata = load_arrays(MODEL)
    block = parse_block(SAMPLE.read_bytes().split(b"\n\n")[0])

    def once(data: bytes) -> None:
        changed = {**metadata, "networks": _merged(metadata["networks"], json.loads(data))}
        with mock.patch("clearparse.model.serialization.load_arrays", return_value=(arrays, changed)):
            made = Model(*load("model"))
        parse_block(made.parse_block(block, confidence=True).text, trees=True)
        if made.stages.tokenizer:
            made("Dogs bark, 12 of them!")

    return once


def _merged(old: Any, new: Any) -> Any:
    """A dictionary updated with another, recursively."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}
    return new


def template() -> Callable[[bytes], None]:
    """Any text is a template or is refused; a template can be compiled."""
    from clearparse.features.vocabulary import Vocabulary
    from clearparse.stages.window import Window, compile_window
    from clearparse.transition.features import Features, compile_template

    def once(data: bytes) -> None:
        given = data[1:].decode("utf-8", "replace")
        of_window = data[:1] >= b"\x80"
        compiled = compile_window(given) if of_window else compile_template(given)
        vocabulary = Vocabulary({channel: ["a"] for channel in compiled.channels})
        if of_window:
            Window(compiled, vocabulary)
        else:
            Features(compiled, vocabulary, 3)

    return once


def config() -> Callable[[bytes], None]:
    """Any values of the flags of train.py are accepted or refused before a file is read."""
    from clearparse.commands import train

    def once(data: bytes) -> None:
        words = []
        for k, value in enumerate(data.decode("utf-8", "replace").split("\n")):
            words += [f"--{FLAGS[(len(value) + k) % len(FLAGS)]}", value]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
            train.main([*words, "--train", "/nowhere/at/all.conllu", "--output", "/nowhere/at/all"])

    return once


TARGETS: dict[str, Callable[[], Callable[[bytes], None]]] = {
    "conllu": conllu,
    "text": text,
    "model-bytes": model_bytes,
    "model-dictionary": model_dictionary,
    "template": template,
    "config": config,
}


def seeds(target: str) -> list[bytes]:
    """The first inputs."""
    from clearparse.transition.features import TEMPLATES

    first = SAMPLE.read_bytes()
    return {
        "conllu": [
            first[:700],
            b"\x00" + first[:700],
            b"\x001-2\tx\t_\t_\t_\t_\t_\t_\t_\t_\n1\ta\t_\t_\t_\t_\t0\tr\t_\t_\n",
        ],
        "text": [b"Dogs don't bark. a.b@c.org\n\n3,5!", "é\u200d😀 \u05d0".encode()],
        "model-bytes": [MODEL.read_bytes()[:400], b'\x02\0\0\0\0\0\0\0{"__metadata__":{"clearparse":"{}"}}'],
        "model-dictionary": [b"{}", b'{"parser":{"system":"arc-standard"}}', b'{"tags":{"classes":["A\\tB\\tC"]}}'],
        "template": [b"\x00" + each.encode() for each in TEMPLATES.values()] + [b"\xffform: -1 0 1\nupos: 0"],
        "config": [b"16\n8\n2\n0.1\ndefault\nauto", b"1e-9\n\n-1\nnan"],
    }[target]


def fuzz(target: str, arguments: list[str]) -> None:
    """Fuzz one target in this process, which libFuzzer ends."""
    import atheris

    with atheris.instrument_imports(include=["clearparse"]):
        from clearparse.errors import ClearparseError

        once = TARGETS[target]()
    warnings.simplefilter("ignore", UserWarning)

    def guarded(data: bytes) -> None:
        with contextlib.suppress(ClearparseError):
            if target != "model-dictionary":
                return once(data)
            try:
                json.loads(data)
            except (ValueError, RecursionError):
                return None
            once(data)

    atheris.Setup([sys.argv[0], *arguments], guarded)
    atheris.Fuzz()


def fuzz_in_subprocess(target: str, seconds: int) -> tuple[int, str]:
    """Fuzz one target in a subprocess: the number of inputs, and the end of the output if there is a finding."""
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds(target)):
            (Path(corpus) / str(number)).write_bytes(seed)
        limits = [
            "-timeout=20",
            "-rss_limit_mb=2048",
            f"-max_total_time={seconds}",
            "-print_final_stats=1",
            "-max_len=800",
        ]
        command = [sys.executable, __file__, "--child", target, "--", *limits, corpus]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    output = done.stdout.decode(errors="replace")
    counted = re.search(r"number_of_executed_units: *(\d+)", output) or re.search(r"Done (\d+) runs", output)
    return int(counted[1]) if counted else 0, "" if done.returncode == 0 else output[-3000:]


def main() -> None:
    """Fuzz targets one after another and print the number of inputs."""
    cli = argparse.ArgumentParser(description="Fuzz everything that reads files.")
    cli.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; default all")
    cli.add_argument("--seconds", type=int, default=60, help="for each target (default 60)")
    cli.add_argument("--input", help="the input of a finding, to reproduce it")
    cli.add_argument("--child", help=argparse.SUPPRESS)
    arguments = cli.parse_args()
    sys.path.insert(0, str(CHECKOUT / "parser"))
    if arguments.child:
        fuzz(arguments.child, arguments.targets)
    if arguments.input:
        return TARGETS[arguments.targets[0]]()(Path(arguments.input).read_bytes())
    total, findings = 0, 0
    for target in arguments.targets or TARGETS:
        count, wrong = fuzz_in_subprocess(target, arguments.seconds)
        print(f"{target:<17} {count:>9,} inputs{'' if not wrong else '; a finding:'}", flush=True)
        total, findings = total + count, findings + bool(wrong)
        if wrong:
            print(wrong)
    print(f"{'all':<17} {total:>9,} inputs, {findings} findings")
    sys.exit(findings > 0)


if __name__ == "__main__":
    main()
