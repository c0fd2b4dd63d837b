"""The page's data as JSON: sentences, the transitions of one, and the computation at one transition."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearparse.drawing.svg import right_to_left, svg_of
from clearparse.errors import FileError
from clearparse.explanation.attribution import Attribution, attribute, compute, loss
from clearparse.explanation.slots import NOTHING, UNSEEN, slots
from clearparse.explanation.trace import Step, Trace, trace
from clearparse.model.model import Model
from clearparse.network.classifier import softmax
from clearparse.network.notes import Forward
from clearparse.transition.system import ARCS
from clearparse.treebank.conllu import Block, Sentence, parse_block
from clearparse.web import steps
from clearparse.web.limits import BAD_REQUEST, TOO_LARGE, Limits, RefusalError
from clearparse.web.steps import chunks, tokenize
from clearparse.web.work_queue import Work

CACHED = 32  # traces


@dataclass(frozen=True)
class TraceRequest:
    """Which trace is requested.

    conllu: the sentence. gold: its tree is a gold tree. follow_gold: follow the oracle. moves: the transitions to take
    first.
    """

    conllu: str
    gold: bool
    follow_gold: bool
    moves: tuple[int, ...]

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> TraceRequest:
        """Raises RefusalError."""
        moves = payload.get("moves", [])
        if not (isinstance(payload.get("conllu"), str) and isinstance(moves, list)):
            raise RefusalError(BAD_REQUEST, "'conllu' must be a string with a sentence, and 'moves' a list")
        return cls(
            payload["conllu"],
            payload.get("gold") is True,
            payload.get("follow_gold") is True,
            tuple(_integer(move, "a transition") for move in moves),
        )


class Explainer:
    """Answers the page's requests about one model. For one thread; all methods raise RefusalError."""

    def __init__(self, model: Model, model_name: str, limits: Limits) -> None:
        self.model, self.name, self.limits = model, model_name, limits
        self._traced = functools.lru_cache(CACHED)(self._trace)

    def model_info(self) -> dict[str, Any]:
        """Name, transition system and sizes of the model, and the limits of a request."""
        parser = self.model.parser
        (V, d), (H, C) = parser.params.L.shape, parser.params.U.shape
        return {
            "name": self.name,
            "system": parser.system,
            "sizes": {"m": parser.features.m, "d": d, "H": H, "C": C, "V": V},
            "reads_text": self.model.stages.tokenizer is not None and self.model.stages.tagger is not None,
            "size": self.limits.size,
        }

    def read(self, payload: Mapping[str, Any]) -> Work[dict[str, Any]]:
        """The sentences of a text, or of CoNLL-U with its gold trees if it has any."""
        text, conllu = payload.get("text"), payload.get("conllu")
        notes: list[str] = []
        gold = False
        if isinstance(text, str):
            self.limits.check_total(len(text.split()))
            block = yield from tokenize(self.model, text, self.limits)
        elif isinstance(conllu, str):
            with steps.step(notes):
                block, gold = self._read_conllu(conllu, str(payload.get("name", "file")), notes)
        else:
            raise RefusalError(BAD_REQUEST, "the request has neither 'text' nor 'conllu'")
        sentences: list[dict[str, Any]] = []
        for chunk in chunks(self.limits.check_sentences(block)):
            yield
            with steps.step(notes):
                tagged = self.model.fill_tags(chunk)
                if not sentences:
                    self.model.parse_block(tagged)  # for its warnings
                sentences += [_sentence(each, gold) for each in tagged]
        return {"sentences": sentences, "notes": notes}

    def _read_conllu(self, conllu: str, path: str, notes: list[str]) -> tuple[Block, bool]:
        """The block, and whether it has gold trees; a note says why its trees are ignored."""
        block = parse_block(conllu.encode(), path=path)
        if not (block.heads() >= 0).any():
            return block, False
        try:
            return parse_block(conllu.encode(), path=path, trees=True), True
        except FileError as error:
            notes.append(f"the trees in the file are ignored: {error}")
            return block, False

    def explain(self, payload: Mapping[str, Any]) -> Work[dict[str, Any]]:
        """All transitions of one sentence, and the resulting tree."""
        yield
        request = TraceRequest.from_json(payload)
        sentence, found = self._traced(request)
        tree = sentence.with_tree(found.heads, found.labels)
        return {
            "words": [
                {"form": form, "lemma": lemma, "upos": upos, "xpos": xpos, "feats": feats}
                for form, lemma, upos, xpos, feats in zip(
                    sentence.forms, sentence.lemmas, sentence.upos, sentence.xpos, sentence.feats, strict=True
                )
            ],
            "heads": found.heads.tolist(),
            "labels": found.labels,
            "svg": svg_of(tree),
            "right_to_left": right_to_left(sentence.forms),
            "conllu": str(tree),
            "exact": found.exact,
            "gold": _gold(sentence) if request.gold else None,
            "steps": [self._step(step) for step in found.steps],
        }

    def _step(self, step: Step) -> dict[str, Any]:
        """A step, without its scores."""
        kind = int(self.model.parser.transitions.kind[step.taken])
        costs = step.advice.costs if step.advice else None
        y_hat, _ = softmax(step.theta[None], step.legal[None])
        return {
            "taken": step.taken,
            "best": step.best,
            "name": self.model.parser.transitions.name(step.taken),
            "move": self.model.parser.transitions.moves[kind],
            "arc": step.arc,
            "stack": step.stack,
            "buffer": step.buffer,
            "p": _short(y_hat[0, step.taken]),
            "forced": bool(step.legal.sum() == 1),
            "cost": costs and costs[kind],
            "least": costs and min(cost for cost in costs if cost is not None),
            "target": step.advice and step.advice.target,
        }

    def numbers(self, payload: Mapping[str, Any]) -> Work[dict[str, Any]]:
        """Scores, attribution, computation and gradients at one step.

        `of` is the transition whose score is attributed to the slots, by default the one taken; `against` the one it is
        compared with, or "runner-up": the legal transition with the highest score of all others.
        """
        yield
        parser = self.model.parser
        _, found = self._traced(TraceRequest.from_json(payload))
        step = found.steps[_index(payload.get("step"), len(found.steps), "a step")]
        C = len(step.theta)
        of = step.taken if payload.get("of") is None else _index(payload["of"], C, "a transition")
        if payload.get("against") == "runner-up":
            against = _runner_up(step, of)
        else:
            against = None if payload.get("against") is None else _index(payload["against"], C, "a transition")
        computation = compute(parser.params, step.w, step.legal)
        parts = attribute(parser.params, step.w, computation, of, against)
        return {
            "of": of,
            "against": against,
            "scores": self._scores(step, computation),
            "slots": [
                {**slot._asdict(), "known": slot.sees not in (NOTHING, UNSEEN), "part": _long(part)}
                for slot, part in zip(slots(parser, step), parts.slots.tolist(), strict=True)
            ],
            "sum": {"value": _long(parts.value), "b_1": _long(parts.b_1), "b_2": _long(parts.b_2)},
            "computation": _computation(computation, parts),
            "loss": self._loss(step, computation),
        }

    def _scores(self, step: Step, computation: Forward) -> list[dict[str, Any]]:
        parser = self.model.parser
        return [
            {
                "name": parser.transitions.name(c),
                "kind": parser.transitions.moves[kind],
                "labelled": kind in ARCS,
                "theta": _long(computation.theta[0, c]),
                "p": _short(computation.y_hat[0, c]),
                "legal": bool(step.legal[c]),
                "cost": step.advice.costs[kind] if step.advice else None,
            }
            for c, kind in enumerate(parser.transitions.kind.tolist())
        ]

    def _loss(self, step: Step, computation: Forward) -> dict[str, Any] | None:
        """Loss and gradients; None without a target, or where only one transition is legal."""
        if step.advice is None or step.advice.target is None or step.legal.sum() == 1:
            return None
        parser = self.model.parser
        found = loss(parser.params, step.w, computation, step.advice.target)
        rest = {"dJ/dU": found.dU, "dJ/dW": found.dW}
        return {
            "J": _long(found.J),
            "target": step.advice.target,
            "target_name": parser.transitions.name(step.advice.target),
            "quantities": {
                "delta_1": _quantity(found.delta_1),
                "delta_2": _quantity(found.delta_2),
                "dJ/dL": _quantity(found.dx.reshape(len(step.w), -1)),
                **{key: _large(array) for key, array in rest.items()},
            },
        }

    def _trace(self, request: TraceRequest) -> tuple[Sentence, Trace]:
        with steps.step([]):
            block = parse_block(request.conllu.encode(), path="sentence", trees=request.gold)
            if len(block) != 1:
                raise RefusalError(BAD_REQUEST, f"one sentence is explained at a time, not {len(block)}")
            sentence = block[0]
            if len(sentence) > self.limits.words:
                message = f"a sentence of {len(sentence)} words; at most {self.limits.words} are explained"
                raise RefusalError(TOO_LARGE, message)
            found = trace(
                self.model.parser,
                sentence.alone(),
                gold=request.gold,
                follow_gold=request.follow_gold,
                moves=request.moves,
            )
        return sentence, found


def _runner_up(step: Step, of: int) -> int | None:
    """The legal transition with the highest score except `of`; None if there is no other."""
    others = step.legal.copy()
    others[of] = False
    return int(np.where(others, step.theta, -np.inf).argmax()) if others.any() else None


def _sentence(sentence: Sentence, gold: bool) -> dict[str, Any]:
    return {"text": sentence.text, "words": len(sentence), "conllu": str(sentence), "gold": gold}


def _gold(sentence: Sentence) -> dict[str, Any]:
    return {"heads": sentence.heads.tolist(), "labels": sentence.deprels, "svg": svg_of(sentence)}


def _computation(computation: Forward, parts: Attribution) -> dict[str, Any]:
    x, z, h, theta, y_hat = computation
    named = {
        "x": x.reshape(parts.gradient.shape),
        "z": z,
        "h": h,
        "theta": theta,
        "y_hat": y_hat,
        "dtheta/dL": parts.gradient,
    }
    return {key: _quantity(array) for key, array in named.items()}


def _quantity(array: NDArray[np.floating]) -> dict[str, Any]:
    """Shape and values of an array, row by row."""
    return {"shape": array.shape, "values": [_short(value) for value in array.ravel().tolist()]}


def _large(array: NDArray[np.floating]) -> dict[str, Any]:
    """Summary of a large array: shape, Frobenius norm, number of non-zero values, largest absolute value."""
    return {
        "shape": array.shape,
        "norm": _short(np.linalg.norm(array)),
        "nonzero": int(np.count_nonzero(array)),
        "largest": _short(np.abs(array).max()),
    }


def _short(value: Any) -> float:
    return float(f"{value:.4g}")


def _long(value: Any) -> float:
    return float(f"{value:.7g}")


def _integer(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise RefusalError(BAD_REQUEST, f"{name} must be an integer, not {str(value)[:40]!r}")
    return value


def _index(value: Any, end: int, name: str) -> int:
    if not 0 <= _integer(value, name) < end:
        raise RefusalError(BAD_REQUEST, f"{name} must be from 0 to {end - 1}, not {str(value)[:40]}")
    return int(value)
