"""All parsers side by side: trained, scored, and run in turn; then how ours scales, and what the machine allows."""

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
from benchmarks.child import elsewhere
from benchmarks.peers import PEERS, Peer, missing
from benchmarks.texts import write_enlarged, write_head
from clearparse.errors import ClearparseError
from clearparse.io.files import atomic_output, checksum
from clearparse.io.resources import CHECKOUT
from clearparse.treebank.conllu import read_blocks

QUICK_WORDS = 5_000  # of the training data, with --quick
PARTS = (16, 8, 4, 2)  # the curve of training time: one part in so many of the training data
COPIES = (1, 4, 16)  # the curve of corpus size: so many times the input
BIG = 1_000_000_000  # bytes of the largest input
# What a change of, makes a model of ours another one.
LEARNING = ("config.py", "features", "network", "stages", "training", "transition", "treebank")


@dataclass(frozen=True)
class Plan:
    """What is compared, on what, and where trained models are kept."""

    train: Path
    dev: Path
    source: Path  # parsed for speed
    cache: Path
    cores: int
    runs: int
    quick: bool


def compare(plan: Plan) -> dict[str, Any]:
    """Everything that is measured, ready for JSON. Raises ClearparseError."""
    with tempfile.TemporaryDirectory() as name:
        if plan.quick:
            plan = _shortened(plan, Path(name))
        steps = Progress(plan)
        peers = {name: peer for name, peer in PEERS.items() if not missing(peer.needs)}
        results: dict[str, Any] = {
            "conditions": _conditions(plan),
            "skipped": {name: peer.needs for name, peer in PEERS.items() if missing(peer.needs)},
        }
        results["parsers"] = _parsers(plan, peers, steps, Path(name))
        fast = _model(plan, PEERS["clearparse fast"])
        with steps.of("training steps"):
            results["training step"] = elsewhere("steps", str(plan.train), "fast", cores=plan.cores)
        with steps.of("reading and writing"):
            results["CoNLL-U words/s"] = elsewhere("reading", str(plan.source), cores=plan.cores)
        with steps.of("what the machine allows"):
            results["cost model"] = elsewhere("cost", str(fast), str(plan.source), cores=plan.cores)
        if not plan.quick:
            with steps.of("curves"):
                results["curves"] = elsewhere("curves", str(fast), str(plan.source), cores=1)
            results["curves"] |= _large(plan, fast, steps, Path(name)) | _treebanks(plan, steps, Path(name))
        steps.bar.close()
    return results


class Progress:
    """A bar on stderr, and what is being done now."""

    def __init__(self, plan: Plan) -> None:
        installed = sum(not missing(peer.needs) for peer in PEERS.values())
        rest = 3 if plan.quick else 4 + len(COPIES) + 1 + 2 * plan.runs + len(PARTS) + 1
        self.bar = tqdm(total=installed * (2 + plan.runs) + rest, disable=None, unit="task")

    @contextmanager
    def of(self, task: str) -> Iterator[None]:
        """One task of the bar."""
        self.bar.set_description(task)
        yield
        self.bar.update()


def _shortened(plan: Plan, folder: Path) -> Plan:
    """A plan with little data, for a trial."""
    train = folder / "train.conllu"
    write_head(plan.train, QUICK_WORDS, train)
    source = folder / "input.conllu"
    write_head(plan.source, QUICK_WORDS, source)
    return Plan(train, plan.dev, source, plan.cache, plan.cores, 1, quick=True)


@functools.cache
def size_of(path: Path) -> tuple[int, int]:
    """Words and sentences of a file."""
    blocks = list(read_blocks(path, trees=False))
    return sum(len(block.fields) for block in blocks), sum(len(block) for block in blocks)


def _conditions(plan: Plan) -> dict[str, Any]:
    files = {"train": plan.train, "dev": plan.dev, "input": plan.source}
    return {
        "machine": machine.name(),
        "cores": plan.cores,
        "runs": plan.runs,
        "quick": plan.quick,
        "files": {
            name: {"path": str(path), "words": size_of(path)[0], "sha256": checksum(path)}
            for name, path in files.items()
        },
    }


def _parsers(plan: Plan, peers: dict[str, Peer], steps: Progress, folder: Path) -> dict[str, Any]:
    """Of each parser: how it was trained, its scores, and its speeds, run in turn."""
    found: dict[str, Any] = {}
    for name, peer in peers.items():
        with steps.of(f"training {name}"):
            model = trained(plan, name, peer)
        with steps.of(f"scoring {name}"):
            elsewhere("run", name, str(model), str(plan.dev), f"{folder}/dev.conllu", cores=plan.cores)
            found[name] = {
                "sees": peer.conditions,
                **json.loads(_record(model).read_bytes()),
                **official_scores(plan.dev, folder / "dev.conllu"),
                "model MB": _size(model) / 1e6,
            }
    seconds: dict[str, list[dict[str, float]]] = {name: [] for name in peers}
    for _ in range(plan.runs):
        for name, peer in peers.items():
            with steps.of(f"parsing with {name}"):
                arguments = [name, str(_model(plan, peer)), str(plan.source), f"{folder}/parsed.conllu"]
                seconds[name].append(elsewhere("run", *arguments, cores=plan.cores))
    words, sentences = size_of(plan.source)
    for name, runs in seconds.items():
        medians = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        for way in ("text to text", "parser alone"):
            took = medians.pop(way)
            medians |= {f"{way}, words/s": words / took, f"{way}, sentences/s": sentences / took}
        found[name] |= medians
    return found


def official_scores(gold: Path, system: Path) -> dict[str, float | None]:
    """UAS, LAS and CLAS in percent by the official CoNLL 2018 scorer; nothing where udtools is not installed."""
    names = ("UAS", "LAS", "CLAS")
    if missing("udtools"):
        return dict.fromkeys(names)
    from udtools import udeval

    options = {"multiple_roots_okay": True}
    texts = [io.StringIO(path.read_text(encoding="utf-8")) for path in (gold, system)]
    scores = udeval.evaluate(*(udeval.load_conllu(text, "text", options) for text in texts))
    return {name: 100 * scores[name].f1 for name in names}


def _model(plan: Plan, peer: Peer) -> Path:
    """Where a peer's model is kept: by data, by quickness, and, if it is one of ours, by our own code."""
    key = hashlib.sha256(f"{checksum(plan.train)} {checksum(plan.dev)} {plan.quick} {plan.cores}".encode())
    if not peer.needs:
        package = CHECKOUT / "parser" / "clearparse"
        for path in sorted(path for each in LEARNING for path in _sources(package / each)):
            key.update(path.read_bytes())
    return plan.cache / key.hexdigest()[:12] / peer.file


def _sources(path: Path) -> list[Path]:
    return [path] if path.is_file() else list(path.rglob("*.py"))


def _record(model: Path) -> Path:
    return model.with_name(f"{model.name}.training.json")


def trained(plan: Plan, name: str, peer: Peer) -> Path:
    """A peer's model, trained unless it is there with its record, which is written last."""
    model = _model(plan, peer)
    if not _record(model).is_file():
        model.parent.mkdir(parents=True, exist_ok=True)
        quickness = "quick" if plan.quick else "whole"
        took = elsewhere("train", name, quickness, str(plan.train), str(plan.dev), str(model), cores=plan.cores)
        with atomic_output(_record(model)) as stream:
            stream.write(json.dumps(took).encode() + b"\n")
    return model


def _size(model: Path) -> int:
    return sum(path.stat().st_size for path in ([model] if model.is_file() else model.rglob("*")) if path.is_file())


def _large(plan: Plan, model: Path, steps: Progress, folder: Path) -> dict[str, Any]:
    """Whole commands: on inputs of growing size, and on one and two cores in turn."""
    source, parsed = folder / "large.conllu", str(folder / "parsed.conllu")
    words = size_of(plan.source)[0]
    sizes = (*COPIES, -(-BIG // plan.source.stat().st_size))
    needed = 2 * sizes[-1] * plan.source.stat().st_size
    if shutil.disk_usage(folder).free < needed:
        raise ClearparseError(f"{folder}: the largest input and its output need {needed / 1e9:.1f} GB of disk")
    found: dict[str, dict[str, Any]] = {"corpus size": {}, "cores": {}}
    for copies in sizes:
        with steps.of(f"parse.py on {copies} times the input"):
            write_enlarged(plan.source, copies, source)
            cost = elsewhere("parse.py", "--model", str(model), str(source), "--output", parsed, cores=1)
            cost |= {"MB": source.stat().st_size / 1e6, "words/s": copies * words / cost["seconds"]}
            found["corpus size"][str(copies * words)] = cost
    write_enlarged(plan.source, COPIES[-1], source)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(plan.runs):
        for cores in seconds:
            with steps.of(f"parse.py --jobs {cores}"):
                line = ["--model", str(model), str(source), "--output", parsed, "--jobs", str(cores)]
                seconds[cores].append(elsewhere("parse.py", *line, cores=cores)["seconds"])
    for cores, took in seconds.items():
        found["cores"][str(cores)] = COPIES[-1] * words / statistics.median(took)
    return found


def _treebanks(plan: Plan, steps: Progress, folder: Path) -> dict[str, Any]:
    """Training `fast` on parts of the treebank: words, seconds, LAS on dev."""
    found = {}
    name, peer = "clearparse fast", PEERS["clearparse fast"]
    words = size_of(plan.train)[0]
    for part in (*PARTS, 1):
        train = plan.train
        if part > 1:
            train = folder / f"train-{part}.conllu"
            write_head(plan.train, words // part, train)
        smaller = Plan(train, plan.dev, plan.source, plan.cache, plan.cores, 1, quick=False)
        with steps.of(f"training on 1/{part}"):
            model = trained(smaller, name, peer)
        elsewhere("run", name, str(model), str(plan.dev), f"{folder}/dev.conllu", cores=plan.cores)
        found[str(words // part)] = json.loads(_record(model).read_bytes()) | official_scores(
            plan.dev, folder / "dev.conllu"
        )
    return {"treebank size": found}
