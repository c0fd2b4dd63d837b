"""Parsers that have learned from lessons of the page. The model itself never changes."""

from __future__ import annotations

from collections import OrderedDict

from clearparse.explanation.learning import Learned, learn
from clearparse.explanation.trace import Step, Trace, trace
from clearparse.stages.transition_parser import TransitionParser
from clearparse.treebank.conllu import Sentence
from clearparse.web import steps
from clearparse.web.limits import BAD_REQUEST, RefusalError
from clearparse.web.numbers import target_of
from clearparse.web.payloads import Lesson, TraceRequest
from clearparse.web.work_queue import Work

KEPT = 4  # parsers; each has parameters and tables of its own


class LearnedParsers:
    """The parsers of the latest requests, by sentence and lessons. For one thread."""

    def __init__(self, parser: TransitionParser) -> None:
        self.parser = parser
        self._kept: OrderedDict[tuple[str, tuple[Lesson, ...]], Learned] = OrderedDict()

    def get(self, request: TraceRequest, sentence: Sentence) -> Work[TransitionParser]:
        """The parser after the lessons of a request. Raises RefusalError."""
        learned = yield from self.learn(request, sentence)
        return learned.parser if learned else self.parser

    def learn(self, request: TraceRequest, sentence: Sentence) -> Work[Learned | None]:
        """The outcome of the last lesson, None without lessons. Each lesson is a step of work. Raises RefusalError."""
        learned, parser = None, self.parser
        for count, lesson in enumerate(request.lessons, 1):
            key = sentence.conllu.decode(), request.lessons[:count]
            if key not in self._kept:
                yield
                self._kept[key] = self._learn(parser, sentence, lesson)
            learned = self._kept[key]
            parser = learned.parser
            self._kept.move_to_end(key)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return learned

    def _learn(self, parser: TransitionParser, sentence: Sentence, lesson: Lesson) -> Learned:
        with steps.step([]):
            found = trace(parser, sentence.alone(), moves=lesson.moves)
            at = step_of(found, len(lesson.moves))
            return learn(parser, at.w, at.legal, target_of(at, lesson.target), lesson.learning_rate)


def step_of(found: Trace, number: int) -> Step:
    """A step of a trace, counted from 0. Raises RefusalError if the trace is shorter."""
    if number >= len(found.steps):
        raise RefusalError(BAD_REQUEST, f"a step must be from 0 to {len(found.steps) - 1}, not {number}")
    return found.steps[number]
