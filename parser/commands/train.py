"""`python scripts/train.py`: train a parser on annotated sentences."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from parser import bundled, training_data, training_run
from parser.commands.command_line import OneLineErrors, at_least_one, invocation
from parser.config import PRESETS, Config
from parser.drawing import draw_sentence, shows_boxes
from parser.errors import ClearparseError
from parser.network.classifier import averaged
from parser.pipeline import Model, load
from parser.plots import can_plot, learning_curve
from parser.stages.dependency_training import Treebank, vectors_of
from parser.stages.tagger import retagged, with_tags
from parser.stages.vector_files import read_vectors
from parser.stages.word_vectors import Vectors
from parser.storage import Stages
from parser.training_stages import train_earlier


def main(argv: list[str]) -> None:
    """Train, save, check, and draw one sentence of dev."""
    arguments = _command_line().parse_args(argv)
    init = load(arguments.init) if arguments.init else None
    config = _config(arguments, init)
    if arguments.train is None:
        arguments.train, arguments.dev = [bundled.sample("train")], arguments.dev or bundled.sample("dev")
    if arguments.plot and not can_plot():
        raise ClearparseError("--plot needs matplotlib: pip install 'clearparse[plot]'")
    output = Path(arguments.output or _output_name(arguments.train, arguments.preset))
    output.parent.mkdir(parents=True, exist_ok=True)
    command = shlex.join([*invocation("train.py"), *argv])
    with threadpool_limits(limits=arguments.threads):
        model, run = _train(arguments, config, init, command)
        training_run.save_and_check(model, output, run.dev)
        if arguments.plot:
            learning_curve(run.epochs, f"{output}.png")
        _say_what_was_made(model, output, run)


def _train(
    arguments: argparse.Namespace, config: Config, init: Model | None, command: str
) -> tuple[Model, training_run.Run]:
    """The model, and the run of its parser, of several the last one."""
    train = training_data.read(arguments.train)
    if arguments.dev is None:
        train, dev = training_data.hold_out(train, config.dev_part, config.seed)
        print(f"dev       {dev.sources[0]['path']}")
    else:
        dev = training_data.read([arguments.dev])
    config = config.for_data(train.words, train.nonprojective / train.sentences)
    treebank = Treebank.of(train.blocks)
    vectors, earlier = _vectors(arguments, treebank, config), None
    if arguments.stages == "all":
        earlier = train_earlier(train.blocks, config.seed, vectors, arguments.jobs, _say_stage)
        treebank = replace(treebank, keys=with_tags(treebank.keys, earlier.tags))
        dev = replace(dev, blocks=[retagged(block, earlier.tagger) for block in dev.blocks])
        _say_stage("trees")
    runs = []
    for k in range(config.networks):
        rng = np.random.default_rng(config.seed + k)
        parser = init.parser if init else training_run.start(treebank, config, rng, vectors)
        if k == 0:
            print("\n".join(training_data.summary(train, dev, parser)), flush=True)
        runs.append(training_run.Run(parser, config, treebank, dev, rng))
        runs[-1].train()
    best = parser.with_parameters(averaged([run.best_parameters() for run in runs]))
    stages = Stages(best, earlier.tokenizer, earlier.tagger, earlier.lemmatizer) if earlier else Stages(best)
    if arguments.half:
        stages = stages.halved()
    record = training_run.record(config, arguments.preset, command, runs, train, _texts(arguments), arguments.threads)
    record["dev_scores"] |= training_run.score(stages.parser, dev)
    return Model(replace(stages, parser=training_run.calibrated(stages.parser, dev)), record), runs[-1]


def _vectors(arguments: argparse.Namespace, treebank: Treebank, config: Config) -> Vectors | None:
    """What the rows of words begin with, if there is any text for it."""
    if arguments.raw_text:
        return vectors_of(treebank, arguments.raw_text, config)
    return read_vectors(arguments.vectors, treebank.forms(), config.d) if arguments.vectors else None


def _texts(arguments: argparse.Namespace) -> list[str]:
    """The files besides the treebank that were learned from."""
    return [*arguments.raw_text, *([arguments.vectors] if arguments.vectors else [])]


def _say_stage(what: str) -> None:
    print(f"stage     {what}", flush=True)


def _say_what_was_made(model: Model, output: Path, run: training_run.Run) -> None:
    best = model.record["dev_scores"]
    tags = "the tagger's tags" if model.stages.tagger else "gold tags"
    block = min(run.dev.blocks, key=len)
    lengths = [abs(len(sentence) - 9) for sentence in block]
    sentence = model.parse_block(block)[int(np.argmin(lengths))]
    print(f"\n{draw_sentence(sentence, ascii_only=not shows_boxes(sys.stdout))}")
    print(f"\ndev UAS {best['UAS']:.2f}  LAS {best['LAS']:.2f}  CLAS {best['CLAS']:.2f}")
    print(
        f"          epoch {best['epoch']} of {len(run.epochs)}, chosen on dev; gold tokens, {tags},"
        " punctuation counted; the saved file scores the same"
    )
    print(f"model     {output}  ({output.stat().st_size / 1e6:.1f} MB)\nrecord    {output}.json")


def _output_name(train: Sequence[str | Path], preset: str) -> Path:
    """models/TREEBANK-PRESET.model, the treebank being the folder of its first file."""
    return Path("models") / f"{Path(train[0]).resolve().parent.name}-{preset}.model"


def _command_line() -> argparse.ArgumentParser:
    cli = OneLineErrors(prog="train.py", description="Train a dependency parser on CoNLL-U or CoNLL-X files.")
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
    preset_help = "fast: 200 hidden units; accurate: 512; best: five networks as accurate's that vote"
    cli.add_argument("--preset", choices=PRESETS, default="fast", help=preset_help)
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
        "--jobs", type=at_least_one, default=1, metavar="N", help="processes that train the taggers, a core each"
    )
    group = cli.add_argument_group("config", "each overrides the preset's value")
    presets = [asdict(preset) for preset in PRESETS.values()]
    for each in fields(Config):
        values = list(dict.fromkeys(preset[each.name] for preset in presets))
        meaning = f"{each.metadata['help']} ({' | '.join(map(str, values))})".replace("%", "%%")
        kind: Any = {"int": int, "float": float, "str": str}[str(each.type)]
        group.add_argument(f"--{each.name.replace('_', '-')}", type=kind, metavar="V", help=meaning)
    return cli


def _config(arguments: argparse.Namespace, init: Model | None) -> Config:
    """The preset with the flags that were given; with --init, the shape is that of the model."""
    given = {each.name: getattr(arguments, each.name) for each in fields(Config)}
    config = replace(PRESETS[arguments.preset], **{name: value for name, value in given.items() if value is not None})
    if init:
        made = init.record["config"]
        config = replace(config, **{name: made[name] for name in ("template", "system", "d", "H", "min_count")})
        if config.networks > 1 or made["networks"] > 1:
            raise ClearparseError("--init goes on from one network, and to one: --networks 1")
    config.check()
    return config
