"""Runs the sections of the benchmark and keeps the results of each, so that an interrupted run can be continued."""

from __future__ import annotations

import datetime
import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.baselines import SYSTEMS
from benchmarks.compared import missing
from benchmarks.corpora import write_head
from benchmarks.plan import PACKAGE, Plan, sources, words_in
from benchmarks.progress import Progress
from benchmarks.sections import SECTIONS
from benchmarks.worker import in_subprocess
from clearparse.io.checksum import checksum
from clearparse.io.files import atomic_output

QUICK_WORDS = 5_000  # training data of a --quick trial
# Modules that do not affect what is measured.
PRESENTATION = ("make_docs", "pages", "plots", "screenshot", "tables")


def compare(plan: Plan, only: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """Measure the sections, all or some; the results so far, after each section. Raises ClearparseError.

    A section that was measured before with the same code, files, machine and options is not measured again.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if plan.quick:
            plan = _shortened(plan, folder)
        results: dict[str, Any] = {
            "conditions": _conditions(plan),
            "skipped": _skipped(),
            "measured": {},
            "sections": {},
        }
        key = _key(results["conditions"])
        for section in only or SECTIONS:
            if plan.quick and not SECTIONS[section].quick:
                continue
            kept = _measured(section, plan, key, folder)
            results["measured"][section] = kept["measured"]
            results["sections"][section] = kept["results"]
            yield results


def _measured(section: str, plan: Plan, key: str, folder: Path) -> dict[str, Any]:
    """The results of a section and when it was measured: kept ones, or new ones, which are kept."""
    path = plan.output / "sections" / f"{section}.json"
    kept: dict[str, Any] = json.loads(path.read_bytes()) if path.is_file() else {}
    if kept.get("key") != key:
        began = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        own = folder / section
        own.mkdir()
        kept = {"key": key, "measured": began, "results": SECTIONS[section].measure(plan, Progress(section), own)}
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_output(path) as stream:
            stream.write(json.dumps(kept, indent=2).encode() + b"\n")
    return kept


def _shortened(plan: Plan, folder: Path) -> Plan:
    """A plan with little data, for a quick trial."""
    train, source = folder / "train.conllu", folder / "input.conllu"
    write_head(plan.train, QUICK_WORDS, train)
    write_head(plan.source, QUICK_WORDS, source)
    return replace(plan, train=train, source=source, text=None, runs=1)


def _skipped() -> dict[str, str]:
    return {name: system.needs for name, system in SYSTEMS.items() if missing(system.needs)}


def _conditions(plan: Plan) -> dict[str, Any]:
    treebanks = {"train": plan.train, "dev": plan.dev, "input": plan.source}
    files: dict[str, Any] = {
        name: {"file": path.name, "words": words_in(path), "sha256": checksum(path)} for name, path in treebanks.items()
    }
    if plan.text:
        files["text"] = {"file": plan.text.name, "sha256": checksum(plan.text)}
    files |= {system.name: {"sha256": checksum(system.bundled)} for system in SYSTEMS.values() if system.bundled}
    return {
        "machine": machine.describe_machine(),
        **in_subprocess("kernels", cores=plan.cores),
        "cores": plan.cores,
        "runs": plan.runs,
        "quick": plan.quick,
        "files": files,
    }


def _key(conditions: dict[str, Any]) -> str:
    """Changes with everything that affects the results."""
    key = hashlib.sha256(json.dumps(conditions, sort_keys=True).encode())
    own = [path for path in Path(__file__).parent.glob("*.py") if path.stem not in PRESENTATION]
    for path in sorted([*sources(PACKAGE), *own]):
        key.update(path.read_bytes())
    return key.hexdigest()
