"""Compares spaCy pipelines: clearparse as a component, and the parser of spaCy, by the scorer of spaCy.

Speed is per CPU second, which other programs affect less than wall-clock time; each pipeline runs on one core.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks import machine
from benchmarks.baselines import SPACY_PARSER
from benchmarks.plan import Plan, trained, words_in
from benchmarks.spacy import GIVEN, convert
from benchmarks.worker import in_subprocess

CLEARPARSE = "clearparse"


def compare(plan: Plan, model: Path, others: Sequence[Path]) -> dict[str, Any]:
    """Scores and speed, in alternating runs, of a model as a component, the parser of spaCy, and other pipelines.

    Raises ClearparseError.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pipelines = {
            CLEARPARSE: _clearparse_pipeline(model, folder / CLEARPARSE),
            "parser of spaCy": trained(plan, SPACY_PARSER)[0],
            **{path.name: path for path in others},
        }
        dev, source = folder / "dev.spacy", folder / "input.spacy"
        convert(plan.dev, dev)
        convert(plan.source, source)
        found: dict[str, Any] = {}
        runs: dict[str, list[dict[str, float]]] = {each: [] for each in pipelines}
        with tqdm(total=len(pipelines) * (1 + plan.runs), unit="run", disable=None) as bar:
            for each, path in pipelines.items():
                found[each] = in_subprocess("pipeline scores", str(path), str(dev), cores=1)
                bar.update()
            for _ in range(plan.runs):
                for each, path in pipelines.items():
                    runs[each].append(in_subprocess("pipeline speed", str(path), str(source), cores=1))
                    bar.update()
    for each, speeds in runs.items():
        found[each] |= {key: statistics.median(run[key] for run in speeds) for key in speeds[0]}
    return {"machine": machine.describe_machine(), "words": words_in(plan.source), "pipelines": found}


def _clearparse_pipeline(model: Path, folder: Path) -> Path:
    """Save a pipeline with the model as its only component. Raises FileError."""
    import spacy

    import clearparse.integrations.spacy  # noqa: F401 (registers the component)

    nlp = spacy.blank("en")
    nlp.add_pipe("clearparse", config={"model": str(model)})
    nlp.to_disk(folder)
    return folder


def format_results(found: dict[str, Any]) -> Iterator[str]:
    """Format the results as a Markdown table."""
    yield f"{found['words']:,} words timed, one core of {found['machine']}"
    yield ""
    columns = ("UAS", "LAS", "tokens", "sentences", "words/s")
    yield f"| pipeline | input | {' | '.join(columns)} |"
    yield "|---|---|" + "---|" * len(columns)
    for given in GIVEN:
        for name, values in found["pipelines"].items():
            cells = [_cell(column, values[f"{column}, {given}"]) for column in columns]
            yield f"| {name} | {given} | {' | '.join(cells)} |"


def _cell(column: str, value: float) -> str:
    return f"{value:,.0f}" if column == "words/s" else f"{value:.2f}"
