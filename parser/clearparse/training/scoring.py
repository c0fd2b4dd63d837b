"""The scores of a parser on annotated sentences, and the calibration of its confidences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from clearparse.evaluation.counts import Counts, correct_arcs, evaluate_block
from clearparse.evaluation.scores import main_scores
from clearparse.stages.ensemble import Calibration, Ensemble, logit
from clearparse.stages.transition_parser import TransitionParser
from clearparse.training.data import Dataset


def score(parser: TransitionParser | Ensemble, data: Dataset) -> dict[str, float | None]:
    """UAS, LAS and CLAS of a parser in %, punctuation included; CLAS is None without content relations."""
    counts = sum((evaluate_block(block, *parser.parse(block)) for block in data.blocks), Counts())
    return {name: value for name, value in main_scores(counts).items() if name in ("UAS", "LAS", "CLAS")}


def calibrate(ensemble: Ensemble, data: Dataset) -> Ensemble:
    """The same ensemble with confidences calibrated on annotated sentences."""
    probabilities, correct = [], []
    for block in data.blocks:
        heads, deprels, p = ensemble.parse_with_probabilities(block)
        probabilities.append(p)
        correct.append(correct_arcs(block, heads, deprels))
    return ensemble.with_calibration(fit_calibration(np.concatenate(probabilities), np.concatenate(correct)))


def fit_calibration(p: NDArray[np.floating], correct: NDArray[np.bool_]) -> Calibration:
    """The logistic curve from p (n,) to correct (n,) (Platt 1999); the identity if all or none are correct."""
    if correct.all() or not correct.any():
        return Calibration()
    curve = LogisticRegression(C=1e6).fit(logit(p).reshape(-1, 1), correct)
    return Calibration(float(curve.coef_[0, 0]), float(curve.intercept_[0]))
