"""A scikit-learn estimator: fit, predict and score on sentences, with the fields of Config as its parameters.

X is an iterable of sentences; y is the same sentences with their trees, and defaults to X. Searches, cross-validation,
pipelines and joblib work as with any estimator.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import asdict, fields
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from clearparse.config import Config
from clearparse.errors import ClearparseError
from clearparse.evaluation.counts import evaluate_block
from clearparse.evaluation.scores import main_scores
from clearparse.model.model import load
from clearparse.training.data import checked, conllu_text
from clearparse.training.options import Options, config_from
from clearparse.training.recipe import run
from clearparse.treebank.conllu import FORM, Block, Sentence, parse_block

Sentences = Iterable[Sentence]

MADE_BY = "clearparse.DependencyParser"  # in the record of a model, where the command line would be


class DependencyParser(BaseEstimator):  # type: ignore[misc]  # scikit-learn publishes no types
    """Dependency parser for tagged sentences, trained on annotated ones.

    Parameters
    ----------
    **config
        Fields of clearparse.config.Config; the defaults are those of the preset `fast`. `seed` may also be None or a
        RandomState, like scikit-learn's random_state; each fit then draws a seed. `silver_ratio`, `silver_share`,
        `vector_scale` and `vector_min_count` have no effect, because fit takes no raw text.

    Attributes
    ----------
    model_ : Model
        The trained model, which parses tagged sentences.
    config_ : Config
        The configuration, with data-dependent defaults filled in.
    classes_ : ndarray of shape (C,)
        The names of the transitions.
    epochs_ : list of dict
        Loss and dev scores of each epoch.
    """

    def __init__(self, **config: Any) -> None:
        defaults = asdict(Config())
        if unknown := config.keys() - defaults.keys():
            raise TypeError(
                f"unknown parameter {' and '.join(sorted(unknown))}; the parameters are {', '.join(defaults)}"
            )
        for name, value in (defaults | config).items():
            setattr(self, name, value)

    def fit(self, X: Sentences, y: Sentences | None = None) -> DependencyParser:
        """Train on annotated sentences; `dev_part` of them is held out for selecting the best epoch. Returns self.

        Raises ClearparseError if a parameter or a sentence is invalid, or if the words of X and y differ.
        """
        gold = _gold(X, y)
        self.model_ = run(gold, None, self._config(), Options(preset=MADE_BY, quiet=True, command=MADE_BY)).model
        self._set_attributes()
        return self

    def predict(self, X: Sentences) -> list[Sentence]:
        """Parse sentences; existing trees in X are ignored."""
        check_is_fitted(self)
        with threadpool_limits(limits=1):
            return list(self.model_.parse(checked(X)))

    def predict_proba(self, X: Sentences) -> list[NDArray[np.floating]]:
        """The probabilities of the transitions at each step: an array (steps, C) per sentence, columns as in classes_.

        Illegal transitions have probability 0; the parser takes the most probable one. A sentence of n words takes 2n
        steps, and more with SWAP. In an ensemble the probabilities are those of the first network.
        """
        check_is_fitted(self)
        sentences = list(X)
        with threadpool_limits(limits=1):
            return self.model_.parser.probabilities(_block(sentences, trees=False)) if sentences else []

    def score(self, X: Sentences, y: Sentences | None = None) -> float:
        """LAS from 0 to 1: the share of words with correct head and relation; punctuation counts, subtypes do not."""
        check_is_fitted(self)
        sentences = list(X)
        gold = _gold(sentences, y)
        with threadpool_limits(limits=1):
            counts = evaluate_block(gold, *self.model_.stages.ensemble.parse(_block(sentences, trees=False)))
        return float(main_scores(counts)["LAS"]) / 100

    def save(self, path: str | PathLike[str]) -> None:
        """Write model_ to a file. Raises FileError."""
        check_is_fitted(self)
        self.model_.save(path)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> DependencyParser:
        """A fitted estimator from a model file, with the parameters of its training. Raises FileError."""
        model = load(path)
        estimator = cls(**asdict(model.config))
        estimator.model_ = model
        estimator._set_attributes()
        return estimator

    def _set_attributes(self) -> None:
        """Set the other fitted attributes from model_."""
        self.config_ = self.model_.config
        self.classes_ = np.array(self.model_.parser.transitions.names())
        self.epochs_ = self.model_.record["epochs"]

    def _config(self) -> Config:
        """The parameters as a Config. Raises ClearparseError."""
        values = self.get_params()
        if not isinstance(self.seed, int | np.integer):
            values["seed"] = check_random_state(self.seed).randint(np.iinfo(np.int32).max)
        return config_from("fast", values)


def _signature() -> inspect.Signature:
    """The signature of __init__ for inspect and scikit-learn, derived from the fields of Config."""
    kinds = inspect.Parameter
    shown = [kinds(each.name, kinds.KEYWORD_ONLY, default=each.default) for each in fields(Config)]
    return inspect.Signature([kinds("self", kinds.POSITIONAL_OR_KEYWORD), *shown])


DependencyParser.__init__.__signature__ = _signature()  # type: ignore[attr-defined]  # functions may have one


def _gold(X: Sentences, y: Sentences | None) -> Block:
    """The annotated sentences as a block. Raises ClearparseError if the words of X and y differ."""
    gold = _block(X if y is None else y, trees=True)
    if y is not None:
        words = _block(X, trees=False)
        if words.column(FORM) != gold.column(FORM) or not np.array_equal(words.sentences, gold.sentences):
            raise ClearparseError("X and y do not have the same sentences and words")
    return gold


def _block(sentences: Sentences, *, trees: bool) -> Block:
    """Sentences as one block. Raises ClearparseError if there are none, FileError if a tree is missing or invalid."""
    return parse_block(conllu_text(sentences), path="<sentences>", trees=trees)
