"""Every choice of a training run, in one frozen record whose fields become the command's flags."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from clearparse.errors import ClearparseError
from clearparse.network.optimizers import OPTIMIZERS
from clearparse.transition.systems import SYSTEMS

SWAP_FROM = 0.1  # the part of the training sentences that must be non-projective for SWAP to be chosen


Some = TypeVar("Some", bound="NetworkConfig")


def _choice(default: Any, meaning: str, least: float = 0, most: float = float("inf"), names: Sequence[str] = ()) -> Any:
    """A field with its meaning and what it may be: a number from least to most, or one of some names."""
    return field(default=default, metadata={"help": meaning, "least": least, "most": most, "names": names})


@dataclass(frozen=True)
class NetworkConfig:
    """How large a network is, and how it is trained."""

    seed: int = _choice(1, "everything random comes from it: same seed, same machine, same bytes")
    d: int = _choice(50, "numbers in a row of L, as in Chen & Manning (2014)", 1, 10_000)
    H: int = _choice(200, "hidden units", 1, 100_000)
    epochs: int = _choice(0, "passes over the training data; 0: by their size, from `passes` to twice as many", 0)
    passes: int = _choice(14, "passes over 200,000 words; over fewer there are more", 1)
    batch: int = _choice(0, "examples in a step; 0: by the size of the training data, 64 to 1024", 0, 1_000_000)
    optimizer: str = _choice("adam", "update rule of a training step", names=tuple(OPTIMIZERS))
    lr: float = _choice(3e-3, "highest learning rate", 1e-9, 100)
    warm_up: float = _choice(0.02, "part of the training in which the learning rate rises", 0, 0.99)
    lr_end: float = _choice(0.02, "what is left of the learning rate at the end", 0, 1)
    average: float = _choice(
        0.998, "decay of the moving average of the parameters, which is what is saved", 0, 0.999999
    )
    dropout: float = _choice(0.3, "part of the hidden units left out in training", 0, 0.95)
    slot_dropout: float = _choice(0.25, "part of the looked-up rows left out in training", 0, 0.95)
    word_dropout: float = _choice(0.12, "part of the words shown as unknown in training", 0, 0.95)
    min_count: int = _choice(2, "words seen less often than this are unknown", 1)
    vector_scale: float = _choice(1.0, "standard deviation of the vectors from raw text", 0, 100)
    vector_min_count: int = _choice(3, "words seen less often than this in raw text have no vector", 1)
    l2: float = _choice(0.0, "L2 regularisation; Chen & Manning use 1e-8 with AdaGrad")
    max_norm: float = _choice(0.0, "gradients longer than this are cut to it; 0: never")
    patience: int = _choice(0, "stop when the dev score has not risen for so many epochs; 0: never")

    def for_words(self: Some, words: int) -> Some:
        """The same with what the size of the training data decides: epochs and batch where they are 0.

        About 400 steps a pass, and more passes over fewer words.
        """
        epochs = round(self.passes * min(max((200_000 / words) ** 0.5, 1), 2))
        batch = 1 << min(max(round(math.log2(words / 200)), 6), 10)
        return replace(self, epochs=self.epochs or epochs, batch=self.batch or batch)

    def check(self) -> None:
        """Raises ClearparseError if a field is out of range."""
        for each in fields(self):
            value, limits = getattr(self, each.name), each.metadata
            if limits["names"] and value not in limits["names"]:
                raise ClearparseError(f"{each.name} is {value!r}; it can be {' or '.join(limits['names'])}")
            if not isinstance(value, str) and not limits["least"] <= value <= limits["most"]:
                raise ClearparseError(f"{each.name} is {value}; it can be {limits['least']} to {limits['most']}")


@dataclass(frozen=True)
class Config(NetworkConfig):
    """What a parser is made of and how it is trained; the values are those of the preset `fast`."""

    template: str = _choice("default", "which words and what of them the network looks at: a name, or a file")
    system: str = _choice(
        "auto",
        "auto: arc-standard, or arc-standard-swap where many training trees are non-projective",
        names=("auto", *SYSTEMS),
    )
    silver: float = _choice(
        2.0, "words of raw text, with trees by the first networks, that a pass has for each of the treebank", 0, 100
    )
    networks: int = _choice(1, "networks that vote, each with its own seed, and by turns of four kinds", 1, 100)
    exploration: float = _choice(0.9, "how often arc-hybrid follows its own choice in training, once it does", 0, 1)
    explore_from: int = _choice(3, "first epoch that explores, counted from 0")
    section: int = _choice(4000, "sentences whose configurations are made and mixed together", 1)
    dev_part: float = _choice(0.1, "part of the training sentences held out where no dev file is given", 0.001, 0.9)

    def member(self, k: int) -> tuple[Config, bool]:
        """The config of network k, counted from 0, and whether it reads sentences from their end.

        Of four networks two have the other transition system, and two of them read from the end: so they err
        differently, and are better together.
        """
        system = self.system if k % 2 == 0 else SYSTEMS[self.system].partner
        return replace(self, seed=self.seed + k, system=system), k % 4 >= 2

    def for_data(self, words: int, nonprojective: float) -> Config:
        """The same with what the training data decide: as for_words; and the system where it is auto.

        SWAP is chosen if so many sentences need it (from 0 to 1).
        """
        system = "arc-standard-swap" if nonprojective >= SWAP_FROM else "arc-standard"
        return replace(self.for_words(words), system=system if self.system == "auto" else self.system)


ACCURATE = Config(H=512, passes=20, dropout=0.4, slot_dropout=0.15, lr=2e-3)
PRESETS: dict[str, Config] = {
    "fast": Config(),
    "accurate": ACCURATE,
    "best": replace(ACCURATE, passes=14, networks=4),
}
