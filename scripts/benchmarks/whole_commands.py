"""The parse command as a whole, with start and loading: file sizes, processes, and a single sentence."""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path
from typing import Any

from benchmarks.corpora import write_enlarged, write_paragraphs, write_text
from benchmarks.plan import Plan, words_in
from benchmarks.progress import Progress
from benchmarks.worker import whole_command
from clearparse.errors import ClearparseError

COPIES = (1, 4, 16)  # corpus sizes, as copies of the input
BIG = 1_000_000_000  # bytes of the largest input
TEXT_BYTES = 20_000_000  # of raw text
LONG = 32  # copies of the input that take long enough for the start of a second process not to matter
SENTENCE = "A small test of one sentence."


def corpus_sizes(plan: Plan, model: Path, progress: Progress, folder: Path) -> dict[str, Any]:
    """Seconds and peak memory on copies of the input, by their number of words. Raises ClearparseError."""
    source, parsed = folder / "large.conllu", str(folder / "parsed.conllu")
    sizes = (*COPIES, -(-BIG // plan.source.stat().st_size))
    needed = 2 * sizes[-1] * plan.source.stat().st_size
    if shutil.disk_usage(folder).free < needed:
        raise ClearparseError(f"{folder}: the largest input and its output need {needed / 1e9:.1f} GB of disk space")
    found: dict[str, Any] = {}
    for copies in sizes:
        progress.begins(f"{copies} times the input")
        write_enlarged(plan.source, copies, source)
        cost = whole_command("parse.py", "--model", str(model), str(source), "--output", parsed, cores=1)
        words = copies * words_in(plan.source)
        found[str(words)] = cost | {"MB": source.stat().st_size / 1e6, "words/s": words / cost["seconds"]}
    return found


def processes(plan: Plan, parser: Path, pipeline: Path, progress: Progress, folder: Path) -> dict[str, Any]:
    """One process on one core and two processes on two cores, in alternating runs, for CoNLL-U and for raw text."""
    conllu, text = folder / "large.conllu", folder / "large.txt"
    write_enlarged(plan.source, LONG, conllu)
    if plan.text:
        write_paragraphs(plan.text, TEXT_BYTES, text)
    else:
        write_text(plan.source, text)
    inputs = {
        "CoNLL-U": ["--model", str(parser), str(conllu)],
        "raw text": ["--model", str(pipeline), "--input", "text", str(text)],
    }
    return {name: _one_and_two(plan, line, name, progress, folder) for name, line in inputs.items()}


def _one_and_two(plan: Plan, line: list[str], name: str, progress: Progress, folder: Path) -> dict[str, Any]:
    """Seconds with one and two processes, the ratio, and the peak memory of the largest process: medians."""
    runs: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    for _ in range(plan.runs):
        for jobs, found in runs.items():
            progress.begins(f"{name}, --jobs {jobs}")
            arguments = [*line, "--output", str(folder / "parsed.conllu"), "--jobs", str(jobs)]
            found.append(whole_command("parse.py", *arguments, cores=jobs))
    ratios = [one["seconds"] / two["seconds"] for one, two in zip(runs[1], runs[2], strict=True)]
    measured: dict[str, Any] = {
        str(jobs): {key: statistics.median(run[key] for run in found) for key in found[0]}
        for jobs, found in runs.items()
    }
    return measured | {"ratio": statistics.median(ratios)}


def start(plan: Plan) -> dict[str, float]:
    """The command that parses one sentence with the English model: medians of seconds and CPU seconds."""
    found = [whole_command("parse.py", SENTENCE, cores=plan.cores) for _ in range(plan.runs)]
    return {key: statistics.median(run[key] for run in found) for key in found[0]}
