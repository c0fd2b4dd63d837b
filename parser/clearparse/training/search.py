"""Random search over the configuration: values drawn from a space, each trained and scored on dev, results in a file.

A search that was interrupted, or is repeated with more trials, trains only the trials that are not in the file yet.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from clearparse.config import PRESETS, current_names
from clearparse.errors import FileError
from clearparse.io.checksum import checksum
from clearparse.io.files import atomic_output
from clearparse.io.parallel import map_in_order
from clearparse.training.options import Options
from clearparse.training.recipe import run

Values = dict[str, Any]  # of fields of Config
Choice = list[Any] | tuple[Any, Any]  # values to choose from, or the ends of a range


@dataclass(frozen=True)
class Trial:
    """One training run: values of the configuration in; scores on dev, best epoch and seconds out."""

    train: tuple[str, ...]
    dev: str
    preset: str

    def __call__(self, values: Values) -> dict[str, Any]:
        start = time.monotonic()
        config = replace(PRESETS[self.preset], **values)
        model = run(self.train, self.dev, config, Options(preset=self.preset, quiet=True)).model
        return {**model.record["dev_scores"], "seconds": time.monotonic() - start}


def sample(space: Mapping[str, Choice], trials: int, seed: int) -> list[Values]:
    """At most `trials` distinct combinations of values, drawn at random with scikit-learn's ParameterSampler.

    Ranges of numbers are uniform, or log-uniform if their ends differ by a factor of 5 or more.
    """
    from sklearn.model_selection import ParameterSampler

    distributions = {name: _distribution(choice) for name, choice in space.items()}
    if all(isinstance(choice, list) for choice in space.values()):
        trials = min(trials, int(np.prod([len(choice) for choice in space.values()])))
    drawn = ParameterSampler(distributions, trials, random_state=seed)
    return [{name: getattr(value, "item", lambda v=value: v)() for name, value in each.items()} for each in drawn]


def _distribution(choice: Choice) -> Any:
    from scipy.stats import loguniform, randint, uniform

    if isinstance(choice, list):
        return choice
    low, high = choice
    if isinstance(low, int):
        return randint(low, high + 1)
    return loguniform(low, high) if low > 0 and high / low >= 5 else uniform(low, high - low)


class FinishedTrials:
    """The finished trials of a search, in a JSON file that is written after each of them."""

    def __init__(self, path: Path, trial: Trial) -> None:
        """Read the file if it exists. Raises FileError if it is damaged, or if data or preset differ."""
        self.path = path
        self._search = {"preset": trial.preset, "data": [checksum(each) for each in (*trial.train, trial.dev)]}
        self._finished = self._read()

    def _read(self) -> dict[str, dict[str, Any]]:
        if not self.path.is_file():
            return {}
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
            if {name: found[name] for name in self._search} != self._search:
                raise FileError(self.path, "these trials have different data or another preset; use another --output")
            trials = [{**trial, "config": current_names(trial["config"])} for trial in found["trials"]]
            return {_key(trial["config"]): trial for trial in trials}
        except (ValueError, KeyError, TypeError) as error:
            raise FileError(self.path, f"not the trials of a search: {error}") from None

    def __contains__(self, values: Values) -> bool:
        return _key(values) in self._finished

    def __getitem__(self, values: Values) -> dict[str, Any]:
        return self._finished[_key(values)]

    def add(self, values: Values, result: Mapping[str, Any]) -> None:
        """Add a finished trial and write the file atomically. Raises FileError."""
        self._finished[_key(values)] = {"config": values, **result}
        content = {**self._search, "trials": list(self._finished.values())}
        with atomic_output(self.path, follow_links=False) as stream:
            stream.write(json.dumps(content, indent=2).encode() + b"\n")


def search(trial: Trial, drawn: Sequence[Values], finished: FinishedTrials, jobs: int = 1) -> Iterator[dict[str, Any]]:
    """Train the unfinished trials, `jobs` at a time; yield each result as soon as it is available."""
    missing = [values for values in drawn if values not in finished]
    results = map(trial, missing) if jobs == 1 else map_in_order(trial, missing, jobs)
    for values, result in zip(missing, results, strict=True):
        finished.add(values, result)
        yield finished[values]


def _key(values: Values) -> str:
    return json.dumps(values, sort_keys=True)
