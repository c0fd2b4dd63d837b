"""Reliability of confidences: how often arcs of each confidence are correct."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

EDGES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)  # of the bins; a bin includes its upper edge


def reliability(confidence: NDArray[np.floating], right: NDArray[np.bool_]) -> dict[str, Any]:
    """The numbers of a reliability diagram: words, mean confidence and LAS of each bin of confidence, in %.

    confidence, right: (words,), right says whether head and relation are correct. With them comes the expected
    calibration error, the mean difference of confidence and LAS, weighted by words (Guo et al. 2017, section 2).
    """
    bins, error = {}, 0.0
    place = np.searchsorted(EDGES[1:-1], confidence, side="left")
    for k, (low, high) in enumerate(pairwise(EDGES)):
        inside = place == k
        words = int(inside.sum())
        if words:
            mean, las = 100 * float(confidence[inside].mean()), 100 * float(right[inside].mean())
            bins[f"{low:.2f}-{high:.2f}"] = {"words": words, "confidence": mean, "LAS": las}
            error += words * abs(mean - las)
    return {"bins": bins, "expected_calibration_error": error / max(len(right), 1)}
