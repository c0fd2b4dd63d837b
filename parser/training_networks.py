"""The networks of a parser: one, or several that vote as one; with raw text, first those that give it trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from parser import training_run
from parser.checkpoint import Checkpoint
from parser.config import Config
from parser.network.classifier import averaged
from parser.network.training import DivergedError
from parser.pipeline import Model
from parser.stages.dependency import DependencyParser
from parser.stages.dependency_training import Treebank
from parser.storage import Stages
from parser.training_data import Data
from parser.training_run import Run

# Networks whose trees of raw text the final ones learn, and their passes (see Config.passes) at most: what counts is
# how good these trees are, and several networks together are better than one that learned for long.
FIRST, FIRST_PASSES = 3, 10


class Trained(NamedTuple):
    """The parser of some runs, one for each of its networks; and what stopped them early, if something did."""

    parser: DependencyParser
    runs: list[Run]
    stopped: KeyboardInterrupt | DivergedError | None


@dataclass(frozen=True)
class Networks:
    """What all networks of a training have in common. start: the parser that one begins with, random or not."""

    start: Callable[[np.random.Generator], DependencyParser]
    treebank: Treebank
    dev: Data
    checkpoint: Checkpoint
    quiet: bool = False

    def train(self, config: Config, name: str, silver: Treebank | None = None) -> Trained:
        """The networks that a config wants, one after another; name: what the checkpoint calls them.

        Raises what stopped the first of them before its first epoch was over.
        """
        runs: list[Run] = []
        stopped: KeyboardInterrupt | DivergedError | None = None
        for k in range(config.networks):
            rng = np.random.default_rng(config.seed + k)
            parser = self.start(rng)
            run = Run(parser, config, self.treebank, self.dev, rng, silver, self.quiet, self.checkpoint)
            run.name = f"{name} {k + 1}"
            runs.append(run)
            try:
                run.train()
            except (KeyboardInterrupt, DivergedError) as stop:
                stopped = stop
                break
        if stopped and len(runs) > 1:
            runs.pop()  # several networks vote when they are whole
        if stopped and runs[-1].best is None:
            raise stopped
        return Trained(parser.with_parameters(averaged([run.best_parameters() for run in runs])), runs, stopped)


def model_of(stages: Stages, trained: Trained, command: str, facts: Mapping[str, Any]) -> Model:
    """The model with its record, as sure of itself as it is right on dev. facts: see training_run.facts."""
    runs = trained.runs
    dev, record = runs[0].dev, training_run.record(command, facts, runs)
    record["dev_scores"] |= training_run.score(stages.parser, dev)
    if trained.stopped:
        record["stopped"] = f"after {len(runs[-1].epochs)} of {runs[-1].config.epochs} epochs of {runs[-1].name}"
    return Model(replace(stages, parser=training_run.calibrated(stages.parser, dev)), record)


def first_config(config: Config) -> Config:
    """That of the networks whose trees of raw text the final ones learn."""
    epochs = max(1, round(config.epochs * min(FIRST_PASSES / config.passes, 1)))
    return replace(config, networks=max(FIRST, config.networks), epochs=epochs)
