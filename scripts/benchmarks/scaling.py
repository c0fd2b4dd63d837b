"""How parsing scales with sentence length, batch, hidden units and distinct words."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.corpora import to_sentences, with_distinct
from clearparse.model.model import BLOCK_BYTES, Model, load
from clearparse.network.classifier import Parameters
from clearparse.stages.transition_parser import GREEDY_BATCH
from clearparse.treebank.conllu import DEPREL, FEATS, FORM, Block, read_blocks

LENGTHS = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
BATCHES = (1, 4, 16, 64, 256, 1024, 4096)
HIDDEN = (50, 100, 200, 400, 800)
DISTINCT = (1_000, 3_000, 10_000, 30_000, 100_000, 200_000)  # words with their tags
FEW = 20_000  # words parsed with the smallest batch sizes, which are slow
RUNS = 3


def scaling_curves(path: str, source: str) -> dict[str, Any]:
    """Microseconds of CPU time per word, parser alone: medians of alternating runs, each with a fresh model."""
    blocks = list(read_blocks(source, trees=False, block_bytes=BLOCK_BYTES))
    words = [word for block in blocks for word in block.columns(FORM, FEATS)]
    by_length = {n: [to_sentences(words, n)] for n in LENGTHS if n <= len(words)}
    by_batch = {n: [to_sentences(words[: FEW * max(n // 16, 1)], 20)] for n in BATCHES}
    by_distinct = {n: [to_sentences(with_distinct(words, n), 20)] for n in DISTINCT if n <= len(words)}
    lone, many = to_sentences(words[: LENGTHS[-1]], LENGTHS[-1]), to_sentences(words[: LENGTHS[-1]], 50)
    return {
        "sentence length": _alternating({n: _parsing(path, by_length[n]) for n in by_length}),
        "batch": _alternating({n: _parsing(path, by_batch[n], n) for n in by_batch}),
        "hidden units": _alternating({H: _parsing(path, blocks, H=H) for H in HIDDEN}),
        "distinct words": _alternating({n: _parsing(path, by_distinct[n]) for n in by_distinct}),
        "one sentence of 5,000 words": _alternating(
            {"alone": _parsing(path, [lone]), "as 100 of 50": _parsing(path, [many])}
        ),
    }


def reading(source: str) -> dict[str, float]:
    """Words per second of reading and of writing CoNLL-U."""
    blocks = list(read_blocks(source, trees=True, block_bytes=BLOCK_BYTES))
    trees = [(block.heads(), block.column(DEPREL)) for block in blocks]
    words = sum(len(block.fields) for block in blocks)

    def read() -> float:
        start = time.perf_counter()
        list(read_blocks(source, trees=False, block_bytes=BLOCK_BYTES))
        return words / (time.perf_counter() - start)

    def write() -> float:
        start = time.perf_counter()
        for block, tree in zip(blocks, trees, strict=True):
            assert block.with_trees(*tree).text
        return words / (time.perf_counter() - start)

    return _alternating({"reading": read, "writing": write})


def _parsing(path: str, blocks: list[Block], batch: int = GREEDY_BATCH, H: int = 0) -> Callable[[], float]:
    """A function that parses the blocks once and returns microseconds of CPU time per word."""

    def measure() -> float:
        model = load(path)
        parser = model.parser.with_parameters(widened(model, H)) if H else model.parser
        start = time.process_time()
        for block in blocks:
            parser.parse(block, batch)
        return (time.process_time() - start) * 1e6 / sum(len(block.fields) for block in blocks)

    return measure


def widened(model: Model, H: int) -> Parameters:
    """The parameters with H hidden units: a subset of them, or copies with U scaled down accordingly."""
    L, W, b_1, U, b_2 = model.parser.params
    copies = -(-H // len(U))
    W, b_1 = (np.ascontiguousarray(np.tile(array, copies)[:, :H]) for array in (W, b_1))
    return Parameters(L, W, b_1, np.tile(U / np.float32(copies), (copies, 1))[:H], b_2)


def _alternating(measurements: dict[Any, Callable[[], float]]) -> dict[str, float]:
    found: dict[str, list[float]] = {str(name): [] for name in measurements}
    for _ in range(RUNS):
        for name, measure in measurements.items():
            found[str(name)].append(measure())
    return {name: statistics.median(values) for name, values in found.items()}
