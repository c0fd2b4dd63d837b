"""`python scripts/benchmark.py`: how fast training and parsing are on this machine, as ratios and in words a second.

What is compared runs in turn in one process, and medians are told, since machines are noisy.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import itertools
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from parser import training_data, training_run
from parser.commands import parse
from parser.commands.command_line import OneLineErrors, at_least_one
from parser.commands.train import CHECKOUT, SAMPLE
from parser.config import PRESETS
from parser.errors import ClearparseError
from parser.files import atomic_output
from parser.network.classifier import Parameters, backward, forward
from parser.network.optimizers import Adam, MovingAverage
from parser.pipeline import BLOCK_BYTES, Model, load
from parser.stages.dependency_training import Lecturer, Treebank
from parser.treebank.conllu import read_blocks

STEPS = 12  # batches timed in each form

T = TypeVar("T")


def main(argv: list[str]) -> None:
    """Measure, print a table, and write the same as JSON where asked."""
    options = _command_line().parse_args(argv)
    with threadpool_limits(limits=1):
        results: dict[str, Any] = {"machine": _machine(), "train": str(options.train), "input": str(options.input)}
        results |= {"training_step": _training_step(options.train, options.preset)}
        if options.model:
            results |= {"parsing": _parsing(options.model, options.input, options.runs)}
    _print(results)
    if options.json:
        with atomic_output(options.json) as file:
            file.write(json.dumps(results, indent=2).encode() + b"\n")


def _training_step(train: Path, preset: str) -> dict[str, float]:
    """Milliseconds of a step by distinct pairs and of the textbook step, on the same batches in turn."""
    textbook = _textbook()
    data = training_data.read([train])
    config = PRESETS[preset].for_words(data.words)
    treebank, rng = Treebank.of(data.blocks), np.random.default_rng(config.seed)
    parser = training_run.start(treebank, config, None, rng)
    batches = list(itertools.islice(Lecturer(parser, treebank, config, rng).batches(0), STEPS))
    forms: dict[str, Callable[[Parameters, Any], Any]] = {
        "distinct pairs": lambda params, batch: backward(
            params, forward(params, batch.w, legal=batch.legal)[1], batch.target
        )[1],
        "textbook": lambda params, batch: textbook.gradients(params, batch.w, batch.target, batch.legal),
    }
    states = {}
    for name in forms:
        params = Parameters(*(array.copy() for array in parser.params))
        states[name] = params, Adam(config.lr), MovingAverage(params, config.average)
    seconds: dict[str, list[float]] = {name: [] for name in forms}
    for batch in batches:
        for name, gradients_of in forms.items():
            params, optimizer, average = states[name]
            start = time.perf_counter()
            gradients = gradients_of(params, batch)
            optimizer.step(params, gradients)
            average.update(params, gradients)
            seconds[name].append(time.perf_counter() - start)
    milliseconds = {name: 1000 * statistics.median(times[1:]) for name, times in seconds.items()}
    ratios = [slow / fast for slow, fast in zip(seconds["textbook"][1:], seconds["distinct pairs"][1:], strict=True)]
    return milliseconds | {"ratio": statistics.median(ratios), "batch": float(config.batch), "slots": parser.features.m}


def _textbook() -> Any:
    """The textbook form of the step, which lives with the tests as the reference."""
    path = CHECKOUT / "tests" / "textbook.py"
    spec = importlib.util.spec_from_file_location("textbook", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ClearparseError(f"{path}: not there; the benchmark needs a checkout with its tests")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _parsing(path: str, source: Path, runs: int) -> dict[str, float]:
    """Words a second from CoNLL-U file to CoNLL-U file, of the parser alone, and of reading and writing alone.

    Every run has a model just loaded, whose tables are empty.
    """
    blocks = list(read_blocks(source, trees=False, block_bytes=BLOCK_BYTES))
    seconds: dict[str, list[float]] = {
        name: [] for name in ("loading", "text to text", "parser alone", "reading", "writing")
    }
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder, _timed(seconds["text to text"], _loaded(path, seconds)) as model:
            parse.parse_files(model, [str(source)], f"{folder}/parsed.conllu")
        with _timed(seconds["parser alone"], _loaded(path, seconds)) as model:
            trees = [model.parser.parse(block) for block in blocks]
        with _timed(seconds["reading"], source) as file:
            list(read_blocks(file, trees=False, block_bytes=BLOCK_BYTES))
        with _timed(seconds["writing"], trees):
            for block, tree in zip(blocks, trees, strict=True):
                block.with_trees(*tree)
    words = sum(len(block.fields) for block in blocks)
    load_seconds = statistics.median(seconds.pop("loading"))
    return {
        "words": words,
        "load seconds": load_seconds,
        **{name: words / statistics.median(times) for name, times in seconds.items()},
    }


def _loaded(path: str, seconds: dict[str, list[float]]) -> Model:
    with _timed(seconds["loading"], path):
        return load(path)


@contextlib.contextmanager
def _timed(seconds: list[float], what: T) -> Iterator[T]:
    """Note how long the block takes; what it works on is made before."""
    start = time.perf_counter()
    yield what
    seconds.append(time.perf_counter() - start)


def _machine() -> str:
    """The processor's name and the versions that matter for speed."""
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, one thread, Python {platform.python_version()}, NumPy {np.__version__}"


def _print(results: dict[str, Any]) -> None:
    step = results["training_step"]
    print(results["machine"])
    print(f"\ntraining step, {step['batch']:.0f} configurations, {step['slots']} slots ({results['train']})")
    print(f"  by distinct pairs   {step['distinct pairs']:8.1f} ms")
    print(f"  textbook form       {step['textbook']:8.1f} ms   {step['ratio']:.1f} times as long")
    if "parsing" in results:
        parsing = results["parsing"]
        loading = parsing["load seconds"]
        print(f"\nparsing {parsing['words']:,} words ({results['input']}), model loaded in {loading:.2f} s")
        for name in ("text to text", "parser alone", "reading", "writing"):
            print(f"  {name:<18}{parsing[name]:10,.0f} words/s")


def _command_line() -> argparse.ArgumentParser:
    cli = OneLineErrors(prog="benchmark.py", description="Measure training and parsing on one core.")
    cli.add_argument("--train", type=Path, default=SAMPLE / "train.conllu", metavar="F", help="default: the sample")
    cli.add_argument("--input", type=Path, default=SAMPLE / "dev.conllu", metavar="F", help="what is parsed")
    cli.add_argument("--model", metavar="MODEL", help="measure parsing with this model")
    cli.add_argument("--preset", choices=PRESETS, default="fast", help="whose training step is measured")
    cli.add_argument("--runs", type=at_least_one, default=5, metavar="N", help="runs whose median is told (default 5)")
    cli.add_argument("--json", metavar="OUT", help="write the results here too")
    return cli
