"""`python scripts/teach.py`: train a teacher on a treebank, and let it annotate raw text."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clearparse.commands.command_line import CommandLine, UsageError
from clearparse.io.optional import require
from clearparse.io.overwriting import refuse_overwriting
from clearparse.model.model import load
from clearparse.training.log import Log

if TYPE_CHECKING:
    from teacher.annotation import Teacher

SCRIPT = "teach.py"


def main(argv: list[str]) -> None:
    """Run one of the commands. Raises ClearparseError."""
    commands = {"train": _train, "annotate": _annotate, "vectors": _vectors}
    if not argv or argv[0] not in commands:
        _command_line().parse(argv or ["--help"])
        return
    commands[argv[0]](argv[1:])


def _command_line() -> CommandLine:
    cli = CommandLine(
        SCRIPT,
        usage="COMMAND ...",
        description="A slow, accurate parser as the teacher of a fast one.\n\ncommands (see COMMAND --help):\n"
        "  train     fine-tune a pretrained encoder on a treebank\n"
        "  annotate  write tags and trees of raw text, for train.py --silver\n"
        "  vectors   write word vectors, for train.py --vectors",
    )
    cli.add_argument("command", choices=("train", "annotate", "vectors"), metavar="COMMAND", help=argparse.SUPPRESS)
    return cli


def _rate(text: str) -> float:
    """The type of a learning rate. Raises ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number between 0 and 1")
    return value


def _train(argv: Sequence[str]) -> None:
    cli = CommandLine(SCRIPT, usage="train [options]", description="Fine-tune a pretrained encoder on a treebank.")
    cli.option("--encoder", metavar="NAME", required=True, help="folder, or installed package, of the encoder")
    cli.option("--train", metavar="FILE", type=Path, required=True, help="treebank to learn, CoNLL-U")
    cli.option("--dev", metavar="FILE", type=Path, required=True, help="treebank to score after each epoch")
    cli.option("-o", "--output", metavar="FILE", type=Path, required=True, help="the teacher's file")
    cli.count_option("--epochs", default=5, help="passes over the treebank")
    cli.option("--encoder-rate", metavar="RATE", type=_rate, default=2e-4, help="peak learning rate of the encoder")
    cli.count_option("--batch-pieces", default=1000, help="word pieces of a batch")
    cli.count_option("--seed", default=1, help="of all random choices")
    cli.option("--resume", action="store_true", help="go on with an interrupted training")
    _add_machine(cli)
    options = cli.parse(argv)
    _require()
    from teacher.training import Settings, train

    settings = Settings(
        epochs=options.epochs,
        batch_pieces=options.batch_pieces,
        encoder_rate=options.encoder_rate,
        seed=options.seed,
        threads=options.threads,
        bfloat16=not options.float32,
        device=options.device,
    )
    log = Log(options.quiet)
    train(options.encoder, options.train, options.dev, options.output, settings, resume=options.resume, log=log)


def _annotate(argv: Sequence[str]) -> None:
    cli = CommandLine(
        SCRIPT,
        usage="annotate TEACHER TEXT ... -o FILE",
        description="Write tags and trees of raw text, with Conf and TagConf in MISC.",
    )
    cli.add_argument("teacher", type=Path, metavar="TEACHER", help="file that `teach.py train` wrote")
    cli.add_argument("text", type=Path, nargs="+", metavar="TEXT", help="raw text, a sentence or paragraph per line")
    cli.option("-o", "--output", metavar="FILE", required=True, help="CoNLL-U; silver-{}.conllu.gz with --shards")
    cli.option("-m", "--model", metavar="FILE", help="model that splits and tokenizes (default: the English one)")
    cli.count_option("--shards", default=1, help="files to write: line k is in number k modulo N")
    cli.option("--first", metavar="K", type=int, default=0, help="shard to begin with, from 0")
    cli.option("--last", metavar="K", type=int, help="shard to end with (default: the last)")
    _add_moved_encoder(cli)
    _add_machine(cli)
    options = cli.parse(argv)
    last = options.shards - 1 if options.last is None else options.last
    if not 0 <= options.first <= last < options.shards:
        raise UsageError(f"--first {options.first}, --last {last}: shards are numbered from 0 to {options.shards - 1}")
    if options.shards > 1 and "{}" not in options.output:
        raise UsageError("--output: with --shards the name needs {} for their number, as in silver-{}.conllu.gz")
    teacher = _load_teacher(options)
    from teacher.silver import Shards, read_lines, write_silver

    shards = Shards(options.shards, options.first, last)
    log = Log(options.quiet)
    write_silver(teacher, load(options.model), read_lines(options.text), options.output, shards, log)


def _vectors(argv: Sequence[str]) -> None:
    cli = CommandLine(
        SCRIPT,
        usage="vectors TEACHER FILE ... -o FILE",
        description="Write a vector for each frequent form: the mean of the teacher's representations of the word.",
    )
    cli.add_argument("teacher", type=Path, metavar="TEACHER", help="file that `teach.py train` wrote")
    cli.add_argument("files", type=Path, nargs="+", metavar="FILE", help="CoNLL-U: treebank and silver sentences")
    cli.option("-o", "--output", metavar="FILE", type=Path, required=True, help="text format of word2vec; .gz")
    cli.count_option("--min-count", default=10, help="of forms in the files")
    cli.count_option("--dimensions", default=64, help="of the vectors")
    _add_moved_encoder(cli)
    _add_machine(cli)
    options = cli.parse(argv)
    refuse_overwriting([options.output], [options.teacher, *options.files])
    teacher = _load_teacher(options)
    from teacher.vectors import write_vectors

    sizes = {"min_count": options.min_count, "dimensions": options.dimensions}
    write_vectors(teacher, options.files, options.output, Log(options.quiet), **sizes)


def _load_teacher(options: argparse.Namespace) -> Teacher:
    """The teacher that a command names, on the machine that it names. Raises ClearparseError."""
    _require()
    from teacher.storage import load_teacher

    teacher = load_teacher(options.teacher, options.encoder)
    teacher.use(threads=options.threads, device=options.device, bfloat16=not options.float32)
    return teacher


def _add_moved_encoder(cli: CommandLine) -> None:
    cli.option("--encoder", metavar="NAME", help="where the encoder is, if it has moved")


def _add_machine(cli: CommandLine) -> None:
    cli.count_option("--threads", default=1, help="of the CPU; no more than are free")
    cli.option("--device", metavar="NAME", default="cpu", help="of PyTorch, such as cuda (default: cpu)")
    cli.option("--float32", action="store_true", help="do not compute with bfloat16, where that is slow")
    cli.option("-q", "--quiet", action="store_true", help="print errors only")


def _require() -> None:
    """Raises MissingLibraryError."""
    for library in ("torch", "transformers"):
        require(library, "teacher", "a teacher")
