"""The training record, in the model and, with the command and the paths, in a JSON file beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from clearparse.errors import ClearparseError, FileError
from clearparse.io.checksum import checksum
from clearparse.io.files import atomic_output, remove_unfinished
from clearparse.model.model import Model, load
from clearparse.training.data import Dataset
from clearparse.training.ensemble import TrainedEnsemble
from clearparse.training.provenance import Provenance, difference, portable
from clearparse.training.scoring import score


def training_record(
    provenance: Provenance, trained: TrainedEnsemble, dev_scores: Mapping[str, float | None]
) -> dict[str, Any]:
    """The training record stored in the model: its provenance, its dev scores, and those of each network and epoch.

    Neither the record nor the model depends on the directories of data and model.
    """
    networks = trained.networks
    record = {
        **portable(provenance),
        "dev_scores": {**networks[-1].best_epoch(), **dev_scores},
        "epochs": [epoch for network in networks for epoch in network.epochs],
    }
    if trained.stopped:
        last = networks[-1]
        record["stopped"] = f"after {len(last.epochs)} of {last.config.epochs} epochs of {last.name}"
    return record


def is_finished(path: str | PathLike[str], provenance: Provenance) -> bool:
    """Return True if the file is a model with this provenance whose training was not interrupted."""
    try:
        record = load(path).record
    except FileError:
        return False
    return "stopped" not in record and not difference(
        {name: record.get(name) for name in provenance}, portable(provenance)
    )


def save_and_check(model: Model, path: Path, dev: Dataset, command: str, provenance: Provenance) -> None:
    """Write model and record, load the model, and score it on dev. Raises ClearparseError if the scores differ.

    command: as typed. The record contains everything needed to train the model again.
    """
    for each in (path, f"{path}.json"):
        remove_unfinished(each)
    model.save(path)
    record = {"command": command, **model.record, **provenance, "model_sha256": checksum(path)}
    with atomic_output(f"{path}.json", follow_links=False) as file:
        file.write(json.dumps(record, indent=2, ensure_ascii=False).encode() + b"\n")
    found = score(load(path).stages.ensemble, dev)
    expected = {name: model.record["dev_scores"][name] for name in found}
    if found != expected:
        raise ClearparseError(f"{path}: the saved model scores {found} on dev, in training it scored {expected}")
