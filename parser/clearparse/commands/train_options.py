"""The arguments of the train command; every field of Config is a flag."""

from __future__ import annotations

import argparse
from dataclasses import asdict, fields
from typing import Any

from clearparse.commands.command_line import CommandLine
from clearparse.config import PRESETS, Config

PRESETS_EXPLAINED = "Three values, as in (default: 200 | 512 | 512), are those of --preset fast | accurate | best."


def command_line() -> CommandLine:
    """All arguments; a field of Config that is not given is None."""
    cli = CommandLine(
        "train.py",
        description="Train a dependency parser on CoNLL-U or CoNLL-X files.\n\n"
        "example: %(prog)s --treebank UD_French-GSD --stages all",
        more=PRESETS_EXPLAINED,
    )
    _add_data(cli)
    _add_model(cli)
    cli.titled_group("network")  # before the other groups of Config
    _add_config(cli)
    _add_running(cli)
    return cli


def given_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """The fields of Config that have a flag on the command line, by name."""
    given = {each.name: getattr(arguments, each.name) for each in fields(Config)}
    return {name: value for name, value in given.items() if value is not None}


def _add_data(cli: CommandLine) -> None:
    train = cli.titled_group("data").add_mutually_exclusive_group()
    cli.option("--train", group=train, nargs="+", metavar="FILE", help="annotated files (default: the bundled sample)")
    cli.option(
        "--treebank",
        group=train,
        metavar="NAME",
        help="a UD treebank, such as UD_French-GSD; downloaded to data/ if missing",
    )
    cli.option(
        "--dev",
        group="data",
        nargs="+",
        metavar="FILE",
        help="development set, which selects the best epoch (default: part of train)",
    )
    cli.option(
        "--raw-text",
        group="data",
        nargs="+",
        default=[],
        metavar="FILE",
        help="unannotated text: word vectors, abbreviations, self-training",
    )
    cli.option(
        "--silver",
        group="data",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="trees predicted by another parser, as additional training data",
    )
    cli.option("--vectors", group="data", metavar="FILE", help="word vectors in word2vec text format")


def _add_model(cli: CommandLine) -> None:
    cli.option(
        "-o",
        "--output",
        group="model",
        metavar="MODEL",
        help="model file to write (default: models/TREEBANK-PRESET.model)",
    )
    cli.option(
        "--preset",
        group="model",
        choices=PRESETS,
        default="fast",
        help="fast: 200 hidden units; accurate: 512; best: an ensemble of four (default: fast)",
    )
    cli.option(
        "--stages",
        group="model",
        choices=("parser", "all"),
        default="parser",
        help="all: also train tokenizer, sentence splitter, tagger and lemmatizer; the parser then"
        " learns from predicted tags (default: parser)",
    )
    cli.option("--init", group="model", metavar="MODEL", help="model to fine-tune")
    cli.option(
        "--float16",
        group="model",
        old=["--half"],
        advanced=True,
        action="store_true",
        help="store parameters as float16, in half the file size",
    )


def _add_config(cli: CommandLine) -> None:
    presets = [asdict(preset) for preset in PRESETS.values()]
    for each in fields(Config):
        values = [preset[each.name] for preset in presets]
        default = " | ".join(map(str, values)) if len(set(values)) > 1 else str(values[0])
        settings: dict[str, Any] = {"type": each.metadata["type"], "metavar": "N"}
        if each.metadata["choices"]:
            settings = {"choices": each.metadata["choices"]()}
        elif each.metadata["type"] is str:
            settings["metavar"] = "NAME"
        cli.option(
            _flag(each.name),
            group=each.metadata["group"],
            old=[_flag(each.metadata["old"])] if each.metadata["old"] and each.metadata["old_flag"] else [],
            advanced=True,
            help=f"{each.metadata['help']} (default: {default})".replace("%", "%%"),
            **settings,
        )


def _flag(field: str) -> str:
    return f"--{field.replace('_', '-')}"


def _add_running(cli: CommandLine) -> None:
    cli.count_option("-j", "--jobs", group="running", default=1, help="networks to train in parallel, one process each")
    cli.count_option("--threads", group="running", advanced=True, default=1, help="BLAS threads")
    cli.option("-q", "--quiet", group="running", action="store_true", help="do not print the log or progress bars")
    cli.option(
        "--resume",
        group="running",
        action="store_true",
        help="resume an interrupted run from MODEL.checkpoint, bit-identically",
    )
    cli.option(
        "--reproduce",
        group="running",
        old=["--again"],
        advanced=True,
        metavar="RECORD",
        help="repeat the training run of a record, MODEL.json, and check that the model is bit-identical",
    )
    cli.option(
        "--plot",
        group="running",
        action="store_true",
        help="plot loss and dev scores by epoch to MODEL.png (needs matplotlib)",
    )
