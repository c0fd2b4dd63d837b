"""The page's data as JSON: sentences, the transitions of one, the computation at one transition, and what it learns."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

from clearparse.drawing.svg import right_to_left, svg
from clearparse.errors import FileError
from clearparse.explanation.trace import Step, Trace, trace
from clearparse.io import resources
from clearparse.model.model import Model
from clearparse.network.classifier import softmax
from clearparse.stages.transition_parser import TransitionParser
from clearparse.treebank.conllu import Block, Sentence, parse_block
from clearparse.web import steps
from clearparse.web.learned import LearnedParsers
from clearparse.web.limits import BAD_REQUEST, Limits, RefusalError
from clearparse.web.numbers import numbers, short
from clearparse.web.payloads import TraceRequest, index
from clearparse.web.steps import chunks, tokenize
from clearparse.web.work_queue import Work

CACHED = 32  # traces
SAMPLE = "sample treebank"


class Explainer:
    """Answers the page's requests about one model. For one thread; all methods raise RefusalError."""

    def __init__(self, model: Model, limits: Limits) -> None:
        self.model, self.limits = model, limits
        self.learned = LearnedParsers(model.parser)
        self._traces: OrderedDict[TraceRequest, tuple[Sentence, TransitionParser, Trace]] = OrderedDict()

    def read(self, payload: Mapping[str, Any]) -> Work[dict[str, Any]]:
        """The sentences of a text, or of CoNLL-U or the sample treebank with the gold trees if there are any."""
        text, conllu = payload.get("text"), payload.get("conllu")
        notes: list[str] = []
        gold = False
        if payload.get("sample") is True:
            with steps.step([]):
                conllu, payload = resources.sample("dev").read_text(encoding="utf-8"), {"name": SAMPLE}
        if isinstance(text, str):
            self.limits.check_total(len(text.split()))
            blocks: Iterable[Block] = map(parse_block, (yield from tokenize(self.model, text, self.limits)))
        elif isinstance(conllu, str):
            with steps.step(notes):
                block, gold = self._read_conllu(conllu, str(payload.get("name", "file")), notes)
            blocks = [self.limits.check_sentences(block)]
        else:
            raise RefusalError(BAD_REQUEST, "the request has neither 'text' nor 'conllu'")
        sentences: list[dict[str, Any]] = []
        for chunk in chunks(blocks):
            yield
            with steps.step(notes):
                tagged = self.model.fill_tags(chunk)
                if not sentences:
                    self.model.warn_of_missing_tags(tagged)
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
        """All transitions of one sentence, and the resulting tree.

        Of a sentence of more than `limits.words` words only the tree: its steps are None.
        """
        request = TraceRequest.from_json(payload)
        block = self._block(request)
        sentence = block[0]
        if len(sentence) > self.limits.words:
            yield
            with steps.step([]):
                (parsed,) = self.model.parse_block(block)
            return _tree(sentence, parsed, request.gold) | {"steps": None, "exact": False}
        sentence, parser, found = yield from self._traced(request)
        answer = _tree(sentence, sentence.with_tree(found.heads, found.labels), request.gold)
        return answer | {"exact": found.exact, "steps": [_step(parser, step) for step in found.steps]}

    def numbers(self, payload: Mapping[str, Any]) -> Work[dict[str, Any]]:
        """Scores, attribution, computation and gradients at one step; see web/numbers.py."""
        request = TraceRequest.from_json(payload)
        sentence, parser, found = yield from self._traced(request)
        step = found.steps[index(payload.get("step"), len(found.steps), "a step")]
        return numbers(parser, step, sentence if request.gold else None, payload)

    def learn(self, payload: Mapping[str, Any]) -> Work[dict[str, Any]]:
        """What the last lesson changes: the loss, the target's probability, and the words with other arcs."""
        request = TraceRequest.from_json(payload)
        sentence = self._explained(request)
        yield
        learned = yield from self.learned.learn(request, sentence)
        if learned is None:
            raise RefusalError(BAD_REQUEST, "'lessons' is empty")
        with steps.step([]):
            trees = [trace(parser, sentence.alone()) for parser in (self.model.parser, learned.parser)]
        arcs = [list(zip(tree.heads.tolist(), tree.labels, strict=True)) for tree in trees]
        changed = [word for word, (old, new) in enumerate(zip(*arcs, strict=True), 1) if old != new]
        return {"J": [short(J) for J in learned.J], "p": [short(p) for p in learned.p], "changed": changed}

    def _traced(self, request: TraceRequest) -> Work[tuple[Sentence, TransitionParser, Trace]]:
        """A trace, with its sentence and the parser that made it."""
        yield
        if request not in self._traces:
            sentence = self._explained(request)
            parser = yield from self.learned.get(request, sentence)
            with steps.step([]):
                follow, moves = request.follow_gold, request.moves
                found = trace(parser, sentence.alone(), gold=request.gold, follow_gold=follow, moves=moves)
            self._traces[request] = sentence, parser, found
            if len(self._traces) > CACHED:
                self._traces.popitem(last=False)
        self._traces.move_to_end(request)
        return self._traces[request]

    def _explained(self, request: TraceRequest) -> Sentence:
        """The sentence of a request, which may not be too long to be explained."""
        sentence = self._block(request)[0]
        self.limits.check_explained(len(sentence))
        return sentence

    def _block(self, request: TraceRequest) -> Block:
        """The block of one sentence of a request."""
        self.limits.check_explained_bytes(request.conllu)
        with steps.step([]):
            block = parse_block(request.conllu.encode(), path="sentence", trees=request.gold)
        if len(block) != 1:
            raise RefusalError(BAD_REQUEST, f"one sentence is explained at a time, not {len(block)}")
        return self.limits.check_sentences(block)


def _sentence(sentence: Sentence, gold: bool) -> dict[str, Any]:
    return {"text": sentence.text, "words": len(sentence), "conllu": str(sentence), "gold": gold}


def _tree(sentence: Sentence, parsed: Sentence, gold: bool) -> dict[str, Any]:
    """The words and their tree, drawn; and if there is a gold tree, drawn with it below the words."""
    tree, right = (parsed.heads, parsed.deprels), (sentence.heads, sentence.deprels)
    beside = [right] if gold else []
    return {
        "words": [
            {"form": form, "lemma": lemma, "upos": upos, "xpos": xpos, "feats": feats}
            for form, lemma, upos, xpos, feats in zip(
                sentence.forms, sentence.lemmas, sentence.upos, sentence.xpos, sentence.feats, strict=True
            )
        ],
        "heads": parsed.heads.tolist(),
        "labels": list(parsed.deprels),
        "svg": svg(sentence.forms, *tree, sentence.upos, beside=beside),
        "right_to_left": right_to_left(sentence.forms),
        "conllu": str(parsed),
        "gold": _gold(sentence, svg(sentence.forms, *tree, sentence.upos, below=right)) if gold else None,
    }


def _gold(sentence: Sentence, picture: str) -> dict[str, Any]:
    return {"heads": sentence.heads.tolist(), "labels": list(sentence.deprels), "svg": picture}


def _step(parser: TransitionParser, step: Step) -> dict[str, Any]:
    """A step, without its scores."""
    kind = int(parser.transitions.kind[step.taken])
    costs = step.advice.costs if step.advice else None
    y_hat, _ = softmax(step.theta[None], step.legal[None])
    return {
        "taken": step.taken,
        "best": step.best,
        "name": parser.transitions.name(step.taken),
        "move": parser.transitions.moves[kind],
        "arc": step.arc,
        "dependents": step.dependents,
        "stack": step.stack,
        "buffer": step.buffer,
        "p": short(y_hat[0, step.taken]),
        "forced": bool(step.legal.sum() == 1),
        "cost": costs and costs[kind],
        "least": costs and min(cost for cost in costs if cost is not None),
        "target": step.advice and step.advice.target,
    }
