"""Fine-tuning the encoder with its heads on a treebank; interrupted training resumes to the same bytes."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from clearparse.errors import FileError
from clearparse.evaluation.counts import correct_arcs
from clearparse.evaluation.raw_text import raw_text_scores
from clearparse.io.checksum import checksum
from clearparse.io.files import PathLike
from clearparse.training.log import Log
from clearparse.training.scoring import fit_calibration
from clearparse.treebank.conllu import Block
from teacher.annotation import Teacher
from teacher.encoder import WordPieces, encoder_folder, load_encoder
from teacher.examples import Gold, Integers, Symbols, read_treebank, tags_of
from teacher.network import GoldTensors, Network, Tensors, loss
from teacher.storage import load_state, save_state, save_teacher

REPORTED = ("UPOS", "XPOS", "UFeats", "Lemmas", "UAS", "LAS", "CLAS")
REPORTED_STEPS = (10, 100)  # of an epoch, and then every so many
SECONDS_BETWEEN_CHECKPOINTS = 180


@dataclass(frozen=True)
class Settings:
    """How the teacher is trained."""

    epochs: int = 5
    batch_pieces: int = 1000  # of a batch, with padding
    encoder_rate: float = 2e-4
    heads_rate: float = 1e-3
    warmup: float = 0.06  # of all steps
    clip_norm: float = 1.0
    weight_decay: float = 0.01
    most_pieces: int = 512  # of a sentence; longer ones are left out
    seed: int = 1
    threads: int = 1
    device: str = "cpu"
    bfloat16: bool = True


class Training:
    """The state of a training: the teacher, the optimizer, and how far it is."""

    def __init__(self, teacher: Teacher, settings: Settings, block: Block) -> None:
        self.teacher, self.settings = teacher, settings
        self.examples = teacher.examples(block)
        self.gold = Gold.of(block, teacher.symbols)
        self.network = teacher.network
        encoder = [p for p in self.network.encoder.parameters() if p.requires_grad]
        heads = [p for name, p in self.network.named_parameters() if not name.startswith("encoder.")]
        groups = [
            {"params": encoder, "lr": settings.encoder_rate, "rate": settings.encoder_rate},
            {"params": heads, "lr": settings.heads_rate, "rate": settings.heads_rate},
        ]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=settings.weight_decay, fused=True)
        self.epoch = self.step = self.total = 0  # step: of the epoch
        self.log: list[dict[str, float]] = []  # the scores of each epoch

    def batches(self) -> list[Integers]:
        """Those of the epoch, in order."""
        random = np.random.default_rng((self.settings.seed, self.epoch))
        return self.examples.batches(self.settings.batch_pieces, random)

    def learn(self, which: Integers, steps: int) -> float:
        """One step on the sentences `which`, of so many steps in all; returns the loss."""
        batch = self.examples.batch(which)
        rate = self._rate(steps)
        for group in self.optimizer.param_groups:
            group["lr"] = group["rate"] * rate
        device = self.settings.device
        gold = GoldTensors.of(self.gold.of_batch(batch), device)
        found = loss(self.network, self.network(Tensors.of(batch, device)), gold)
        self.optimizer.zero_grad()
        found.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip_norm)
        self.optimizer.step()
        self.step += 1
        self.total += 1
        return float(found.detach())

    def _rate(self, steps: int) -> float:
        """The learning rate as a share of its peak: it rises linearly, then falls linearly to 0."""
        warmup = max(1.0, self.settings.warmup * steps)
        return min((self.total + 1) / warmup, max(0.0, steps - self.total) / max(1.0, steps - warmup))

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Tensors and JSON values that the training resumes from."""
        tensors = {f"network/{name}": value for name, value in self.network.state_dict().items()}
        for k, values in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{k}/{name}": value for name, value in values.items()}
        tensors["random"] = torch.get_rng_state()
        return tensors, {"epoch": self.epoch, "step": self.step, "total": self.total, "log": self.log}

    def restore(self, tensors: dict[str, Any], values: dict[str, Any]) -> None:
        """Go on from such a state."""
        weights = {name.split("/", 1)[1]: value for name, value in tensors.items() if name.startswith("network/")}
        self.network.load_state_dict(weights)
        optimizer = self.optimizer.state_dict()
        optimizer["state"] = {}
        for name, value in tensors.items():
            if name.startswith("optimizer/"):
                _, k, part = name.split("/")
                optimizer["state"].setdefault(int(k), {})[part] = value
        self.optimizer.load_state_dict(optimizer)
        torch.set_rng_state(tensors["random"])
        self.epoch, self.step, self.total, self.log = (values[key] for key in ("epoch", "step", "total", "log"))


def train(
    encoder: str, path: PathLike, dev_path: PathLike, output: Path, settings: Settings, *, resume: bool, log: Log
) -> Teacher:
    """Train a teacher on the treebank of a path, write it, and return it. Raises ClearparseError.

    dev_path: the treebank that it is scored on after each epoch, and its confidences are fitted to.
    """
    torch.manual_seed(settings.seed)
    block, dev = read_treebank(path), read_treebank(dev_path)
    teacher = _untrained(encoder, block, settings)
    if skipped := teacher.examples(dev).skipped:
        raise FileError(
            dev.path, f"{skipped} sentences of more than {settings.most_pieces} word pieces: leave them out"
        )
    training = Training(teacher, settings, block)
    if training.examples.skipped:
        log("note", f"{training.examples.skipped} sentences of {block.path} are too long for the encoder: left out")
    data = {"train": checksum(path), "dev": checksum(dev_path)}
    checkpoint = Checkpoint(output, {"settings": asdict(settings), "encoder": encoder, **data})
    checkpoint.resume(training, resume, log)
    while training.epoch < settings.epochs:
        _epoch(training, checkpoint, log)
        training.log.append(evaluate(teacher, dev))
        training.epoch, training.step = training.epoch + 1, 0
        scores = "  ".join(f"{name} {value:.2f}" for name, value in training.log[-1].items())
        log("dev", f"epoch {training.epoch} of {settings.epochs}: {scores}")
        checkpoint.save(training)
    teacher = calibrated(teacher, dev)
    save_teacher(output, teacher, {"settings": asdict(settings), "scores": training.log, **data})
    checkpoint.remove()
    log("teacher", f"{output}  ({output.stat().st_size / 1e6:.0f} MB)")
    return teacher


def _untrained(encoder: str, block: Block, settings: Settings) -> Teacher:
    """A teacher with new heads on the pretrained encoder."""
    folder, symbols = encoder_folder(encoder), Symbols.of(block)
    network = Network(load_encoder(folder), symbols)
    teacher = Teacher(network, symbols, WordPieces(folder), encoder, settings.most_pieces)
    teacher.use(threads=settings.threads, device=settings.device, bfloat16=settings.bfloat16)
    return teacher


class Checkpoint:
    """The file of an unfinished training, beside its output.

    about: data and settings; a checkpoint of others is not resumed.
    """

    def __init__(self, output: Path, about: dict[str, Any]) -> None:
        self.path, self.about = Path(f"{output}.checkpoint"), about
        self._written = time.monotonic()

    def resume(self, training: Training, wanted: bool, log: Log) -> None:
        """Go on where the training was interrupted, if that is wanted. Raises FileError."""
        if not self.path.exists():
            if wanted:
                log("resume", f"there is no {self.path}: the training starts from the beginning")
            return
        if not wanted:
            log("note", f"the training starts from the beginning; --resume would continue from {self.path}")
            return
        tensors, values = load_state(self.path)
        if values["about"] != self.about:
            raise FileError(self.path, "the checkpoint is of a training with other data or settings")
        training.restore(tensors, values)
        log("resume", f"continues from {self.path}: epoch {training.epoch + 1}, step {training.step}")

    def save(self, training: Training) -> None:
        """Write the file, whole or not at all. Raises FileError."""
        tensors, values = training.state()
        save_state(self.path, tensors, values | {"about": self.about})
        self._written = time.monotonic()

    def save_if_due(self, training: Training) -> None:
        """Write the file if the last one is some minutes old."""
        if time.monotonic() - self._written > SECONDS_BETWEEN_CHECKPOINTS:
            self.save(training)

    def remove(self) -> None:
        """Remove the file: the training is finished."""
        self.path.unlink(missing_ok=True)


def _epoch(training: Training, checkpoint: Checkpoint, log: Log) -> None:
    """The rest of an epoch."""
    batches = training.batches()
    steps = len(batches) * training.settings.epochs
    training.network.train()
    started, first, mean = time.monotonic(), training.step, math.nan
    with log.progress(steps, "training", " steps") as bar:
        bar.update(training.total)
        for which in batches[first:]:
            found = training.learn(which, steps)
            mean = found if math.isnan(mean) else 0.95 * mean + 0.05 * found
            bar.update(1)
            bar.set_postfix_str(f"loss {mean:.2f}", refresh=False)
            done = training.step - first
            if done in REPORTED_STEPS or done % REPORTED_STEPS[-1] == 0:
                each = (time.monotonic() - started) / done
                left = each * (steps - training.total) / 60
                log("step", f"{training.total} of {steps}: loss {mean:.3f}, {each:.2f} s a step, {left:.0f} min to go")
            checkpoint.save_if_due(training)


def evaluate(teacher: Teacher, dev: Block) -> dict[str, float]:
    """The scores of the teacher's tags, lemmas and trees, given gold words, in per cent."""
    system, _ = teacher.annotate(dev)
    scores = raw_text_scores([dev], [system], gold_path="dev", system_path="teacher")
    return {name: scores[name] for name in REPORTED}


def calibrated(teacher: Teacher, dev: Block) -> Teacher:
    """The teacher with confidences fitted to how often its arcs and tags are right on dev (Platt 1999)."""
    examples = teacher.examples(dev)
    found = teacher.predict(examples)
    labels = [teacher.symbols.labels[k].encode() for k in found.labels.tolist()]
    right = np.ones(dev.n_words, np.bool_)
    for task, gold in tags_of(dev).items():
        names = teacher.symbols.tasks[task]
        right &= np.array([names[k] for k in found.tasks[task].tolist()], object) == np.array(gold, object)
    return replace(
        teacher,
        arcs=fit_calibration(found.of_arcs, correct_arcs(dev, found.heads, labels)),
        tags=fit_calibration(found.of_tags, right),
    )
