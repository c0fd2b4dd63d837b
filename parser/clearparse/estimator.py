"""The parser as scikit-learn knows its estimators: fit, predict, score, and a parameter for each field of Config.

X is a sequence of sentences. Their trees are read from y if there is one, the same sentences annotated, else from X
itself. So all that scikit-learn does with estimators works: searches, cross-validation, pipelines, joblib.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Sequence
from dataclasses import asdict, fields
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from clearparse.config import Config, current_names
from clearparse.errors import ClearparseError
from clearparse.evaluation.counts import evaluate_block
from clearparse.evaluation.scores import main_scores
from clearparse.model.model import load
from clearparse.model.serialization import Stages
from clearparse.training import run
from clearparse.training.checkpoint import Checkpoint
from clearparse.training.data import Data, hold_out
from clearparse.training.ensemble import Networks, model_of
from clearparse.training.parser_batches import Treebank
from clearparse.treebank.conllu import FORM, Block, Sentence, parse_block

Sentences = Sequence[Sentence]

MADE_BY = "clearparse.DependencyParser"  # in the record of a model, where the command line would be


class DependencyParser(BaseEstimator):  # type: ignore[misc]  # scikit-learn publishes no types
    """A dependency parser that learns from sentences.

    Parameters: the fields of parser.config.Config, by name, with the values of the preset `fast`. `seed` may also be
    what scikit-learn's random_state may be: None or a RandomState, from which a number is drawn by each fit.

    After fit: model_, the clearparse.Model; config_, the Config as the training data filled it in; classes_, the
    names (C,) of the transitions; epochs_, loss and dev scores by epoch.
    """

    def __init__(self, **config: Any) -> None:
        defaults = asdict(Config())
        if unknown := config.keys() - defaults.keys():
            raise TypeError(f"no parameter {' or '.join(sorted(unknown))}; there are {', '.join(defaults)}")
        for name, value in (defaults | config).items():
            setattr(self, name, value)

    def fit(self, X: Sentences, y: Sentences | None = None) -> DependencyParser:
        """Train on annotated sentences, of which `dev_part` is held out to choose the best epoch by; returns self.

        Raises ClearparseError if a parameter or a sentence cannot be, or if X and y have not the same words.
        """
        config = self._config()
        data = Data([_gold(X, y)], [{"path": f"{len(X)} sentences given to fit", "sentences": len(X)}])
        train, dev = hold_out(data, config.dev_part, config.seed)
        self.config_ = config.for_data(train.words, train.nonprojective / train.sentences)
        with threadpool_limits(limits=1):  # more would wait for each other, and round differently
            treebank = Treebank.of(train.blocks)
            trained = Networks(treebank, dev, quiet=True).train(self.config_, "network", Checkpoint())
            if trained.stopped:
                raise trained.stopped
            options = {"preset": MADE_BY, "stages": "parser", "float16": False, "threads": 1}
            facts = run.facts(self.config_, options, train, dev, None, [])
            self.model_ = model_of(Stages(trained.ensemble), trained, MADE_BY, facts)
        self._tell()
        return self

    def predict(self, X: Sentences) -> list[Sentence]:
        """The same sentences with new trees."""
        check_is_fitted(self)
        with threadpool_limits(limits=1):
            return list(self.model_.parse(_checked(X)))

    def predict_proba(self, X: Sentences) -> list[NDArray[np.floating]]:
        """For each sentence the probabilities of all transitions in each step on the way to its tree: (steps, C).

        The transitions are named in classes_; those that are not legal in a step have probability 0, so that the most
        probable one of each line is what the parser does. 2n steps for n words (with SWAP: more). Where several
        networks vote, these are the first one's.
        """
        check_is_fitted(self)
        with threadpool_limits(limits=1):
            return self.model_.parser.probabilities(_block(X, trees=False)) if len(X) else []

    def score(self, X: Sentences, y: Sentences | None = None) -> float:
        """LAS from 0 to 1, punctuation counted: how many words get the right head and relation, subtypes ignored."""
        check_is_fitted(self)
        gold = _gold(X, y)
        with threadpool_limits(limits=1):
            counts = evaluate_block(gold, *self.model_.stages.ensemble.parse(_block(X, trees=False)))
        return float(main_scores(counts)["LAS"]) / 100

    def save(self, path: str | PathLike[str]) -> None:
        """Write model_ to a model file, as train.py does, whole or not at all. Raises FileError."""
        check_is_fitted(self)
        self.model_.save(path)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> DependencyParser:
        """A fitted estimator from a model file, whose parameters are those of its training. Raises FileError."""
        model = load(path)
        names = {each.name for each in fields(Config)}
        made = {name: value for name, value in current_names(model.record["config"]).items() if name in names}
        estimator = cls(**made)
        estimator.model_, estimator.config_ = model, Config(**made)
        estimator._tell()
        return estimator

    def _tell(self) -> None:
        """What else is known of model_."""
        self.classes_ = np.array(self.model_.parser.transitions.names())
        self.epochs_ = self.model_.record["epochs"]

    def _config(self) -> Config:
        """The parameters as a Config, checked. Raises ClearparseError.

        Searches draw NumPy's numbers, which JSON does not know: they become Python's.
        """
        values: dict[str, Any] = {}
        for each in fields(Config):
            value = getattr(self, each.name)
            if each.name == "seed" and not isinstance(value, int | np.integer):
                value = check_random_state(value).randint(np.iinfo(np.int32).max)
            values[each.name] = _plain(each.name, value, each.metadata["type"])
        config = Config(**values)
        config.check()
        return config


def _signature() -> inspect.Signature:
    """What inspect and scikit-learn see of __init__: the fields of Config, which are written down there alone."""
    kinds = inspect.Parameter
    shown = [kinds(each.name, kinds.KEYWORD_ONLY, default=each.default) for each in fields(Config)]
    return inspect.Signature([kinds("self", kinds.POSITIONAL_OR_KEYWORD), *shown])


DependencyParser.__init__.__signature__ = _signature()  # type: ignore[attr-defined]  # functions may have one


def _plain(name: str, value: Any, kind: type) -> int | float | str:
    """A parameter as the kind of value that its field has. Raises ClearparseError."""
    try:
        if kind is str:
            if isinstance(value, str):
                return str(value)
            raise TypeError
        return operator.index(value) if kind is int else float(value)
    except (TypeError, ValueError):
        wanted = {int: "a whole number", float: "a number", str: "text"}[kind]
        raise ClearparseError(f"{name} is {value!r}; it must be {wanted}") from None


def _gold(X: Sentences, y: Sentences | None) -> Block:
    """The annotated sentences, of the same words as X. Raises ClearparseError."""
    gold = _block(X if y is None else y, trees=True)
    if y is not None:
        words = _block(X, trees=False)
        if words.column(FORM) != gold.column(FORM) or not np.array_equal(words.sentences, gold.sentences):
            raise ClearparseError("X and y do not have the same sentences and words")
    return gold


def _block(sentences: Sentences, *, trees: bool) -> Block:
    """Sentences as one block. Raises ClearparseError: FileError where trees are wanted and not there."""
    if not len(sentences):
        raise ClearparseError("no sentences")
    text = b"".join(sentence.conllu for sentence in _checked(sentences))
    return parse_block(text, path="<sentences>", trees=trees)


def _checked(sentences: Sentences) -> Sentences:
    """The same. Raises ClearparseError where one is something else."""
    for sentence in sentences:
        if not isinstance(sentence, Sentence):
            found = type(sentence).__name__
            raise ClearparseError(f"a {found} where a parser.Sentence is wanted; parser.read_conllu makes them")
    return sentences
