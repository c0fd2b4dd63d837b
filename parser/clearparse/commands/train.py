"""`python scripts/train.py`: train a parser on annotated sentences."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from clearparse.commands.command_line import OneLineErrors, at_least_one
from clearparse.config import PRESETS, Config
from clearparse.drawing.plots import can_plot, learning_curve
from clearparse.drawing.text import draw_sentence, shows_boxes
from clearparse.errors import ClearparseError
from clearparse.io import resources
from clearparse.training.options import Options
from clearparse.training.recipe import Result, run
from clearparse.training.reproduction import Original, told


def main(argv: list[str]) -> None:
    """Train, save and check a model; print its scores and draw one sentence of dev."""
    cli = _command_line()
    arguments, command = cli.parse_args(argv), told(argv)
    original = Original.read(arguments.again) if arguments.again else None
    if original:
        arguments, command = original.arguments(cli, arguments), original.command
    if arguments.plot and not can_plot():
        raise ClearparseError("--plot needs matplotlib: pip install 'clearparse[plot]'")
    if arguments.train is None:
        arguments.train, arguments.dev = [resources.sample("train")], arguments.dev or resources.sample("dev")
    config = original.config() if original else _config(arguments)
    options = _options(arguments, command)
    result = run(arguments.train, arguments.dev, config, options, verify=original.check if original else None)
    if not result.already_finished:
        output = Path(str(options.output))
        if arguments.plot:
            learning_curve(_last_network(result.model.record["epochs"]), f"{output}.png")
        _print_result(result, output)
    if original:
        original.compare(Path(str(options.output)))


def _options(arguments: argparse.Namespace, command: str) -> Options:
    return Options(
        preset=arguments.preset,
        stages=arguments.stages,
        raw_text=tuple(arguments.raw_text),
        vectors=arguments.vectors,
        init=arguments.init,
        output=arguments.output or _default_output(arguments),
        jobs=arguments.jobs,
        threads=arguments.threads,
        float16=arguments.half,
        resume=arguments.resume,
        command=command,
    )


def _config(arguments: argparse.Namespace) -> Config:
    """The preset with the flags that were given."""
    given = {each.name: getattr(arguments, each.name) for each in fields(Config)}
    config = replace(PRESETS[arguments.preset], **{name: value for name, value in given.items() if value is not None})
    config.check()
    return config


def _default_output(arguments: argparse.Namespace) -> Path:
    """models/TREEBANK-PRESET.model; the treebank is the folder of the first training file."""
    return Path("models") / f"{Path(arguments.train[0]).resolve().parent.name}-{arguments.preset}.model"


def _last_network(epochs: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """The epochs of the last network of a record, whose epochs are numbered from 1 for each network."""
    first = max(i for i, each in enumerate(epochs) if each["epoch"] == 1)
    return epochs[first:]


def _print_result(result: Result, output: Path) -> None:
    model, best = result.model, result.model.record["dev_scores"]
    tags = "the tagger's tags" if model.stages.tagger else "gold tags"
    block = min(result.dev.blocks, key=len)
    lengths = [abs(len(sentence) - 9) for sentence in block]
    sentence = model.parse_block(block)[int(np.argmin(lengths))]
    print(f"\n{draw_sentence(sentence, ascii_only=not shows_boxes(sys.stdout))}")
    print(f"\ndev UAS {best['UAS']:.2f}  LAS {best['LAS']:.2f}  CLAS {best['CLAS']:.2f}")
    print(
        f"          epoch {best['epoch']} of {len(_last_network(model.record['epochs']))}, chosen on dev; gold tokens,"
        f" {tags}, punctuation counted; the saved file scores the same"
    )
    print(f"model     {output}  ({output.stat().st_size / 1e6:.1f} MB)\nrecord    {output}.json")


def _command_line() -> argparse.ArgumentParser:
    description = "Train a dependency parser on CoNLL-U or CoNLL-X files."
    cli = OneLineErrors(prog="train.py", description=description, allow_abbrev=False)
    cli.add_argument(
        "--train", nargs="+", metavar="F", help="annotated files; without, the bundled treebank data/sample"
    )
    cli.add_argument("--dev", metavar="F", help="annotated file to choose the best epoch by; without, a part of train")
    text = cli.add_mutually_exclusive_group()
    text.add_argument(
        "--vectors", metavar="F", help="words begin with the vectors of this file, as word2vec and GloVe write them"
    )
    text.add_argument(
        "--raw-text",
        nargs="+",
        default=[],
        metavar="F",
        help="text without annotation, a sentence or paragraph a line: words begin with vectors learned from it",
    )
    cli.add_argument("--output", metavar="MODEL", help="where the model goes; default models/TREEBANK-PRESET.model")
    preset_help = "fast: 200 hidden units; accurate: 512; best: four networks as accurate's that vote"
    cli.add_argument("--preset", choices=PRESETS, default="fast", help=preset_help)
    cli.add_argument(
        "--resume",
        action="store_true",
        help="go on from MODEL.checkpoint, which a stopped training leaves, to the same bytes as without a stop",
    )
    cli.add_argument(
        "--again",
        metavar="RECORD",
        help="repeat the training of a record, MODEL.json, and tell whether the same bytes come out; the model goes"
        " to --output, or beside that of the record",
    )
    cli.add_argument("--init", metavar="MODEL", help="go on from this model, on other data")
    cli.add_argument("--threads", type=at_least_one, default=1, metavar="N", help="of the matrix products (default 1)")
    cli.add_argument(
        "--stages",
        choices=("parser", "all"),
        default="parser",
        help="parser: trees from the tags of the treebank; all: text to trees, so a tokenizer and a tagger too, and a"
        " parser that learns from the tagger's tags (default parser)",
    )
    cli.add_argument("--plot", action="store_true", help="draw loss and dev scores by epoch to MODEL.png (extra plot)")
    cli.add_argument("--half", action="store_true", help="store numbers with 16 bits: a file of half the size")
    cli.add_argument(
        "--jobs", type=at_least_one, default=1, metavar="N", help="networks that are trained at once, a core each"
    )
    group = cli.add_argument_group("config", "each overrides the preset's value")
    presets = [asdict(preset) for preset in PRESETS.values()]
    for each in fields(Config):
        values = list(dict.fromkeys(preset[each.name] for preset in presets))
        meaning = f"{each.metadata['help']} ({' | '.join(map(str, values))})".replace("%", "%%")
        kind: Any = {"int": int, "float": float, "str": str}[str(each.type)]
        group.add_argument(f"--{each.name.replace('_', '-')}", type=kind, metavar="V", help=meaning)
    return cli
