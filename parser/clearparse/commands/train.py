"""`python scripts/train.py`: train a parser on annotated sentences."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from threadpoolctl import threadpool_limits

from clearparse.commands.command_line import OneLineErrors, at_least_one
from clearparse.config import PRESETS, Config
from clearparse.drawing.plots import can_plot, learning_curve
from clearparse.drawing.text import draw_sentence, shows_boxes
from clearparse.errors import ClearparseError, FileError
from clearparse.io import resources
from clearparse.io.files import refuse_link
from clearparse.model.model import Model, load
from clearparse.model.serialization import Stages
from clearparse.network.training import DivergedError
from clearparse.stages.tagger import retagged, with_tags
from clearparse.training.checkpoint import VECTORS, Checkpoint
from clearparse.training.data import Data, hold_out, read_treebanks, summary
from clearparse.training.ensemble import Networks, Trained, first_config, model_of
from clearparse.training.parser_batches import Treebank, vectors_of
from clearparse.training.reproduction import Original, told
from clearparse.training.run import Run, is_finished, save_and_check
from clearparse.training.run import facts as training_facts
from clearparse.training.self_training import SILVER, silver
from clearparse.training.upstream import train_upstream
from clearparse.training.vector_files import read_vectors
from clearparse.training.word_vectors import Vectors


def main(argv: list[str]) -> None:
    """Train, save, check, and draw one sentence of dev."""
    cli = _command_line()
    arguments, command = cli.parse_args(argv), told(argv)
    original = Original.read(arguments.again) if arguments.again else None
    if original:
        arguments, command = original.arguments(cli, arguments), original.command
    init = load(arguments.init) if arguments.init else None
    config = original.config() if original else _config(arguments, init)
    if arguments.train is None:
        arguments.train, arguments.dev = [resources.sample("train")], arguments.dev or resources.sample("dev")
    if arguments.plot and not can_plot():
        raise ClearparseError("--plot needs matplotlib: pip install 'clearparse[plot]'")
    output = _output(arguments)
    with threadpool_limits(limits=arguments.threads):
        train, dev = _data(arguments, config)
        config = config.for_data(train.words, train.nonprojective / train.sentences)
        facts = _facts(arguments, config, train, dev)
        if original:
            original.check(facts)
        checkpoint = Checkpoint(f"{output}.checkpoint", facts)
        if arguments.resume and not checkpoint.exists() and is_finished(output, facts):
            _say("resume", f"nothing is left to do: {output} is finished")
            return
        with checkpoint.kept(arguments.resume, _say):
            model, trained = _train(arguments, config, init, command, train, dev, checkpoint)
            run = trained.runs[-1]
            save_and_check(model, output, run.dev)
            if trained.stopped:
                _end_early(trained.stopped, model, output)
        if arguments.plot:
            learning_curve(run.epochs, f"{output}.png")
        _say_what_was_made(model, output, run)
    if original:
        original.compare(output)


def _data(arguments: argparse.Namespace, config: Config) -> tuple[Data, Data]:
    """What is learned, and what the best epoch is chosen by."""
    train = read_treebanks(arguments.train)
    if arguments.dev is not None:
        return train, read_treebanks([arguments.dev])
    train, dev = hold_out(train, config.dev_part, config.seed)
    print(f"dev       {dev.sources[0]['path']}")
    return train, dev


def _facts(arguments: argparse.Namespace, config: Config, train: Data, dev: Data) -> dict[str, Any]:
    options = {name: getattr(arguments, name) for name in ("preset", "stages", "half", "threads")}
    return training_facts(config, options, train, dev, arguments.init, _texts(arguments))


def _train(
    arguments: argparse.Namespace,
    config: Config,
    init: Model | None,
    command: str,
    train: Data,
    dev: Data,
    checkpoint: Checkpoint,
) -> tuple[Model, Trained]:
    """The model, and how its parser was trained."""
    treebank = Treebank.of(train.blocks)
    vectors, earlier, jobs = _vectors(arguments, treebank, config, checkpoint), None, arguments.jobs
    whole, learns_text = arguments.stages == "all", bool(arguments.raw_text and config.silver)
    if whole or learns_text:
        earlier = train_upstream(train.blocks, config.seed, vectors, jobs, _say_stage, checkpoint, for_parser=whole)
        _say_stage("trees")
    if earlier and whole:
        treebank = replace(treebank, keys=with_tags(treebank.keys, earlier.tags))
        dev = replace(dev, blocks=[retagged(block, earlier.tagger) for block in dev.blocks])

    networks = Networks(treebank, dev, vectors, init.parser if init else None)
    first = networks.start(config, np.random.default_rng(config.seed))
    print("\n".join(summary(train, dev, first)), flush=True)
    if earlier and learns_text:
        trained = networks.train(first_config(config), "first network", checkpoint, jobs=jobs)
        if not trained.stopped:
            teacher = Model(Stages(trained.ensemble, earlier.tokenizer, earlier.tagger), {})
            _say_stage("raw text")
            found = checkpoint.once("silver", SILVER, lambda: silver(teacher, arguments.raw_text))
            _say_stage(f"trees again, with {len(found):,} sentences of the raw text, {len(found.keys):,} words")
            trained = networks.train(config, "network", checkpoint, found, jobs)
    else:
        trained = networks.train(config, "network", checkpoint, jobs=jobs)
    stages = Stages(trained.ensemble)
    if earlier and whole:
        stages = Stages(trained.ensemble, earlier.tokenizer, earlier.tagger, earlier.lemmatizer)
    return model_of(stages.halved() if arguments.half else stages, trained, command, checkpoint.facts), trained


def _end_early(stopped: KeyboardInterrupt | DivergedError, model: Model, output: Path) -> NoReturn:
    """Raises KeyboardInterrupt or ClearparseError with what is there all the same."""
    best = model.record["dev_scores"]
    told = f"{output} is the best model so far, of epoch {best['epoch']} (dev LAS {best['LAS']:.2f})"
    if isinstance(stopped, KeyboardInterrupt):
        raise KeyboardInterrupt(f"stopped; {told}; the same command with --resume goes on")
    raise ClearparseError(f"{stopped}; {told}")


def _vectors(
    arguments: argparse.Namespace, treebank: Treebank, config: Config, checkpoint: Checkpoint
) -> Vectors | None:
    """What the rows of words begin with, if there is any text for it."""
    if arguments.raw_text:
        return checkpoint.once("vectors", VECTORS, lambda: vectors_of(treebank, arguments.raw_text, config))
    if arguments.vectors:
        return checkpoint.once("vectors", VECTORS, lambda: read_vectors(arguments.vectors, treebank.forms(), config.d))
    return None


def _texts(arguments: argparse.Namespace) -> list[str]:
    """The files besides the treebank that were learned from."""
    return [*arguments.raw_text, *([arguments.vectors] if arguments.vectors else [])]


def _say_stage(what: str) -> None:
    _say("stage", what)


def _say(what: str, message: str) -> None:
    print(f"{what:<10}{message}", flush=True)


def _say_what_was_made(model: Model, output: Path, run: Run) -> None:
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


def _output(arguments: argparse.Namespace) -> Path:
    """Where the model goes, else models/TREEBANK-PRESET.model, the treebank being the folder of its first file.

    Makes the folder. Raises FileError if the output is something else than a file.
    """
    name = f"{Path(arguments.train[0]).resolve().parent.name}-{arguments.preset}.model"
    output = Path(arguments.output or Path("models") / name)
    if not arguments.output:
        refuse_link(output)
    if arguments.output == "-" or (output.exists() and not output.is_file()):
        raise FileError(output, "a model and what belongs to it need the name of a file")
    output.parent.mkdir(parents=True, exist_ok=True)
    return output


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


def _config(arguments: argparse.Namespace, init: Model | None) -> Config:
    """The preset with the flags that were given; with --init, the shape is that of the model."""
    given = {each.name: getattr(arguments, each.name) for each in fields(Config)}
    config = replace(PRESETS[arguments.preset], **{name: value for name, value in given.items() if value is not None})
    if init:
        try:
            made = {"networks": 1, **init.record["config"]}  # the first models did not say how many
            config = replace(config, **{name: made[name] for name in ("template", "system", "d", "H", "min_count")})
        except (KeyError, TypeError) as error:
            raise FileError(arguments.init, "its record does not say how it was made, as --init needs") from error
        if config.networks > 1 or made["networks"] != 1:
            raise ClearparseError("--init goes on from one network, and to one: --networks 1")
    config.check()
    return config
