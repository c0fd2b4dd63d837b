"""`python scripts/search.py`: random search over the configuration, scored on dev."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from clearparse.commands.command_line import CommandLine, UsageError
from clearparse.config import OLD_NAMES, PRESETS, Config
from clearparse.io.optional import install_command, is_installed
from clearparse.io.progress import progress_bar
from clearparse.report.plots import trials as plot_trials
from clearparse.training.search import Choice, FinishedTrials, Trial, sample, search


def main(argv: list[str]) -> None:
    """Run the trials that are not finished yet; print all. Raises ClearparseError."""
    options = _command_line().parse(argv)
    drawn = sample(dict(map(_choice, options.choices)), options.trials, options.seed)
    options.output.mkdir(parents=True, exist_ok=True)
    trial = Trial(tuple(options.train), options.dev, options.preset)
    finished = FinishedTrials(options.output / "trials.json", trial)
    missing = sum(values not in finished for values in drawn)
    if not options.quiet:
        print(f"{len(drawn)} trials, {len(drawn) - missing} already finished", flush=True)
    trials = search(trial, drawn, finished, options.jobs)
    with progress_bar(total=missing, unit=" trials", quiet=options.quiet) as bar:
        for _ in trials:
            bar.update()
    _print_results([finished[values] for values in drawn], options.output)
    print(f"results   {finished.path}")


def _choice(text: str) -> tuple[str, Choice]:
    """Name and values of `hidden_size=100,200` or `dropout=0.2..0.5`. Raises ClearparseError if either is wrong."""
    name, _, values = text.partition("=")
    name = OLD_NAMES.get(name, name)
    kinds = {each.name: each.metadata["type"] for each in fields(Config)}
    if name not in kinds:
        raise UsageError(f"--try {text}: no field {name!r}; the fields are {', '.join(kinds)}")
    try:
        low, dots, high = values.partition("..")
        found = [kinds[name](value) for value in ((low, high) if dots else values.split(","))]
    except ValueError:
        raise UsageError(f"--try {text}: expected NAME=A,B,C or NAME=MIN..MAX") from None
    for value in found:
        replace(Config(), **{name: value}).check()
    if dots and (kinds[name] is str or found[0] >= found[1]):
        raise UsageError(f"--try {text}: not a range of numbers")
    return name, (found[0], found[1]) if dots else found


def _print_results(trials: Sequence[dict[str, Any]], folder: Path) -> None:
    """Print the trials as a table, the best first, and plot dev LAS by each field that varies."""
    names = sorted({name for trial in trials for name in trial["config"]})
    print("  ".join(f"{name:>14}" for name in ["LAS", "UAS", "seconds", *names]))
    for trial in sorted(trials, key=lambda trial: -trial["LAS"]):
        cells = [f"{trial[name]:.2f}" for name in ("LAS", "UAS", "seconds")]
        values = [trial["config"][name] for name in names]
        cells += [f"{value:.5g}" if isinstance(value, float) else str(value) for value in values]
        print("  ".join(f"{cell:>14}" for cell in cells))
    if is_installed("matplotlib"):
        plot_trials(trials, names, folder / "trials.png")
        print(f"plot      {folder / 'trials.png'}")
    else:
        print(f"no plot, which needs matplotlib: {install_command('plot')}")


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
        help="a setting with its values (hidden_size=100,200,400) or range (dropout=0.2..0.5); may be repeated",
    )
    cli.count_option("--trials", group="search", default=10, help="number of trials")
    cli.option(
        "--preset",
        group="search",
        choices=PRESETS,
        default="fast",
        help="preset for all other settings (default: fast)",
    )
    cli.option("--seed", group="search", type=int, default=1, metavar="N", help="seed of the search (default: 1)")
    cli.count_option("-j", "--jobs", group="running", default=1, help="trials to run in parallel")
    cli.option(
        "-o",
        "--output",
        group="running",
        type=Path,
        default=Path("models/search"),
        metavar="DIR",
        help="folder for the results; rerunning the same command resumes the search (default: models/search)",
    )
    cli.option("-q", "--quiet", group="running", action="store_true", help="print only the results")
    return cli
