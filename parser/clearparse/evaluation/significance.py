"""Paired bootstrap test of the difference between two parsers.

The sentences of the treebank are resampled with replacement many times, and both parsers are scored on each sample
(Efron & Tibshirani 1993; for NLP, Berg-Kirkpatrick, Burkett & Klein 2012).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearparse.evaluation.counts import Trees, compare
from clearparse.evaluation.scores import CONTENT

SAMPLES, SEED = 10_000, 1
MAX_COUNTS = 1 << 22  # sentence counts (samples x sentences) in memory at a time
METHOD = (
    "paired bootstrap over sentences, {samples:,} samples, seed {seed}; 95 % percentile interval;"
    " p is two-sided: twice the smaller fraction of samples with a difference <= 0 or >= 0"
)

Pairs = Sequence[tuple[Trees, Trees]]
Sums = dict[str, NDArray[np.int64]]  # by score: (S, 2), numerator and denominator for each sentence


def score_sums(pairs: Pairs) -> Sums:
    """Numerators and denominators of UAS, LAS and CLAS by sentence; each score is the ratio of their sums."""
    parts = [_sums(gold, system) for gold, system in pairs if len(gold)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _sums(gold: Trees, system: Trees) -> Sums:
    arcs = compare(gold, system)
    content = np.array([name.split(":")[0] in CONTENT for name in arcs.names], np.bool_)
    in_gold, in_system = content[arcs.gold], content[arcs.system]
    ones = np.ones(len(gold.heads), np.int64)
    ratios = {
        "UAS": (arcs.head_correct, ones),
        "LAS": (arcs.correct, ones),
        "CLAS": (2 * (arcs.correct & in_gold), in_gold.astype(np.int64) + in_system),  # 2 correct / (gold + system)
    }
    starts = gold.sentences[:-1]
    return {
        name: np.stack([np.add.reduceat(column.astype(np.int64), starts) for column in columns], axis=1)
        for name, columns in ratios.items()
    }


def paired_bootstrap(system: Sums, other: Sums, *, samples: int = SAMPLES, seed: int = SEED) -> dict[str, Any]:
    """For each score: system and other in %, their difference (system - other), its 95 % interval, and p."""
    columns = np.concatenate([side[name] for name in system for side in (system, other)], axis=1).astype(np.float64)
    differences = np.concatenate(list(_differences(columns, samples, np.random.default_rng(seed))))
    scores = _scores(columns.sum(axis=0, keepdims=True))[0]
    found: dict[str, Any] = {}
    for k, name in enumerate(system):
        drawn = differences[:, k]
        low, high = np.percentile(drawn, [2.5, 97.5])
        opposite = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
        found[name] = {
            "system": float(scores[2 * k]),
            "other": float(scores[2 * k + 1]),
            "difference": float(scores[2 * k] - scores[2 * k + 1]),
            "low": float(low),
            "high": float(high),
            "p": min(1.0, 2 * (opposite + 1) / (samples + 1)),  # never 0: the observed treebank counts as a sample
        }
    return found


def _differences(columns: NDArray[np.float64], samples: int, rng: np.random.Generator) -> Any:
    """Differences system - other on the samples, part by part: each (some samples, scores)."""
    S = len(columns)
    step = max(MAX_COUNTS // S, 1)
    for first in range(0, samples, step):
        drawn = rng.multinomial(S, np.full(S, 1 / S), size=min(step, samples - first))
        scores = _scores(drawn @ columns)
        yield scores[:, 0::2] - scores[:, 1::2]


def _scores(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """The ratios of columns 2k and 2k + 1 in %; 0 if the denominator is 0."""
    return 100 * sums[:, 0::2] / np.maximum(sums[:, 1::2], 1)


def comparison(system: Pairs, other: Pairs) -> dict[str, Any]:
    """The paired bootstrap of two systems on the same gold trees, and on how many sentences each is better.

    A score that has nothing to score in either, such as CLAS without UD's relations, is left out.
    """
    ours, theirs = score_sums(system), score_sums(other)
    scored = [name for name in ours if ours[name][:, 1].any() or theirs[name][:, 1].any()]
    more = ours["LAS"][:, 0] - theirs["LAS"][:, 0]
    return {
        "method": METHOD.format(samples=SAMPLES, seed=SEED),
        "scores": paired_bootstrap(*({name: sums[name] for name in scored} for sums in (ours, theirs))),
        "sentences": {
            "system has more arcs right": int((more > 0).sum()),
            "other has more arcs right": int((more < 0).sum()),
            "as many": int((more == 0).sum()),
        },
    }
