"""`python scripts/benchmark_everyday.py`: a model on raw text in several typographies, and on everyday English."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import everyday_frames, typographies
from benchmarks.typographies import SentenceLines
from clearparse.commands.command_line import CommandLine
from clearparse.evaluation.raw_text import raw_text_scores
from clearparse.io import resources
from clearparse.model.model import Model, load
from clearparse.treebank.conllu import parse_block
from clearparse.treebank.tokens import paragraphs_of, text_of, tokens_in

EVERYDAY = Path(__file__).resolve().parents[2] / "tests" / "data" / "everyday.conllu"
MEASURES = ("Tokens", "Sentences", "Words", "UPOS", "UAS", "LAS")

Rewrite = Callable[[list[SentenceLines]], list[SentenceLines]]
COPIES: dict[str, Rewrite] = {
    "every ' as \u2019": typographies.typographic_apostrophes,
    "twice as many sentences in capitals": typographies.more_capitals,
    "paragraphs without a final full stop": typographies.no_final_stop,
    "no space after some commas": typographies.no_space_after_comma,
}


def main(argv: list[str]) -> None:
    """Score a model and print the tables in Markdown. Raises ClearparseError."""
    options = _command_line().parse(argv)
    model = load(options.model or resources.english())
    print("\n".join(_table(model, options.gold)))
    print("\n".join(everyday_frames.report(model)))


def _table(model: Model, gold: Path) -> Iterator[str]:
    """The scores of the treebank, its copies and the everyday text, as lines."""
    yield f"| text | {' | '.join(MEASURES)} |"
    yield "|---" * (len(MEASURES) + 1) + "|"
    sentences = typographies.read(gold)
    yield _row(gold.name, scores(model, sentences))
    for name, rewrite in COPIES.items():
        yield _row(f"{gold.name}, {name}", scores(model, rewrite(sentences)))
    yield _row(f"{gold.name}, two spaces for each", scores(model, sentences, space="  "))
    yield _row(EVERYDAY.name, scores(model, typographies.read(EVERYDAY)))


def scores(model: Model, sentences: list[SentenceLines], space: str = " ") -> dict[str, float]:
    """The F1 of each measure from raw text to trees. space: replaces each space of the text."""
    gold = parse_block(typographies.as_conllu(sentences), trees=True)
    text = "\n\n".join(text_of(tokens_in(each)) for each in paragraphs_of([gold])).replace(" ", space)
    block = model.parse_block(model.tag(model.tokenize(text)))
    return raw_text_scores([gold], [block], gold_path="gold", system_path="system")


def _row(name: str, found: dict[str, float]) -> str:
    return f"| {' | '.join([name, *(f'{found[measure]:.2f}' for measure in MEASURES)])} |"


def _command_line() -> CommandLine:
    cli = CommandLine(
        "benchmark_everyday.py",
        usage="--gold F [options]",
        description="Score a model on raw text in several typographies.",
    )
    cli.add_argument("--model", type=Path, metavar="MODEL", help="model file (default: the bundled English model)")
    cli.add_argument("--gold", type=Path, required=True, metavar="F", help="English treebank to score on")
    return cli
