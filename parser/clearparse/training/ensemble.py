"""The networks of a parser: one, or several that vote; with raw text, first those that give it trees."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from clearparse.config import Config
from clearparse.io.parallel import map_in_order
from clearparse.model.model import Model
from clearparse.model.serialization import Stages
from clearparse.network.training import DivergedError
from clearparse.stages.ensemble import Ensemble
from clearparse.stages.transition_parser import TransitionParser
from clearparse.training import run
from clearparse.training.checkpoint import Checkpoint, Part
from clearparse.training.data import Data
from clearparse.training.parser_batches import Treebank
from clearparse.training.run import Run
from clearparse.training.word_vectors import Vectors

# Networks whose trees of raw text the final ones learn, and their passes (see Config.passes) at most: what counts is
# how good these trees are, and several networks together are better than one that learned for long.
FIRST, FIRST_PASSES = 3, 10


class Trained(NamedTuple):
    """What came of some runs, one for each network; and what stopped them early, if something did."""

    ensemble: Ensemble
    runs: list[Run]
    stopped: KeyboardInterrupt | DivergedError | None


@dataclass(frozen=True)
class Networks:
    """What all networks of a training have in common. init: the parser that they go on from, else they begin anew."""

    treebank: Treebank
    dev: Data
    vectors: Vectors | None = None
    init: TransitionParser | None = None
    quiet: bool = False

    def start(self, config: Config, rng: np.random.Generator, *, right_to_left: bool = False) -> TransitionParser:
        """The parser that a network begins with."""
        if self.init:
            return self.init.copy()
        return run.start(self.treebank, config, rng, self.vectors, right_to_left=right_to_left)

    def train(
        self, config: Config, name: str, checkpoint: Checkpoint, silver: Treebank | None = None, jobs: int = 1
    ) -> Trained:
        """The networks that a config wants, so many at once; name: what the checkpoint calls them.

        Raises what stopped the first of them before its first epoch was over.
        """
        training, jobs = Training(self, config, name, silver), min(jobs, config.networks)
        runs: list[Run] = []
        stopped: KeyboardInterrupt | DivergedError | None = None
        with contextlib.closing(training.elsewhere(checkpoint, jobs)) as elsewhere:
            for k in range(config.networks):
                runs.append(run := training.run(k))
                try:
                    if jobs > 1 and checkpoint.get(run.name) is None:
                        checkpoint.put(run.name, *next(elsewhere))
                    run.train(checkpoint)
                except (KeyboardInterrupt, DivergedError) as stop:
                    stopped = stop
                    break
        if stopped and len(runs) > 1:
            runs.pop()  # several networks vote when they are whole
        if stopped and runs[-1].best is None:
            raise stopped
        members = tuple(run.parser.with_parameters(run.best_parameters()) for run in runs)
        return Trained(Ensemble(members), runs, stopped)


@dataclass(frozen=True)
class Training:
    """The training of the networks of a config: a function of their number, for processes of their own."""

    networks: Networks
    config: Config
    name: str
    silver: Treebank | None

    def run(self, k: int) -> Run:
        """The run of network k, counted from 0, which is still to be trained."""
        networks, (config, right_to_left) = self.networks, self.config.member(k)
        rng = np.random.default_rng(config.seed)
        parser = networks.start(config, rng, right_to_left=right_to_left)
        run = Run(parser, config, networks.treebank, networks.dev, rng, self.silver, networks.quiet)
        run.name = f"{self.name} {k + 1}"
        run.heading = f"{run.name}  " if self.config.networks > 1 else ""
        return run

    def elsewhere(self, checkpoint: Checkpoint, jobs: int) -> Generator[Part, None, None]:
        """What the checkpoint is to have of those networks that it has not, one after another, so many at once."""
        left = [k for k in range(self.config.networks) if checkpoint.get(f"{self.name} {k + 1}") is None]
        yield from map_in_order(self, left, min(jobs, len(left)))

    def __call__(self, k: int) -> Part:
        """What is left of the run of network k when it is over."""
        run = self.run(k)
        run.train(Checkpoint())
        return run.result()


def model_of(stages: Stages, trained: Trained, command: str, facts: Mapping[str, Any]) -> Model:
    """The model with its record, as sure of itself as it is right on dev. facts: see run.facts."""
    runs = trained.runs
    dev, record = runs[0].dev, run.record(command, facts, runs)
    record["dev_scores"] |= run.score(stages.ensemble, dev)
    if trained.stopped:
        record["stopped"] = f"after {len(runs[-1].epochs)} of {runs[-1].config.epochs} epochs of {runs[-1].name}"
    return Model(replace(stages, ensemble=run.calibrated(stages.ensemble, dev)), record)


def first_config(config: Config) -> Config:
    """That of the networks whose trees of raw text the final ones learn."""
    epochs = max(1, round(config.epochs * min(FIRST_PASSES / config.passes, 1)))
    return replace(config, networks=max(FIRST, config.networks), epochs=epochs)
