"""`python scripts/train.py`: train a parser on annotated sentences."""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from clearparse.commands.command_line import UsageError, invocation
from clearparse.commands.train_options import command_line, given_settings
from clearparse.config import PRESETS, Config
from clearparse.download.universal_dependencies import download, downloaded, is_treebank, license_notice
from clearparse.drawing.text import draw_sentence, shows_boxes
from clearparse.errors import ClearparseError
from clearparse.evaluation.scores import format_score
from clearparse.io import resources
from clearparse.io.files import refuse_link
from clearparse.io.optional import require
from clearparse.report.charts import by_network
from clearparse.report.plots import learning_curve
from clearparse.training.log import Log
from clearparse.training.options import Options
from clearparse.training.recipe import Result, run
from clearparse.training.reproduction import RecordedRun, recorded_command

DATA = Path("data")  # where treebanks are downloaded to


def main(argv: list[str]) -> None:
    """Train, save and check a model; print its scores and draw one sentence of dev."""
    cli = command_line()
    arguments, command = cli.parse(argv), recorded_command(argv, invocation("train.py"))
    recorded = RecordedRun.read(arguments.reproduce) if arguments.reproduce else None
    if recorded:
        arguments, command = recorded.arguments(cli.parse, arguments), recorded.command
    if arguments.plot:
        require("matplotlib", "plot", "--plot")
    if arguments.treebank:
        _use_treebank(arguments)
    if arguments.train is None:
        arguments.train, arguments.dev = [resources.sample("train")], arguments.dev or resources.sample("dev")
    config = recorded.config() if recorded else _config(arguments)
    output = Path(arguments.output or _default_output(arguments))
    options = _options(arguments, output, command)
    result = run(arguments.train, arguments.dev, config, options, verify=recorded.check if recorded else None)
    if not result.already_finished:
        if arguments.plot:
            learning_curve(by_network(result.model.record["epochs"])[-1], f"{output}.png")
        _print_result(result, output)
    if recorded:
        recorded.compare(output)


def _use_treebank(arguments: argparse.Namespace) -> None:
    """Set train and dev to the treebank's files, which are downloaded if they are not there. Raises ClearparseError."""
    name, folder = arguments.treebank, DATA / arguments.treebank
    if not is_treebank(name):
        raise UsageError(f"--treebank: {name!r} is not the name of a treebank, such as UD_French-GSD")
    log = Log(arguments.quiet)
    found = downloaded(folder) or download(name, folder, log.line, quiet=arguments.quiet)
    for line in license_notice(folder):
        log.line(line)
    arguments.train = [str(path) for part, path in found.items() if part.startswith("train")]
    if not arguments.train:
        raise ClearparseError(f"{name} has no file {folder}/*-ud-train.conllu, only {' and '.join(found)}")
    if arguments.dev is None and "dev" in found:
        arguments.dev = str(found["dev"])


def _config(arguments: argparse.Namespace) -> Config:
    """The preset with the settings that were given. Raises UsageError."""
    config = replace(PRESETS[arguments.preset], **given_settings(arguments))
    try:
        config.check()
    except ClearparseError as error:
        raise UsageError(str(error)) from None
    return config


def _default_output(arguments: argparse.Namespace) -> Path:
    """models/TREEBANK-PRESET.model; the treebank is the folder of the first training file.

    Raises FileError if that is a symbolic link.
    """
    output = Path("models") / f"{Path(arguments.train[0]).resolve().parent.name}-{arguments.preset}.model"
    refuse_link(output)
    return output


def _options(arguments: argparse.Namespace, output: Path, command: str) -> Options:
    return Options(
        preset=arguments.preset,
        stages=arguments.stages,
        raw_text=tuple(arguments.raw_text),
        silver=tuple(arguments.silver),
        vectors=arguments.vectors,
        init=arguments.init,
        output=output,
        jobs=arguments.jobs,
        threads=arguments.threads,
        float16=arguments.float16,
        resume=arguments.resume,
        quiet=arguments.quiet,
        command=command,
    )


def _print_result(result: Result, output: Path) -> None:
    model, best = result.model, result.model.record["dev_scores"]
    tags = "the tagger's tags" if model.stages.tagger else "gold tags"
    block = min(result.dev.blocks, key=len)
    lengths = [abs(len(sentence) - 9) for sentence in block]
    sentence = model.parse_block(block)[int(np.argmin(lengths))]
    print(f"\n{draw_sentence(sentence, ascii_only=not shows_boxes(sys.stdout))}")
    print(f"\ndev {'  '.join(f'{name} {format_score(best[name])}' for name in ('UAS', 'LAS', 'CLAS'))}")
    print(
        f"          epoch {best['epoch']} of {len(by_network(model.record['epochs'])[-1])}, chosen on dev; gold tokens,"
        f" {tags}, punctuation counted; the saved file scores the same"
    )
    print(f"model     {output}  ({output.stat().st_size / 1e6:.1f} MB)\nrecord    {output}.json")
    what = "FILE.txt" if model.stages.tokenizer else "FILE.conllu"
    print(f"parse     {shlex.join([*invocation('parse.py'), '--model', str(output), what])}")
