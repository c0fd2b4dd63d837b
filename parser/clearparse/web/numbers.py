"""The computation at one step, as JSON: scores, attribution, the notes' quantities, the loss and its gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearparse.explanation.attribution import Attribution, attribute, compute, loss
from clearparse.explanation.slots import NOTHING, UNSEEN, slots
from clearparse.explanation.trace import Step
from clearparse.network.notes import Forward
from clearparse.stages.transition_parser import TransitionParser
from clearparse.transition.system import ARCS, LEFT_ARC
from clearparse.treebank.conllu import Sentence
from clearparse.web.limits import BAD_REQUEST, RefusalError
from clearparse.web.payloads import finite, index


def numbers(parser: TransitionParser, step: Step, gold: Sentence | None, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Scores, attribution, computation and gradients at one step.

    `of` is the transition whose score is attributed to the slots, by default the one taken; `against` the one it is
    compared with, or "runner-up": the legal transition with the highest score of all others. `target` is the transition
    that the loss takes to be right; by default the oracle's, or the one taken if there is no gold tree.
    """
    C = len(step.theta)
    of = step.taken if payload.get("of") is None else index(payload["of"], C, "a transition")
    if payload.get("against") == "runner-up":
        against = _runner_up(step, of)
    else:
        against = None if payload.get("against") is None else index(payload["against"], C, "a transition")
    computation = compute(parser.params, step.w, step.legal)
    parts = attribute(parser.params, step.w, computation, of, against)
    return {
        "of": of,
        "against": against,
        "scores": _scores(parser, step, computation, gold),
        "slots": [
            {**slot._asdict(), "known": slot.sees not in (NOTHING, UNSEEN), "part": _long(part)}
            for slot, part in zip(slots(parser, step), parts.slots.tolist(), strict=True)
        ],
        "sum": {"value": _long(parts.value), "b_1": _long(parts.b_1), "b_2": _long(parts.b_2)},
        "computation": _computation(computation, parts),
        "loss": _loss(parser, step, computation, target_of(step, payload.get("target"))),
    }


def target_of(step: Step, target: Any) -> int:
    """The class that is taken to be right in a step. Raises RefusalError if it is illegal."""
    if target is None:
        advised = step.advice.target if step.advice else None
        return step.taken if advised is None else advised
    found = index(target, len(step.theta), "a target")
    if not step.legal[found]:
        raise RefusalError(BAD_REQUEST, f"transition {found} is illegal in this configuration: its probability is 0")
    return found


def _scores(parser: TransitionParser, step: Step, computation: Forward, gold: Sentence | None) -> list[dict[str, Any]]:
    transitions = parser.transitions
    labels = _gold_labels(step, gold)
    return [
        {
            "name": transitions.name(c),
            "kind": parser.transitions.moves[kind],
            "labelled": kind in ARCS,
            "theta": _long(computation.theta[0, c]),
            "p": short(computation.y_hat[0, c]),
            "legal": bool(step.legal[c]),
            "cost": step.advice.costs[kind] if step.advice else None,
            "wrong_label": kind in labels and transitions.labels[transitions.label[c]] != labels[kind],
        }
        for c, kind in enumerate(transitions.kind.tolist())
    ]


def _gold_labels(step: Step, gold: Sentence | None) -> dict[int, str]:
    """For each move that adds an arc in this configuration, the gold label of the word that it attaches."""
    if gold is None:
        return {}
    return {LEFT_ARC + k: gold.deprels[word - 1] for k, word in enumerate(step.dependents) if word}


def _loss(parser: TransitionParser, step: Step, computation: Forward, target: int) -> dict[str, Any] | None:
    """Loss and gradients; None where only one transition is legal."""
    if step.legal.sum() == 1 or not step.legal[target]:
        return None
    with np.errstate(divide="ignore"):  # the probability may be 0 in 32 bits
        found = loss(parser.params, step.w, computation, target)
    return {
        "J": finite(_long(found.J)),
        "target": target,
        "advised": step.advice is not None and step.advice.target == target,
        "target_name": parser.transitions.name(target),
        "quantities": {
            "delta_1": _quantity(found.delta_1),
            "delta_2": _quantity(found.delta_2),
            "dJ/dL": _quantity(found.dx.reshape(len(step.w), -1)),
            "dJ/dU": _large(found.dU),
            "dJ/dW": _large(found.dW),
        },
    }


def _runner_up(step: Step, of: int) -> int | None:
    """The legal transition with the highest score except `of`; None if there is no other."""
    others = step.legal.copy()
    others[of] = False
    return int(np.where(others, step.theta, -np.inf).argmax()) if others.any() else None


def _computation(computation: Forward, parts: Attribution) -> dict[str, Any]:
    x, z, h, theta, y_hat = computation
    rows = x.reshape(parts.gradient.shape)
    named = {"x": rows, "z": z, "h": h, "theta": theta, "y_hat": y_hat, "dtheta/dL": parts.gradient}
    return {key: _quantity(array) for key, array in named.items()}


def _quantity(array: NDArray[np.floating]) -> dict[str, Any]:
    """Shape and values of an array, row by row."""
    return {"shape": array.shape, "values": [short(value) for value in array.ravel().tolist()]}


def _large(array: NDArray[np.floating]) -> dict[str, Any]:
    """Summary of a large array: shape, Frobenius norm, number of non-zero values, largest absolute value."""
    return {
        "shape": array.shape,
        "norm": short(np.linalg.norm(array)),
        "nonzero": int(np.count_nonzero(array)),
        "largest": short(np.abs(array).max()),
    }


def short(value: Any) -> float:
    """The value with four significant digits."""
    return float(f"{value:.4g}")


def _long(value: Any) -> float:
    return float(f"{value:.7g}")
