"""The provenance of a model: everything that determines its bytes, known before it is trained.

Two runs with the same provenance give the same model. A checkpoint is resumed, and a recorded run reproduced, only if
the provenance is the same.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import PurePath
from typing import Any

import numpy as np
import scipy
from threadpoolctl import threadpool_info

from clearparse.config import Config
from clearparse.errors import ClearparseError
from clearparse.io.checksum import checksum
from clearparse.io.files import PathLike
from clearparse.training.data import Dataset
from clearparse.version import __version__

Provenance = Mapping[str, Any]

SHOWN = 3  # differences that a message names
MAX_SHOWN = 80  # characters of a value in a message
BLAS = ("internal_api", "version", "architecture")  # what threadpoolctl says of a library, as far as it has it


def provenance(
    config: Config,
    options: Mapping[str, Any],
    train: Dataset,
    dev: Dataset,
    *,
    template: str,
    init: PathLike | None = None,
    raw_text: Iterable[PathLike] = (),
    vectors: PathLike | None = None,
    silver: Iterable[PathLike] = (),
) -> dict[str, Any]:
    """The provenance of a model as JSON values.

    options: whatever else affects the result, such as stages and threads. template: its text.
    raw_text, vectors, silver: the files that are read, identified by their SHA-256.
    """
    return {
        **options,
        "config": asdict(config),
        "template": hashlib.sha256(template.encode()).hexdigest(),
        "init": _files([init] if init else []),
        "train": train.sources,
        "raw_text": _files(raw_text),
        "vectors": _files([vectors] if vectors else []),
        "silver": _files(silver),
        "dev": dev.combined_source(),
        "versions": {
            "clearparse": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "blas": blas(),
        },
    }


def blas() -> str:
    """The library of NumPy's matrix products and the kernels that it uses: `openblas 0.3.31 SkylakeX`.

    Products are rounded differently by other kernels. Without a name in threadpoolctl it is `unknown`.
    """
    found = [each for each in threadpool_info() if each["user_api"] == "blas"]
    bundled = [each for each in found if "numpy.libs" in PurePath(each["filepath"]).parts]  # SciPy may have another
    names = {" ".join(str(each[key]) for key in BLAS if each.get(key)) for each in bundled or found}
    return ", ".join(sorted(names)) or "unknown"


def _files(paths: Iterable[PathLike]) -> list[dict[str, Any]]:
    return [{"path": str(path), "sha256": checksum(path)} for path in paths]


def portable(provenance: Provenance) -> dict[str, Any]:
    """The same provenance with directories removed from the paths: they do not affect the model."""
    config = {**provenance["config"], "template": PurePath(provenance["config"]["template"]).name}
    return {**_without_folders(provenance), "config": config}


def _without_folders(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_folders(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: " + ".join(PurePath(path).name for path in each.split(" + ")) if key == "path" else _without_folders(each)
        for key, each in value.items()
    }


def difference(before: Provenance, now: Provenance) -> str:
    """The differences between two provenances, for a message; empty if there are none.

    Neither the versions of libraries nor the paths of files count, only the contents of the files.
    """
    old, new = _leaves(before), _leaves(json.loads(json.dumps(now)))
    found = [
        f"{name} is {_shown(new.get(name))}, it was {_shown(old.get(name))}"
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name)
    ]
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return "; ".join(found[:SHOWN] + more)


def _shown(value: object) -> str:
    return " ".join(str(value).split())[:MAX_SHOWN]


def version_difference(before: Provenance, now: Provenance) -> str:
    """The versions that differ between two provenances, for a message; empty if none do."""
    old, new = before["versions"], now["versions"]
    return ", ".join(
        f"{name} is {new[name]}, it was {_shown(old.get(name, 'not recorded'))}"
        for name in new
        if old.get(name) != new[name]
    )


def require_checksums(provenance: Provenance) -> None:
    """Raise ClearparseError if training reads standard input, whose contents cannot be compared later."""
    if any(name.endswith("sha256") and value is None for name, value in _leaves(provenance).items()):
        raise ClearparseError("training on standard input (`-`) can be neither resumed nor reproduced; use a file")


def _leaves(value: Any, name: str = "") -> dict[str, Any]:
    """The leaves of nested JSON by name, such as `train 1 sha256`; fields of the config have no prefix."""
    if isinstance(value, dict):
        inner = [(key, each) for key, each in value.items() if key not in ("path", "versions")]
    elif isinstance(value, list):
        inner = [(str(i), each) for i, each in enumerate(value, 1)]
    else:
        return {name: value}
    prefix = "" if name == "config" else f"{name} "
    nested = (_leaves(each, f"{prefix}{key}".strip()) for key, each in inner)
    return {leaf_name: leaf for leaves in nested for leaf_name, leaf in leaves.items()}
