"""How long one sentence takes, with the model loaded: one call for each, and all of them together."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.baselines import PIPELINES
from benchmarks.compared import Pipeline
from clearparse.treebank.conllu import read_blocks
from clearparse.treebank.tokens import text_of, tokens_of

LENGTHS = range(15, 26)  # words
SENTENCES = 200
ROUNDS = 3


def single_sentences(name: str, model: str, treebank: str) -> dict[str, float]:
    """Milliseconds of CPU time per sentence of about 20 words: the median of single calls, and in one call."""
    pipeline = PIPELINES[name]
    loaded = pipeline.load(Path(model))
    texts = list(itertools.islice(_texts(treebank), SENTENCES))
    together = "\n\n".join(texts)
    single, joint = [], []
    pipeline.parse_text(loaded, together)  # so that the words of all are known
    for _ in range(ROUNDS):
        for text in texts:
            single.append(_cpu_milliseconds(pipeline, loaded, text))
        joint.append(_cpu_milliseconds(pipeline, loaded, together) / len(texts))
    return {"single": statistics.median(single), "together": statistics.median(joint)}


def _texts(treebank: str) -> Iterator[str]:
    for block in read_blocks(treebank, trees=False):
        yield from (text_of(tokens_of(sentence)) for sentence in block if len(sentence) in LENGTHS)


def _cpu_milliseconds(pipeline: Pipeline, model: Any, text: str) -> float:
    start = time.process_time()
    pipeline.parse_text(model, text)
    return 1000 * (time.process_time() - start)
