"""Trains, scores and times all parsers in alternating runs, then measures how clearparse scales."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks import machine
from benchmarks.baselines import PARSERS, ComparedParser, missing
from benchmarks.corpora import write_enlarged, write_head
from benchmarks.worker import in_subprocess
from clearparse.errors import ClearparseError
from clearparse.io.checksum import checksum
from clearparse.io.files import atomic_output
from clearparse.io.resources import CHECKOUT
from clearparse.treebank.conllu import read_blocks

QUICK_WORDS = 5_000  # training data of a --quick trial
PARTS = (16, 8, 4, 2)  # training time is measured on 1/16, 1/8, ... of the training data
COPIES = (1, 4, 16)  # corpus sizes, as copies of the input
BIG = 1_000_000_000  # bytes of the largest input
# A change in one of these changes the models that clearparse trains.
LEARNING = ("config.py", "features", "network", "stages", "training", "transition", "treebank")


@dataclass(frozen=True)
class Plan:
    """What to compare on which data, and where to keep trained models."""

    train: Path
    dev: Path
    source: Path  # timed
    cache: Path
    cores: int
    runs: int
    quick: bool


def compare(plan: Plan) -> dict[str, Any]:
    """Run all measurements; the results are ready for JSON. Raises ClearparseError."""
    with tempfile.TemporaryDirectory() as name:
        if plan.quick:
            plan = _shortened(plan, Path(name))
        steps = Progress(plan)
        parsers = {name: parser for name, parser in PARSERS.items() if not missing(parser.needs)}
        results: dict[str, Any] = {
            "conditions": _conditions(plan),
            "skipped": {name: parser.needs for name, parser in PARSERS.items() if missing(parser.needs)},
        }
        results["parsers"] = _parsers(plan, parsers, steps, Path(name))
        fast = _model(plan, PARSERS["clearparse fast"])
        with steps.of("training steps"):
            results["training step"] = in_subprocess("training steps", str(plan.train), "fast", cores=plan.cores)
        with steps.of("reading and writing"):
            results["CoNLL-U words/s"] = in_subprocess("reading", str(plan.source), cores=plan.cores)
        with steps.of("limits of the machine"):
            results["cost model"] = in_subprocess("cost", str(fast), str(plan.source), cores=plan.cores)
        if not plan.quick:
            with steps.of("curves"):
                results["curves"] = in_subprocess("curves", str(fast), str(plan.source), cores=1)
            results["curves"] |= _large(plan, fast, steps, Path(name)) | _treebanks(plan, steps, Path(name))
        steps.bar.close()
    return results


class Progress:
    """A progress bar on stderr that names the current task."""

    def __init__(self, plan: Plan) -> None:
        installed = sum(not missing(parser.needs) for parser in PARSERS.values())
        rest = 3 if plan.quick else 4 + len(COPIES) + 1 + 2 * plan.runs + len(PARTS) + 1
        self.bar = tqdm(total=installed * (2 + plan.runs) + rest, disable=None, unit="task")

    @contextmanager
    def of(self, task: str) -> Iterator[None]:
        """One task of the progress bar."""
        self.bar.set_description(task)
        yield
        self.bar.update()


def _shortened(plan: Plan, folder: Path) -> Plan:
    """A plan with little data, for a quick trial."""
    train = folder / "train.conllu"
    write_head(plan.train, QUICK_WORDS, train)
    source = folder / "input.conllu"
    write_head(plan.source, QUICK_WORDS, source)
    return Plan(train, plan.dev, source, plan.cache, plan.cores, 1, quick=True)


@functools.cache
def size_of(path: Path) -> tuple[int, int]:
    """Number of words and of sentences in a file."""
    blocks = list(read_blocks(path, trees=False))
    return sum(len(block.fields) for block in blocks), sum(len(block) for block in blocks)


def _conditions(plan: Plan) -> dict[str, Any]:
    files = {"train": plan.train, "dev": plan.dev, "input": plan.source}
    return {
        "machine": machine.describe_machine(),
        "cores": plan.cores,
        "runs": plan.runs,
        "quick": plan.quick,
        "files": {
            name: {"path": str(path), "words": size_of(path)[0], "sha256": checksum(path)}
            for name, path in files.items()
        },
    }


def _parsers(plan: Plan, parsers: dict[str, ComparedParser], steps: Progress, folder: Path) -> dict[str, Any]:
    """Training time, scores and speeds of each parser, from alternating runs."""
    found: dict[str, Any] = {}
    for name, parser in parsers.items():
        with steps.of(f"training {name}"):
            model = trained(plan, name, parser)
        with steps.of(f"scoring {name}"):
            in_subprocess("run", name, str(model), str(plan.dev), f"{folder}/dev.conllu", cores=plan.cores)
            found[name] = {
                "features": parser.conditions,
                **json.loads(_record(model).read_bytes()),
                **official_scores(plan.dev, folder / "dev.conllu"),
                "model MB": _size(model) / 1e6,
            }
    seconds: dict[str, list[dict[str, float]]] = {name: [] for name in parsers}
    for _ in range(plan.runs):
        for name, parser in parsers.items():
            with steps.of(f"parsing with {name}"):
                arguments = [name, str(_model(plan, parser)), str(plan.source), f"{folder}/parsed.conllu"]
                seconds[name].append(in_subprocess("run", *arguments, cores=plan.cores))
    words, sentences = size_of(plan.source)
    for name, runs in seconds.items():
        medians = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        for scope in ("end to end", "parser alone"):
            took = medians.pop(scope)
            medians |= {f"{scope}, words/s": words / took, f"{scope}, sentences/s": sentences / took}
        found[name] |= medians
    return found


def official_scores(gold: Path, system: Path) -> dict[str, float | None]:
    """UAS, LAS and CLAS in percent by the official CoNLL 2018 scorer; None if udtools is not installed."""
    names = ("UAS", "LAS", "CLAS")
    if missing("udtools"):
        return dict.fromkeys(names)
    from udtools import udeval

    options = {"multiple_roots_okay": True}
    texts = [io.StringIO(path.read_text(encoding="utf-8")) for path in (gold, system)]
    scores = udeval.evaluate(*(udeval.load_conllu(text, "text", options) for text in texts))
    return {name: 100 * scores[name].f1 for name in names}


def _model(plan: Plan, parser: ComparedParser) -> Path:
    """Path of a model, keyed by data and options, and for clearparse by the code that trains it."""
    key = hashlib.sha256(f"{checksum(plan.train)} {checksum(plan.dev)} {plan.quick} {plan.cores}".encode())
    if not parser.needs:
        package = CHECKOUT / "parser" / "clearparse"
        for path in sorted(path for each in LEARNING for path in _sources(package / each)):
            key.update(path.read_bytes())
    return plan.cache / key.hexdigest()[:12] / parser.file


def _sources(path: Path) -> list[Path]:
    return [path] if path.is_file() else list(path.rglob("*.py"))


def _record(model: Path) -> Path:
    return model.with_name(f"{model.name}.training.json")


def trained(plan: Plan, name: str, parser: ComparedParser) -> Path:
    """Path of a trained model. It is trained unless it exists with its record, which is written last."""
    model = _model(plan, parser)
    if not _record(model).is_file():
        model.parent.mkdir(parents=True, exist_ok=True)
        quickness = "quick" if plan.quick else "whole"
        took = in_subprocess("train", name, quickness, str(plan.train), str(plan.dev), str(model), cores=plan.cores)
        with atomic_output(_record(model)) as stream:
            stream.write(json.dumps(took).encode() + b"\n")
    return model


def _size(model: Path) -> int:
    return sum(path.stat().st_size for path in ([model] if model.is_file() else model.rglob("*")) if path.is_file())


def _large(plan: Plan, model: Path, steps: Progress, folder: Path) -> dict[str, Any]:
    """Whole commands on inputs of growing size, and on one and two cores alternating."""
    source, parsed = folder / "large.conllu", str(folder / "parsed.conllu")
    words = size_of(plan.source)[0]
    sizes = (*COPIES, -(-BIG // plan.source.stat().st_size))
    needed = 2 * sizes[-1] * plan.source.stat().st_size
    if shutil.disk_usage(folder).free < needed:
        raise ClearparseError(f"{folder}: the largest input and its output need {needed / 1e9:.1f} GB of disk space")
    found: dict[str, dict[str, Any]] = {"corpus size": {}, "cores": {}}
    for copies in sizes:
        with steps.of(f"parse.py on {copies} times the input"):
            write_enlarged(plan.source, copies, source)
            cost = in_subprocess("parse.py", "--model", str(model), str(source), "--output", parsed, cores=1)
            cost |= {"MB": source.stat().st_size / 1e6, "words/s": copies * words / cost["seconds"]}
            found["corpus size"][str(copies * words)] = cost
    write_enlarged(plan.source, COPIES[-1], source)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(plan.runs):
        for cores in seconds:
            with steps.of(f"parse.py --jobs {cores}"):
                line = ["--model", str(model), str(source), "--output", parsed, "--jobs", str(cores)]
                seconds[cores].append(in_subprocess("parse.py", *line, cores=cores)["seconds"])
    for cores, took in seconds.items():
        found["cores"][str(cores)] = COPIES[-1] * words / statistics.median(took)
    return found


def _treebanks(plan: Plan, steps: Progress, folder: Path) -> dict[str, Any]:
    """Train `fast` on parts of the treebank: words, seconds, LAS on dev."""
    found = {}
    name, parser = "clearparse fast", PARSERS["clearparse fast"]
    words = size_of(plan.train)[0]
    for part in (*PARTS, 1):
        train = plan.train
        if part > 1:
            train = folder / f"train-{part}.conllu"
            write_head(plan.train, words // part, train)
        smaller = Plan(train, plan.dev, plan.source, plan.cache, plan.cores, 1, quick=False)
        with steps.of(f"training on 1/{part}"):
            model = trained(smaller, name, parser)
        in_subprocess("run", name, str(model), str(plan.dev), f"{folder}/dev.conllu", cores=plan.cores)
        found[str(words // part)] = json.loads(_record(model).read_bytes()) | official_scores(
            plan.dev, folder / "dev.conllu"
        )
    return {"treebank size": found}
