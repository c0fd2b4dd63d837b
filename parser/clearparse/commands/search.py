"""`python scripts/search.py`: try values of the configuration at random, and tell which were good on dev."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from clearparse.commands.command_line import CommandLine, positive
from clearparse.config import OLD_NAMES, PRESETS, Config, current_names
from clearparse.drawing.plots import can_plot
from clearparse.drawing.plots import trials as plot_trials
from clearparse.errors import ClearparseError, FileError
from clearparse.io.files import atomic_output, checksum
from clearparse.io.parallel import map_in_order
from clearparse.io.progress import ProgressBar
from clearparse.training.checkpoint import Checkpoint
from clearparse.training.data import read_treebanks
from clearparse.training.ensemble import Networks
from clearparse.training.parser_batches import Treebank
from clearparse.training.run import score


def main(argv: list[str]) -> None:
    """Run the trials that are not done yet; write and print all. Raises ClearparseError."""
    options = _command_line().parse(argv)
    space = dict(map(_choices, options.choices))
    base = PRESETS[options.preset]
    drawn = sample(space, options.trials, options.seed)
    trial = Trial(tuple(options.train), options.dev, base)
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / "trials.json"
    about = {"preset": options.preset, "data": [checksum(each) for each in (*options.train, options.dev)]}
    done = _read(path, about)
    left = [values for values in drawn if _key(values) not in done]
    if not options.quiet:
        print(f"{len(drawn)} trials, {len(drawn) - len(left)} of them finished before", flush=True)
    results = map(trial, left) if options.jobs == 1 else map_in_order(trial, left, options.jobs)
    for values, found in zip(
        left, ProgressBar(results, total=len(left), unit="trial", disable=options.quiet or None), strict=True
    ):
        done[_key(values)] = {"config": values, **found}
        with atomic_output(path) as stream:
            stream.write(json.dumps({**about, "trials": list(done.values())}, indent=2).encode() + b"\n")
    _tell([done[_key(values)] for values in drawn], options.output)
    print(f"made {path}")


@dataclass(frozen=True)
class Trial:
    """One training: values of the configuration in; dev scores and seconds out."""

    train: tuple[str, ...]
    dev: str
    base: Config

    def __call__(self, values: dict[str, Any]) -> dict[str, Any]:
        start = time.monotonic()
        with threadpool_limits(limits=1):
            train, dev = read_treebanks(self.train), read_treebanks([self.dev])
            config = replace(self.base, **values).for_data(train.words, train.nonprojective / train.sentences)
            networks = Networks(Treebank.of(train.blocks), dev, quiet=True)
            trained = networks.train(config, "network", Checkpoint())
            scores = score(trained.ensemble, dev)
        return {**trained.runs[-1].best_epoch(), **scores, "seconds": time.monotonic() - start}


def sample(space: dict[str, list[Any] | tuple[Any, Any]], trials: int, seed: int) -> list[dict[str, Any]]:
    """Different values of the space, drawn by scikit-learn's ParameterSampler; at most `trials` of them.

    A list is of values to choose from; a pair is a range, drawn from in logarithms where its ends lie far apart.
    """
    from scipy.stats import loguniform, randint, uniform
    from sklearn.model_selection import ParameterSampler

    def distribution(choice: Any) -> Any:
        if isinstance(choice, list):
            return choice
        low, high = choice
        if isinstance(low, int):
            return randint(low, high + 1)
        return loguniform(low, high) if low > 0 and high / low >= 5 else uniform(low, high - low)

    spaces = {name: distribution(choice) for name, choice in space.items()}
    if all(isinstance(choice, list) for choice in spaces.values()):
        trials = min(trials, int(np.prod([len(choice) for choice in spaces.values()])))
    drawn = ParameterSampler(spaces, trials, random_state=seed)
    return [{name: getattr(value, "item", lambda v=value: v)() for name, value in each.items()} for each in drawn]


def _choices(text: str) -> tuple[str, list[Any] | tuple[Any, Any]]:
    """Name and values of `hidden_size=100,200` or `dropout=0.2..0.5`. Raises ClearparseError if either is wrong."""
    name, _, values = text.partition("=")
    name = OLD_NAMES.get(name, name)
    kinds = {each.name: each.metadata["type"] for each in fields(Config)}
    if name not in kinds:
        raise ClearparseError(f"--try {text}: no field {name!r} of the configuration; there are {', '.join(kinds)}")
    try:
        low, dots, high = values.partition("..")
        found = [kinds[name](value) for value in ((low, high) if dots else values.split(","))]
    except ValueError:
        raise ClearparseError(f"--try {text}: not NAME=A,B,C or NAME=LEAST..MOST") from None
    for value in found:
        replace(Config(), **{name: value}).check()
    if dots and (kinds[name] is str or found[0] >= found[1]):
        raise ClearparseError(f"--try {text}: not a range of numbers")
    return name, (found[0], found[1]) if dots else found


def _key(values: dict[str, Any]) -> str:
    return json.dumps(values, sort_keys=True)


def _read(path: Path, about: dict[str, Any]) -> dict[str, Any]:
    """The trials done before. Raises FileError where they are of other data or of another preset."""
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if {name: found[name] for name in about} != about:
            raise FileError(path, "these trials are of other data or another preset; name another --output")
        trials = [{**trial, "config": current_names(trial["config"])} for trial in found["trials"]]
        return {_key(trial["config"]): trial for trial in trials}
    except (ValueError, KeyError, TypeError) as error:
        raise FileError(path, f"not the trials of a search: {error}") from None


def _tell(trials: Sequence[dict[str, Any]], folder: Path) -> None:
    """The trials as a table, the best first, and as a picture: dev LAS by each field that was tried."""
    names = sorted({name for trial in trials for name in trial["config"]})
    print("  ".join(f"{name:>14}" for name in ["LAS", "UAS", "seconds", *names]))
    for trial in sorted(trials, key=lambda trial: -trial["LAS"]):
        cells = [f"{trial[name]:.2f}" for name in ("LAS", "UAS", "seconds")]
        values = [trial["config"][name] for name in names]
        cells += [f"{value:.5g}" if isinstance(value, float) else str(value) for value in values]
        print("  ".join(f"{cell:>14}" for cell in cells))
    if can_plot():
        plot_trials(trials, names, folder / "trials.png")
        print(f"made {folder / 'trials.png'}")
    else:
        print("no picture: matplotlib is not installed (the extra `plot`)")


def _command_line() -> CommandLine:
    cli = CommandLine(
        "search.py",
        usage="--train FILE ... --dev FILE --try NAME=VALUES [options]",
        description="Random search over hyperparameters, scored on the development set.",
    )
    cli.option("--train", group="data", nargs="+", required=True, metavar="FILE", help="annotated files")
    cli.option("--dev", group="data", required=True, metavar="FILE", help="annotated file to score on")
    cli.option(
        "--try",
        group="search",
        dest="choices",
        action="append",
        required=True,
        metavar="NAME=VALUES",
        help="a setting and its values, hidden_size=100,200,400, or range, dropout=0.2..0.5; may be repeated",
    )
    cli.option("--trials", group="search", type=positive, default=10, metavar="N", help="trainings (default: 10)")
    cli.option("--preset", group="search", choices=PRESETS, default="fast", help="the other settings (default: fast)")
    cli.option("--seed", group="search", type=int, default=1, metavar="N", help="seed of the search (default: 1)")
    cli.option(
        "-j", "--jobs", group="running", type=positive, default=1, metavar="N", help="trials at once (default: 1)"
    )
    cli.option(
        "-o",
        "--output",
        group="running",
        type=Path,
        default=Path("models/search"),
        metavar="DIR",
        help="folder of the results; the same command again resumes (default: models/search)",
    )
    cli.option("-q", "--quiet", group="running", action="store_true", help="print the results only")
    return cli
