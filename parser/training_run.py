"""One training run: read the treebanks, train, keep the best epoch, save it, and score the saved file again."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from tqdm import tqdm

from parser.config import Config
from parser.errors import ClearparseError, FileError
from parser.evaluation import Counts, evaluate_block
from parser.evaluation_report import main_scores
from parser.files import atomic_output, open_input
from parser.network.classifier import Parameters
from parser.network.optimizers import Adam, AdaGrad, MovingAverage, Optimizer, SGD
from parser.network.training import Batch, Schedule, fit
from parser.pipeline import Model, load
from parser.stages.dependency import DependencyParser
from parser.stages.dependency_training import Lecturer, Treebank, new_parser
from parser.transition.features import TEMPLATES
from parser.treebank.conllu import DEPREL, FORM, UPOS, Block, parse_block, read_blocks
from parser.treebank.tree import nonprojective_sentences, roots_per_sentence
from parser.version import __version__

OPTIMIZERS: dict[str, type[Optimizer]] = {"adam": Adam, "adagrad": AdaGrad, "sgd": SGD}


@dataclass(frozen=True)
class Data:
    """Blocks of one part (train or dev) and where they are from, for the record."""

    blocks: list[Block]
    sources: list[dict[str, Any]]

    @property
    def sentences(self) -> int:
        return sum(map(len, self.blocks))

    @property
    def words(self) -> int:
        return sum(len(block.fields) for block in self.blocks)


def read(paths: Sequence[str | Path]) -> Data:
    """All sentences of some annotated files. Raises FileError, also where a file has no sentence."""
    blocks, sources = [], []
    for path in map(str, paths):
        of_file = [block for block in read_blocks(path, trees=True) if len(block)]
        if not of_file:
            raise FileError(path, "no sentences")
        with open_input(path) as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        sources.append({"path": path, "sentences": sum(map(len, of_file)), "sha256": digest})
        blocks += of_file
    return Data(blocks, sources)


def hold_out(data: Data, part: float, seed: int) -> tuple[Data, Data]:
    """The data without a part of its sentences, and that part, drawn by the seed."""
    sentences = [sentence for block in data.blocks for sentence in block]
    held = max(1, round(len(sentences) * part))
    if held >= len(sentences):
        raise ClearparseError(f"{len(sentences)} sentence(s) are too few to hold a part out for dev: name a --dev file")
    chosen = set(np.random.default_rng(seed).permutation(len(sentences))[:held].tolist())
    kept, dev = bytearray(), bytearray()
    for i, sentence in enumerate(sentences):
        (dev if i in chosen else kept).extend(sentence.conllu)
    path = " + ".join(source["path"] for source in data.sources)
    source = {"path": f"{held} sentences held out of {path} (seed {seed})", "sentences": held}
    train, dev_block = (parse_block(bytes(text), path=path, trees=True) for text in (kept, dev))
    return Data([train], data.sources), Data([dev_block], [source])


def summary(train: Data, dev: Data, parser: DependencyParser) -> Iterator[str]:
    """What was read, a line each, and what in it is unusual."""
    yield f"train     {train.sentences:,} sentences, {train.words:,} words"
    seen = {form for block in train.blocks for form in block.column(FORM)}
    forms = [form for block in dev.blocks for form in block.column(FORM)]
    unknown = 100 * sum(form not in seen for form in forms) / len(forms)
    yield f"dev       {dev.sentences:,} sentences, {dev.words:,} words, {unknown:.1f} % of them not seen in train"
    transitions = parser.transitions
    yield f"labels    {len(transitions.labels)}; transitions {len(transitions.kind)}; slots {parser.features.m}; rows of L {parser.features.V:,}"
    crossed = sum(int(nonprojective_sentences(block.heads(), block.sentences).sum()) for block in train.blocks)
    if crossed:
        how = "trained by the moves of minimum cost" if parser.system == "arc-hybrid" else "trained on their projective part"
        yield f"note      {crossed:,} non-projective sentences ({100 * crossed / train.sentences:.1f} %): no transition of {parser.system} makes a crossing arc; {how}"
    several = sum(int((roots_per_sentence(block.heads(), block.sentences) > 1).sum()) for block in train.blocks)
    if several:
        yield f"warning   {several:,} training sentences have several roots; what is parsed always has one"
    if len(transitions.labels) > 200:
        yield f"warning   {len(transitions.labels)} labels: is DEPREL really column 8 of this file?"
    unseen = {label for block in dev.blocks for label in block.column(DEPREL)} - {label.encode() for label in transitions.labels}
    if unseen:
        yield f"warning   labels that only dev has: {b' '.join(sorted(unseen)).decode()}"
    if all(set(block.column(UPOS)) == {b"_"} for block in train.blocks):
        yield "warning   the training data have no UPOS tags; without tags trees are much worse"


@dataclass
class Run:
    """A training run as it goes: scores by epoch, the best parameters so far."""

    parser: DependencyParser
    config: Config
    treebank: Treebank
    dev: Data
    rng: np.random.Generator
    epochs: list[dict[str, Any]] = field(default_factory=list)
    best: Parameters | None = None
    _loss: float = 0.0
    _seen: int = 0

    def train(self) -> None:
        """Train to the end, or until dev LAS has not risen for `patience` epochs; a bar on stderr where it is a terminal."""
        config, params = self.config, self.parser.params
        self.lecturer = Lecturer(self.parser, self.treebank, config, self.rng)
        self.started = time.monotonic()
        total = len(self.treebank.keys) * config.epochs
        with tqdm(total=total, unit="word", unit_scale=True, disable=None, dynamic_ncols=True) as self.bar:
            fit(
                params,
                self._batches,
                epochs=config.epochs,
                optimizer=OPTIMIZERS[config.optimizer](config.lr, l2=config.l2),
                average=MovingAverage(params, config.average),
                schedule=Schedule(config.lr, config.warm_up, config.lr_end),
                dropout=config.dropout,
                slot_dropout=config.slot_dropout,
                max_norm=config.max_norm,
                rng=self.rng,
                log=self._log,
                stop=self._stop,
            )

    def _batches(self, epoch: int) -> Iterator[Batch]:
        self._loss, self._seen = 0.0, 0
        self.bar.set_description(f"epoch {epoch + 1}/{self.config.epochs}")
        for batch in self.lecturer.batches(epoch):
            yield batch
            self.bar.update(round(batch.progress * self.bar.total) - self.bar.n)

    def _log(self, J: float, B: int) -> None:
        self._loss, self._seen = self._loss + J * B, self._seen + B
        self.bar.set_postfix_str(f"loss {self._loss / self._seen:.4f}", refresh=False)

    def _stop(self, epoch: int, average: Parameters) -> bool:
        scores = score(self.parser.with_parameters(average), self.dev)
        previous = max((each["LAS"] for each in self.epochs), default=-1.0)
        better = scores["LAS"] > previous
        self.epochs.append({"epoch": epoch + 1, "loss": self._loss / self._seen, **scores})
        if better:
            self.best = average
        seconds = time.monotonic() - self.started
        mark = "  best so far" if better else ""
        tqdm.write(f"epoch {epoch + 1:>2}  loss {self._loss / self._seen:.4f}  dev UAS {scores['UAS']:.2f}  LAS {scores['LAS']:.2f}  {seconds:,.0f} s{mark}")
        latest_best = max(self.epochs, key=lambda each: (each["LAS"], -each["epoch"]))["epoch"]
        return bool(self.config.patience) and epoch + 1 - latest_best >= self.config.patience


def score(parser: DependencyParser, data: Data) -> dict[str, float]:
    """UAS, LAS and CLAS of a parser on annotated sentences, punctuation counted."""
    counts = sum((evaluate_block(block, *parser.parse(block)) for block in data.blocks), Counts())
    return {name: value for name, value in main_scores(counts).items() if name in ("UAS", "LAS", "CLAS")}


def start(treebank: Treebank, config: Config, init: str | None, rng: np.random.Generator) -> DependencyParser:
    """The parser that training begins with: random, or, with init, a model to go on from."""
    if init is None:
        return new_parser(treebank, template_text(config.template), config, rng)
    return load(init).parser


def template_text(name: str) -> str:
    """A template by its name, or from a file."""
    if name in TEMPLATES:
        return TEMPLATES[name]
    if not Path(name).is_file():
        raise ClearparseError(f"no template {name!r}: neither a file nor one of {', '.join(TEMPLATES)}")
    with open_input(name) as file:
        return file.read().decode("utf-8", errors="replace")


def record(config: Config, preset: str, command: str, run: Run, train: Data, threads: int) -> dict[str, Any]:
    """All that is needed to make the model again, and how good it was."""
    best = max(run.epochs, key=lambda each: (each["LAS"], -each["epoch"]))
    return {
        "command": command,
        "preset": preset,
        "config": asdict(config),
        "threads": threads,
        "train": train.sources,
        "dev": run.dev.sources[0],
        "dev_scores": best,
        "epochs": run.epochs,
        "versions": {
            "clearparse": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
    }


def save_and_check(model: Model, path: Path, dev: Data) -> None:
    """Write model and record, load the model again and score dev with it. Raises ClearparseError if the score differs."""
    model.save(path)
    with atomic_output(f"{path}.json") as file:
        file.write(json.dumps(model.record, indent=2, ensure_ascii=False).encode() + b"\n")
    again = score(load(path).parser, dev)
    wanted = {name: model.record["dev_scores"][name] for name in again}
    if again != wanted:
        raise ClearparseError(f"{path}: the saved model scores {again} on dev, in training it was {wanted}")


