"""What the page shows, as JSON: sentences, the steps of one, and the numbers of a step."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearparse.drawing.svg import svg_of
from clearparse.errors import ClearparseError, FileError
from clearparse.explanation.attribution import Attribution, Computation, attribute, compute, learn
from clearparse.explanation.slots import NOTHING, UNSEEN, slots
from clearparse.explanation.trace import ARCS, Step, Walk, name, walk
from clearparse.model.model import Model
from clearparse.network.classifier import softmax
from clearparse.transition.systems import MOVES
from clearparse.treebank.conllu import Block, Sentence, parse_block
from clearparse.treebank.paragraphs import split_paragraphs
from clearparse.web.limits import BAD_REQUEST, TOO_LARGE, Limits, RefusalError

REMEMBERED = 32  # walks


@dataclass(frozen=True)
class Question:
    """Which walk is meant: a sentence in CoNLL-U, whether its tree is gold, whose way to go, moves to take first."""

    conllu: str
    gold: bool
    follow_gold: bool
    moves: tuple[int, ...]

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> Question:
        """From JSON. Raises RefusalError."""
        moves = asked.get("moves", [])
        if not (isinstance(asked.get("conllu"), str) and isinstance(moves, list)):
            raise RefusalError(BAD_REQUEST, "a question has a sentence in 'conllu', and its 'moves' are a list")
        return cls(
            asked["conllu"],
            asked.get("gold") is True,
            asked.get("follow_gold") is True,
            tuple(_whole_number(move, "a move") for move in moves),
        )


class Explainer:
    """Answers the page's questions about one model; for one thread. All methods raise RefusalError."""

    def __init__(self, model: Model, model_name: str, limits: Limits) -> None:
        self.model, self.name, self.limits = model, model_name, limits
        self._walked = functools.lru_cache(REMEMBERED)(self._walk)

    def facts(self) -> dict[str, Any]:
        """What the page has to know of the model."""
        parser = self.model.parser
        (V, d), (H, C) = parser.params.L.shape, parser.params.U.shape
        return {
            "name": self.name,
            "system": parser.system,
            "sizes": {"m": parser.features.m, "d": d, "H": H, "C": C, "V": V},
            "reads_text": self.model.stages.tokenizer is not None and self.model.stages.tagger is not None,
            "size": self.limits.size,
        }

    def read(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The sentences of a text, or of CoNLL-U with the gold trees that it may have."""
        text, conllu = asked.get("text"), asked.get("conllu")
        notes: list[str] = []
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            try:
                if isinstance(text, str):
                    cut = self.limits.check(self.model.tokenize(list(split_paragraphs(text))))
                    block, gold = self.model.tag(cut), False
                elif isinstance(conllu, str):
                    block, gold, notes = self._read_conllu(conllu, str(asked.get("name", "file")))
                else:
                    raise RefusalError(BAD_REQUEST, "there is neither 'text' nor 'conllu'")
                self.model.parse_block(block)  # for its warnings
            except ClearparseError as error:
                raise RefusalError(BAD_REQUEST, str(error)) from error
        return {"sentences": [_sentence(each, gold) for each in block], "notes": [*notes, *_told(caught)]}

    def _read_conllu(self, conllu: str, path: str) -> tuple[Block, bool, list[str]]:
        """The block, with tags; whether its trees are gold; and why not, where it has some."""
        notes: list[str] = []
        block = self.limits.check(parse_block(conllu.encode(), path=path))
        has_trees = bool((block.heads() >= 0).any())
        if has_trees:
            try:
                block = parse_block(conllu.encode(), path=path, trees=True)
            except FileError as error:
                has_trees, notes = False, [f"its trees are left out: {error}"]
        return (self.model.tag(block) if self.model.wants_tags(block) else block), has_trees, notes

    def explain(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """All steps of one sentence, and the tree they make."""
        question = Question.of(asked)
        sentence, found = self._walked(question)
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
            "conllu": str(tree),
            "exact": found.exact,
            "gold": _gold(sentence) if question.gold else None,
            "steps": [self._step(step) for step in found.steps],
        }

    def _step(self, step: Step) -> dict[str, Any]:
        """A step as the list of all of them has it."""
        kind = int(self.model.parser.transitions.kind[step.taken])
        costs = step.lesson.costs if step.lesson else None
        y_hat, _ = softmax(step.theta[None], step.legal[None])
        return {
            "taken": step.taken,
            "best": step.best,
            "name": name(self.model.parser, step.taken),
            "move": MOVES[kind],
            "arc": step.arc,
            "stack": step.stack,
            "buffer": step.buffer,
            "p": _short(y_hat[0, step.taken]),
            "forced": bool(step.legal.sum() == 1),
            "cost": costs and costs[kind],
            "least": costs and min(cost for cost in costs if cost is not None),
            "target": step.lesson and step.lesson.target,
        }

    def numbers(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The numbers of a step: scores, what each slot adds to one of them, the computation, what there is to learn.

        `of` is the class whose score is taken apart, by default the one taken; `against` one to compare it with, or
        "runner-up": the legal class with the highest score of all others.
        """
        parser = self.model.parser
        _, found = self._walked(Question.of(asked))
        step = found.steps[_below(asked.get("step"), len(found.steps), "a step")]
        C = len(step.theta)
        of = step.taken if asked.get("of") is None else _below(asked["of"], C, "a transition")
        if asked.get("against") == "runner-up":
            against = _runner_up(step, of)
        else:
            against = None if asked.get("against") is None else _below(asked["against"], C, "a transition")
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

    def _scores(self, step: Step, computation: Computation) -> list[dict[str, Any]]:
        parser = self.model.parser
        return [
            {
                "name": name(parser, c),
                "kind": MOVES[kind],
                "labelled": kind in ARCS,
                "theta": _long(computation.theta[0, c]),
                "p": _short(computation.y_hat[0, c]),
                "legal": bool(step.legal[c]),
                "cost": step.lesson.costs[kind] if step.lesson else None,
            }
            for c, kind in enumerate(parser.transitions.kind.tolist())
        ]

    def _loss(self, step: Step, computation: Computation) -> dict[str, Any] | None:
        """What there is to learn in a configuration; None where no class is the right one, or there is no choice."""
        if step.lesson is None or step.lesson.target is None or step.legal.sum() == 1:
            return None
        parser = self.model.parser
        loss = learn(parser.params, step.w, computation, step.lesson.target)
        rest = {"dJ/dU": loss.gradients.U, "dJ/dW": loss.gradients.W}
        return {
            "J": _long(loss.J),
            "target": step.lesson.target,
            "target_name": name(parser, step.lesson.target),
            "quantities": {
                "delta_1": _quantity(loss.delta_1),
                "delta_2": _quantity(loss.delta_2),
                "dJ/dL": _quantity(loss.by_slot),
                **{key: _large(array) for key, array in rest.items()},
            },
        }

    def _walk(self, question: Question) -> tuple[Sentence, Walk]:
        try:
            block = parse_block(question.conllu.encode(), path="sentence", trees=question.gold)
            if len(block) != 1:
                raise RefusalError(BAD_REQUEST, f"one sentence at a time is explained, not {len(block)}")
            sentence = block[0]
            if len(sentence) > self.limits.words:
                message = f"a sentence of {len(sentence)} words; at most {self.limits.words} are explained"
                raise RefusalError(TOO_LARGE, message)
            found = walk(
                self.model.parser,
                sentence.alone(),
                gold=question.gold,
                follow_gold=question.follow_gold,
                moves=question.moves,
            )
        except ClearparseError as error:
            raise RefusalError(BAD_REQUEST, str(error)) from error
        return sentence, found


def _runner_up(step: Step, of: int) -> int | None:
    """The best legal class but one; None where there is no other."""
    others = step.legal.copy()
    others[of] = False
    return int(np.where(others, step.theta, -np.inf).argmax()) if others.any() else None


def _sentence(sentence: Sentence, gold: bool) -> dict[str, Any]:
    text = sentence.text or " ".join(sentence.forms)
    return {"text": text, "words": len(sentence), "conllu": str(sentence), "gold": gold}


def _gold(sentence: Sentence) -> dict[str, Any]:
    return {"heads": sentence.heads.tolist(), "labels": sentence.deprels, "svg": svg_of(sentence)}


def _told(caught: list[warnings.WarningMessage]) -> list[str]:
    return list(dict.fromkeys(str(each.message) for each in caught))


def _computation(computation: Computation, parts: Attribution) -> dict[str, Any]:
    x, z, h, theta, y_hat, _ = computation
    named = {"x": x, "z": z, "h": h, "theta": theta, "y_hat": y_hat, "dtheta/dL": parts.gradient}
    return {key: _quantity(array) for key, array in named.items()}


def _quantity(array: NDArray[np.floating]) -> dict[str, Any]:
    """All numbers of an array, row after row."""
    return {"shape": array.shape, "values": [_short(value) for value in array.ravel().tolist()]}


def _large(array: NDArray[np.floating]) -> dict[str, Any]:
    """An array with too many numbers to show: its shape, its length as a vector, how many are not 0, the largest."""
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


def _whole_number(value: Any, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise RefusalError(BAD_REQUEST, f"{what} is a whole number, not {value!r}")
    return value


def _below(value: Any, end: int, what: str) -> int:
    if not 0 <= _whole_number(value, what) < end:
        raise RefusalError(BAD_REQUEST, f"{what} is one of 0 to {end - 1}, not {value}")
    return int(value)
