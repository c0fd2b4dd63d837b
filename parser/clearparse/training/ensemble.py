"""Training of an ensemble: one or several networks, in this process or in worker processes."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from clearparse.config import Config
from clearparse.io.parallel import map_in_order
from clearparse.network.training import DivergedError
from clearparse.stages.ensemble import Ensemble
from clearparse.stages.transition_parser import TransitionParser
from clearparse.training.checkpoint import Checkpoint, Part, WorkerCheckpoint
from clearparse.training.data import Dataset
from clearparse.training.fine_tuning import with_labels_of
from clearparse.training.log import Log
from clearparse.training.network_training import NetworkTraining, is_result
from clearparse.training.parser_batches import Treebank, initialize_parser
from clearparse.training.word_vectors import Vectors

Stopped = KeyboardInterrupt | DivergedError


class TrainedEnsemble(NamedTuple):
    """An ensemble, the training runs of its networks, and the exception that ended training early, if any."""

    ensemble: Ensemble
    networks: list[NetworkTraining]
    stopped: Stopped | None


@dataclass(frozen=True)
class EnsembleTraining:
    """Trains `config.networks` networks on the same data. A worker process calls it to train one of them.

    init: the parser to start from; by default the networks are initialized at random.
    silver: automatically parsed sentences to learn from in addition to the treebank.
    name: key of the networks in the checkpoint, followed by their numbers.
    """

    config: Config
    treebank: Treebank
    dev: Dataset
    vectors: Vectors | None = None
    init: TransitionParser | None = None
    silver: Treebank | None = None
    name: str = "network"
    log: Log = field(default_factory=Log)

    def train(self, checkpoint: Checkpoint, jobs: int = 1) -> TrainedEnsemble:
        """Train all networks, `jobs` at a time. If training is interrupted or diverges, return what is usable.

        Raises KeyboardInterrupt or DivergedError if that happens before the first epoch of the first network ends.
        """
        missing = [k for k in range(self.config.networks) if not self._is_finished(k, checkpoint)] if jobs > 1 else []
        networks: list[NetworkTraining] = []
        stopped: Stopped | None = None
        with contextlib.closing(self._trained_by_workers(missing, checkpoint, jobs)) as finished:
            for k in range(self.config.networks):
                networks.append(network := self.network(k))
                try:
                    if k in missing:
                        next(finished)
                    network.train(checkpoint)
                except (KeyboardInterrupt, DivergedError) as error:
                    network.load_result(checkpoint)
                    stopped = error
                    break
        if stopped and len(networks) > 1:
            networks.pop()  # an ensemble has only fully trained networks
        if stopped and networks[-1].best is None:
            raise stopped
        members = tuple(network.parser.with_parameters(network.best_parameters()) for network in networks)
        return TrainedEnsemble(Ensemble(members), networks, stopped)

    def network(self, k: int) -> NetworkTraining:
        """The training run of network k, counted from 0, before its first step."""
        config, right_to_left = self.config.member(k)
        rng = np.random.default_rng(config.seed)
        parser = self.initialize(config, rng, right_to_left=right_to_left)
        name = self._name(k)
        prefix = f"{name}  " if self.config.networks > 1 else ""
        return NetworkTraining(parser, config, self.treebank, self.dev, rng, self.silver, self.log, name, prefix)

    def initialize(self, config: Config, rng: np.random.Generator, *, right_to_left: bool = False) -> TransitionParser:
        """The parser that a network starts from."""
        if self.init:
            return with_labels_of(self.treebank, self.init, rng)
        return initialize_parser(self.treebank, config, rng, self.vectors, right_to_left=right_to_left)

    def _name(self, k: int) -> str:
        return f"{self.name} {k + 1}"

    def _is_finished(self, k: int, checkpoint: Checkpoint) -> bool:
        part = checkpoint.load(self._name(k))
        return part is not None and is_result(part)

    def _trained_by_workers(
        self, missing: Sequence[int], checkpoint: Checkpoint, jobs: int
    ) -> Generator[None, None, None]:
        """Train the missing networks in `jobs` processes; yield in order, when the checkpoint has each network."""
        tasks = [(k, checkpoint.load(self._name(k))) for k in missing]
        yield from map_in_order(self, tasks, min(jobs, len(tasks)), checkpoint.receive)

    def __call__(self, task: tuple[int, Part | None]) -> None:
        """Train a network in a worker process, given its index and the part of the checkpoint to continue from."""
        k, part = task
        network = self.network(k)
        network.train(WorkerCheckpoint({network.name: part} if part else {}))
