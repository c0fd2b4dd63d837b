"""Model files: save and load all stages of a model with its training record.

    arrays      NAME/L, NAME/W, NAME/b_1, NAME/U, NAME/b_2      the parameters of the network NAME
    metadata    kind                                            always "dependency parser"
                networks: {NAME: {...}}                         template, symbols, classes ... of each network
                record: {...}                                   the training record (record_schema.py)

Each stage converts its own networks: see to_stored and from_stored there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from os import PathLike
from typing import Any, TypeVar

import numpy as np

from clearparse.errors import ClearparseError, FileError
from clearparse.features.type_cache import share_memory
from clearparse.io.garbage import paused_collection
from clearparse.model.container import Arrays, load_arrays, save_arrays
from clearparse.model.record_schema import checked_record
from clearparse.network.classifier import Parameters
from clearparse.stages.ensemble import Ensemble
from clearparse.stages.lemmatizer import Lemmatizer
from clearparse.stages.stored import StoredNetwork, StoredNetworks, check_parameters
from clearparse.stages.tagger import Tagger
from clearparse.stages.tokenizer import Tokenizer
from clearparse.stages.transition_parser import TransitionParser
from clearparse.stages.window import WindowClassifier

KIND = "dependency parser"
MAX_MESSAGE_LENGTH = 200  # characters of an error message about a file, whose content may be anything
# Networks that see few types: characters, tokens that may be split, and words whose lemma is not known yet.
FEW_TYPES = ("characters", "multiword", "lemmas")

Upstream = TypeVar("Upstream", Tokenizer, Tagger, Lemmatizer)


@dataclass(frozen=True)
class Stages:
    """The stages of a model. Only `ensemble` is set if the model was trained without `--stages all`.

    float16: True if the parameters are stored as float16.
    """

    ensemble: Ensemble
    tokenizer: Tokenizer | None = None
    tagger: Tagger | None = None
    lemmatizer: Lemmatizer | None = None
    float16: bool = False

    def __post_init__(self) -> None:
        windows = {name: classifier.cache for name, classifier in self.window_classifiers().items()}
        caches = [*(member.cache for member in self.ensemble.members), *windows.values()]
        share_memory(caches, small=[windows[name] for name in FEW_TYPES if name in windows])

    def __reduce__(self) -> tuple[type[Stages], tuple[Any, ...]]:
        """Copies share a memory as well: in other processes, and those of `copy`, which would not call the above."""
        return Stages, tuple(getattr(self, field.name) for field in fields(self))

    @property
    def parser(self) -> TransitionParser:
        """The first parser of the ensemble."""
        return self.ensemble.members[0]

    def to_float16(self) -> Stages:
        """The same stages with their parameters rounded to float16, to be stored as such."""
        rounded = {name: network.rounded() for name, network in self.to_stored().items()}
        return replace(Stages.from_stored(rounded), float16=True)

    def window_classifiers(self) -> dict[str, WindowClassifier]:
        """All networks except those of the parsers, by their names in a model file."""
        stages = (self.tokenizer, self.tagger, self.lemmatizer)
        return {name: classifier for stage in stages if stage for name, classifier in stage.classifiers().items()}

    def to_stored(self) -> dict[str, StoredNetwork]:
        """The networks of all stages, by their names in a model file."""
        stages = (self.ensemble, self.tokenizer, self.tagger, self.lemmatizer)
        return {name: network for stage in stages if stage for name, network in stage.to_stored().items()}

    @classmethod
    def from_stored(cls, networks: StoredNetworks) -> Stages:
        """The stages of stored networks. Raises ValueError, KeyError or ClearparseError if they are invalid."""

        def stage(kind: type[Upstream]) -> Upstream | None:
            return kind.from_stored(networks) if not networks.keys().isdisjoint(kind.NETWORKS) else None

        return cls(Ensemble.from_stored(networks), stage(Tokenizer), stage(Tagger), stage(Lemmatizer))


def save(path: str | PathLike[str], stages: Stages, record: Mapping[str, Any]) -> None:
    """Write a model file atomically. Raises FileError if it cannot be written."""
    networks = stages.to_stored()
    dtype = np.float16 if stages.float16 else np.float32
    arrays = {
        f"{name}/{letter}": array.astype(dtype, copy=False)
        for name, network in networks.items()
        for letter, array in network.params._asdict().items()
    }
    entries = {name: network.metadata for name, network in networks.items()}
    save_arrays(path, arrays, {"kind": KIND, "networks": entries, "record": record})


@paused_collection()
def load(path: str | PathLike[str]) -> tuple[Stages, dict[str, Any]]:
    """The stages and the training record of a model file. Raises FileError if it is damaged or not a model."""
    arrays, metadata = load_arrays(path)
    try:
        if metadata["kind"] != KIND:
            raise ValueError(f"a model of another kind: {metadata['kind']}")
        return _stages(arrays, metadata["networks"]), checked_record(metadata["record"])
    except KeyError as error:
        raise FileError(path, f"not a usable model: it has no {str(error)[:MAX_MESSAGE_LENGTH]}") from error
    except (ClearparseError, TypeError, ValueError, RecursionError) as error:
        message = str(error).encode("ascii", "backslashreplace").decode()[:MAX_MESSAGE_LENGTH]
        raise FileError(path, f"not a usable model: {' '.join(message.split())}") from error


def _stages(arrays: Arrays, entries: Any) -> Stages:
    if not isinstance(entries, dict):
        raise ValueError("the networks are not a dictionary")
    known = {*Ensemble.names(entries), *Tokenizer.NETWORKS, *Tagger.NETWORKS, *Lemmatizer.NETWORKS}
    if not set(entries) <= known:
        raise ValueError("unknown networks")
    if arrays.keys() != {f"{name}/{letter}" for name in entries for letter in Parameters._fields}:
        raise ValueError("the arrays do not match the networks")
    networks = {name: StoredNetwork(_parameters(arrays, name), metadata) for name, metadata in entries.items()}
    float16 = all(array.dtype == np.float16 for array in arrays.values())
    return replace(Stages.from_stored(networks), float16=float16)


def _parameters(arrays: Arrays, name: str) -> Parameters:
    stored = Parameters(*(arrays[f"{name}/{letter}"] for letter in Parameters._fields))
    check_parameters(name, stored)
    return Parameters(*(array.astype(np.float32, copy=False) for array in stored))
