"""All settings of a training run, in one frozen dataclass; its fields are also the flags of `clearparse train`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from clearparse.errors import ClearparseError
from clearparse.network.optimizers import OPTIMIZERS
from clearparse.transition.systems import SYSTEMS

SWAP_THRESHOLD = 0.1  # `auto` chooses SWAP if at least this fraction of the training sentences is non-projective
SMALL_TREEBANK = 20_000  # words of training data, below which training stops early by default:
SMALL_PATIENCE = 8  # after so many epochs without a better dev LAS
MAX_NUMBER = 1_000_000  # default upper limit of a setting
MAX_TEXT_LENGTH = 4096  # characters of a text, such as the path of a template
MAX_SHOWN = 60  # characters of a wrong value in a message
TYPE_NAMES: dict[type, str] = {int: "a whole number", float: "a number", str: "text"}

AnyConfig = TypeVar("AnyConfig", bound="NetworkConfig")
Value = TypeVar("Value", int, float, str)


def _setting(
    default: Value,
    help: str,
    low: float = 0,
    high: float = MAX_NUMBER,
    *,
    choices: Callable[[], Sequence[str]] | None = None,
    group: str = "optimization",
    old: str | None = None,
    old_flag: bool = True,
) -> Value:
    """A field: a number from low to high, or text, which may have choices.

    choices: a function, so that systems and optimizers registered later are included. group: where `--help-all` lists
    the flag. old: a deprecated name that training records may use; also a flag if old_flag.
    """
    metadata = {
        "help": help,
        "low": low,
        "high": high,
        "choices": choices,
        "group": group,
        "old": old,
        "old_flag": old_flag,
    }
    value: Value = field(default=default, metadata={**metadata, "type": type(default)})
    return value


@dataclass(frozen=True)
class NetworkConfig:
    """The size of a network and how it is trained."""

    seed: int = _setting(
        1, "seed of all random choices; with the same seed, the same machine trains a bit-identical model", 0, 2**32 - 1
    )
    embedding_dim: int = _setting(50, "dimension of the embeddings", 1, 10_000, group="network", old="d")
    hidden_size: int = _setting(200, "number of hidden units", 1, 100_000, group="network", old="H")
    epochs: int = _setting(0, "training epochs; 0: one to two times --passes, by the size of the training data")
    passes: int = _setting(14, "epochs for 200,000 training words; up to twice as many for smaller treebanks", 1)
    batch_size: int = _setting(
        0, "examples per step; 0: by the size of the training data, 64 to 1024", 0, 1_000_000, old="batch"
    )
    optimizer: str = _setting("adam", "optimizer", choices=lambda: tuple(OPTIMIZERS))
    learning_rate: float = _setting(3e-3, "peak learning rate", 1e-9, 100, old="lr")
    warmup: float = _setting(0.02, "fraction of training over which the learning rate rises", 0, 0.99, old="warm_up")
    final_learning_rate: float = _setting(0.02, "final learning rate, as a fraction of the peak", 0, 1, old="lr_end")
    ema_decay: float = _setting(
        0.998, "decay of the moving average of the parameters, which the model stores", 0, 0.999999, old="average"
    )
    dropout: float = _setting(0.3, "dropout rate of the hidden units", 0, 0.95)
    slot_dropout: float = _setting(0.25, "dropout rate of the input embeddings, whole slots at a time", 0, 0.95)
    word_dropout: float = _setting(0.12, "fraction of the training words replaced by the unknown word", 0, 0.95)
    min_count: int = _setting(2, "words rarer than this become the unknown word", 1, group="data")
    vector_scale: float = _setting(
        1.0, "standard deviation of the word vectors learned from raw text", 0, 100, group="self-training"
    )
    vector_min_count: int = _setting(3, "words rarer than this in the raw text get no vector", 1, group="self-training")
    silver_ratio: float = _setting(
        2.0,
        "ratio of silver words (automatically parsed) to treebank words in each epoch",
        0,
        100,
        group="self-training",
        old="silver",
        old_flag=False,
    )
    l2: float = _setting(0.0, "L2 regularization; Chen & Manning (2014) use 1e-8 with AdaGrad")
    clip_norm: float = _setting(0.0, "clip gradients to this norm; 0: no clipping", old="max_norm")
    patience: int = _setting(
        -1, "stop after this many epochs without a better dev LAS; 0: never; -1: by the size of the training data", -1
    )

    def for_words(self: AnyConfig, words: int) -> AnyConfig:
        """A copy with epochs and batch_size, where 0, and patience, where -1, set by the number of training words.

        There are about 400 steps per epoch, and more epochs for fewer words; on a small treebank training usually stops
        early. If the number of epochs is given, all are trained.
        """
        epochs = round(self.passes * min(max((200_000 / words) ** 0.5, 1), 2))
        batch_size = 1 << min(max(round(math.log2(words / 200)), 6), 10)
        patience = SMALL_PATIENCE if words < SMALL_TREEBANK and not self.epochs else 0
        return replace(
            self,
            epochs=self.epochs or epochs,
            batch_size=self.batch_size or batch_size,
            patience=patience if self.patience < 0 else self.patience,
        )

    def check(self) -> None:
        """Raise ClearparseError if a field is of another type or out of range."""
        for each in fields(self):
            value, limits = getattr(self, each.name), each.metadata
            check_type(each.name, value, limits["type"])
            choices = limits["choices"]() if limits["choices"] else ()
            if choices and value not in choices:
                raise ClearparseError(f"{each.name} is {value[:MAX_SHOWN]!r}; it must be {' or '.join(choices)}")
            if not isinstance(value, str) and not limits["low"] <= value <= limits["high"]:
                shown = repr(value)[:MAX_SHOWN]
                bounds = f"between {limits['low']:,} and {limits['high']:,}"
                raise ClearparseError(f"{each.name} is {shown}; it must be {bounds}")


@dataclass(frozen=True)
class Config(NetworkConfig):
    """The structure of a parser and how it is trained; the defaults are those of the preset `fast`."""

    template: str = _setting(
        "default", "feature template: default, cs224n-36, chen-manning-48, or a file", group="network"
    )
    transition_system: str = _setting(
        "auto",
        "auto: arc-standard, or arc-standard-swap if at least 10 % of the training sentences are non-projective",
        choices=lambda: ("auto", *SYSTEMS),
        group="network",
        old="system",
    )
    silver_share: float = _setting(
        1.0, "fraction of the words of --silver files to use, from the most confident sentences", 0.001, 1,
        group="self-training",
    )  # fmt: skip
    networks: int = _setting(
        1, "networks in the ensemble; they differ in seed, transition system and direction", 1, 100, group="network"
    )
    exploration: float = _setting(
        0.9, "probability of following the predicted transition instead of the oracle (dynamic oracles only)", 0, 1
    )
    explore_from: int = _setting(3, "first epoch that explores, counted from 0")
    section: int = _setting(4000, "shuffle buffer, in sentences", 1, group="data")
    dev_part: float = _setting(
        0.1, "fraction of the training sentences held out if there is no --dev", 0.001, 0.9, group="data"
    )

    @classmethod
    def from_record(cls, values: Mapping[str, Any]) -> Config:
        """The configuration in a training record, whose fields may have deprecated names.

        Raises TypeError if a field is unknown; ClearparseError if a value has another type or is out of range.
        """
        config = cls(**current_names(values))
        config.check()
        return config

    def member(self, k: int) -> tuple[Config, bool]:
        """The config of network k of an ensemble, counted from 0, and whether it reads right to left.

        Every second network has the other transition system, and of four networks two read right to left: they
        make different errors, so the ensemble is better than its members.
        """
        system = self.transition_system if k % 2 == 0 else SYSTEMS[self.transition_system].partner
        return replace(self, seed=self.seed + k, transition_system=system), k % 4 >= 2

    def for_data(self, words: int, nonprojective: float) -> Config:
        """A copy with data-dependent defaults filled in (see for_words), and the transition system if it is auto.

        nonprojective: the fraction of the training sentences that are non-projective.
        """
        system = "arc-standard-swap" if nonprojective >= SWAP_THRESHOLD else "arc-standard"
        chosen = system if self.transition_system == "auto" else self.transition_system
        return replace(self.for_words(words), transition_system=chosen)


def check_type(name: str, value: Any, kind: type) -> None:
    """Raise ClearparseError if a value does not have the type of its field; a float field may hold an int."""
    if kind is str:
        valid = isinstance(value, str) and 0 < len(value) <= MAX_TEXT_LENGTH
    elif isinstance(value, bool):
        valid = False
    else:
        valid = isinstance(value, int) or (kind is float and isinstance(value, float) and math.isfinite(value))
    if not valid:
        raise ClearparseError(f"{name} is {repr(value)[:MAX_SHOWN]}; it must be {TYPE_NAMES[kind]}")


OLD_NAMES: dict[str, str] = {each.metadata["old"]: each.name for each in fields(Config) if each.metadata["old"]}


def current_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same values by the current names of the fields of Config; deprecated names are replaced."""
    return {OLD_NAMES.get(name, name): value for name, value in values.items()}


def recorded_config(values: Mapping[str, Any]) -> Config:
    """The Config of a training record; what this version has no field for is left out."""
    names = {each.name for each in fields(Config)}
    return Config(**{name: value for name, value in current_names(values).items() if name in names})


ACCURATE = Config(hidden_size=512, passes=20, dropout=0.4, slot_dropout=0.15, learning_rate=2e-3)
PRESETS: dict[str, Config] = {
    "fast": Config(),
    "accurate": ACCURATE,
    "best": replace(ACCURATE, passes=14, networks=4),
}
