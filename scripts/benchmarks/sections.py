"""The sections of the benchmark: each measures one thing and returns results that are ready for JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from benchmarks.baselines import COMPARED, PARSERS, PIPELINES
from benchmarks.compared import System, missing
from benchmarks.corpora import write_head, write_paragraphs, write_text
from benchmarks.plan import Plan, trained, words_in
from benchmarks.progress import Progress
from benchmarks.scoring import GIVEN_TAGS, GIVEN_TEXT, official_scores
from benchmarks.timing import alternating, once, scores
from benchmarks.whole_commands import corpus_sizes, processes, start
from benchmarks.worker import in_subprocess

FAST = "clearparse fast"
TEXT_BYTES = 1_000_000  # of the running text
PARTS = (16, 8, 4, 2, 1)  # training time is measured on 1/16, 1/8, ... of the training data

AnySystem = TypeVar("AnySystem", bound=System)


class Section(NamedTuple):
    """What measures a section, given a plan, a progress bar and a folder for files; and whether it is quick."""

    measure: Callable[[Plan, Progress, Path], dict[str, Any]]
    quick: bool = False


def training(plan: Plan, progress: Progress, folder: Path) -> dict[str, Any]:
    """Train all models that are missing; how long each took."""
    found = {}
    for name, system in installed(COMPARED).items():
        progress.begins(f"training {name}")
        found[name] = trained(plan, system)[1]
    return found


def gold_tags(plan: Plan, progress: Progress, folder: Path) -> dict[str, Any]:
    """Scores and speeds of all parsers, given gold tags."""
    parsers = installed(PARSERS)
    found = scores(plan, parsers, plan.dev, GIVEN_TAGS, progress, folder)

    def source_of(system: System) -> Path:
        return _head(plan.source, system.part, folder)

    for name, speeds in alternating(plan, parsers, source_of, progress, folder).items():
        found[name] |= speeds
    return found


def raw_text(plan: Plan, progress: Progress, folder: Path) -> dict[str, Any]:
    """Scores and speeds of all pipelines, given raw text: that of the treebank, and running text if there is any."""
    pipelines = installed(PIPELINES)
    write_text(plan.dev, folder / "dev.txt")
    found = scores(plan, pipelines, folder / "dev.txt", GIVEN_TEXT, progress, folder)

    def treebank_text(system: System) -> Path:
        path = folder / f"treebank-{system.part}.txt"
        if not path.exists():
            write_text(_head(plan.source, system.part, folder), path)
        return path

    def running_text(system: System) -> Path:
        path = folder / f"running-{system.part}.txt"
        if plan.text and not path.exists():
            write_paragraphs(plan.text, TEXT_BYTES // system.part, path)
        return path

    texts = {"treebank text": treebank_text} | ({"running text": running_text} if plan.text else {})
    for text, source_of in texts.items():
        for name, speeds in alternating(plan, pipelines, source_of, progress, folder).items():
            found[name][text] = speeds
    return found


def sentences(plan: Plan, progress: Progress, folder: Path) -> dict[str, Any]:
    """One sentence of about 20 words at a time, with the model loaded, and as a whole command."""
    found = {}
    for name, pipeline in installed(PIPELINES).items():
        progress.begins(name)
        arguments = [name, str(trained(plan, pipeline)[0]), str(plan.dev)]
        found[name] = in_subprocess("single sentences", *arguments, cores=plan.cores, environment=pipeline.environment)
    progress.begins("the whole command")
    command = start(plan)
    return {"milliseconds": found, "command": command}


def step(plan: Plan, progress: Progress, folder: Path) -> dict[str, Any]:
    """A training step in several implementations."""
    progress.begins("steps")
    return in_subprocess("training steps", str(plan.train), "fast", cores=plan.cores)


def cost_model(plan: Plan, progress: Progress, folder: Path) -> dict[str, Any]:
    """The limits of the machine; reading and writing."""
    model = str(trained(plan, PARSERS[FAST])[0])
    progress.begins("limits of the machine")
    cost = in_subprocess("cost", model, str(plan.source), cores=plan.cores)
    progress.begins("reading and writing")
    return cost | {"CoNLL-U words/s": in_subprocess("reading", str(plan.source), cores=plan.cores)}


def curves(plan: Plan, progress: Progress, folder: Path) -> dict[str, Any]:
    """Time per word by sentence length, batch size, hidden units and distinct words."""
    progress.begins("curves")
    return in_subprocess("curves", str(trained(plan, PARSERS[FAST])[0]), str(plan.source), cores=1)


def treebank_sizes(plan: Plan, progress: Progress, folder: Path) -> dict[str, Any]:
    """Train `fast` on parts of the treebank: words, seconds, LAS on dev."""
    found, fast, words = {}, PARSERS[FAST], words_in(plan.train)
    for part in PARTS:
        train = _head(plan.train, part, folder)
        smaller = Plan(train, plan.dev, plan.source, plan.output, cores=plan.cores)
        progress.begins(f"training on 1/{part}")
        record = trained(smaller, fast)[1]
        once(smaller, fast, plan.dev, folder / "dev.conllu")
        found[str(words // part)] = record | official_scores(plan.dev, folder / "dev.conllu", GIVEN_TAGS)
    return found


def input_sizes(plan: Plan, progress: Progress, folder: Path) -> dict[str, Any]:
    """The parse command on files of growing size."""
    return corpus_sizes(plan, trained(plan, PARSERS[FAST])[0], progress, folder)


def two_processes(plan: Plan, progress: Progress, folder: Path) -> dict[str, Any]:
    """The parse command with one and two processes, given gold tags and raw text."""
    english = PIPELINES["clearparse English model"]
    return processes(plan, trained(plan, PARSERS[FAST])[0], trained(plan, english)[0], progress, folder)


SECTIONS = {
    "training": Section(training, quick=True),
    "gold": Section(gold_tags, quick=True),
    "raw": Section(raw_text, quick=True),
    "sentences": Section(sentences, quick=True),
    "step": Section(step, quick=True),
    "cost": Section(cost_model, quick=True),
    "curves": Section(curves),
    "processes": Section(two_processes),
    "sizes": Section(input_sizes),
    "treebanks": Section(treebank_sizes),
}


def installed(systems: dict[str, AnySystem]) -> dict[str, AnySystem]:
    """The systems whose libraries are installed."""
    return {name: system for name, system in systems.items() if not missing(system.needs)}


def _head(source: Path, part: int, folder: Path) -> Path:
    """The first 1/part of a CoNLL-U file."""
    if part == 1:
        return source
    path = folder / f"{source.stem}-{part}.conllu"
    if not path.exists():
        write_head(source, words_in(source) // part, path)
    return path
