"""The estimator keeps scikit-learn's contract and gives the same models as the train command."""

from __future__ import annotations

import inspect
import json
import pickle
import subprocess
import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import documented
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 (it makes the next line possible)
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, cross_validate
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks

import clearparse
from clearparse.commands import evaluate, train
from clearparse.config import PRESETS, Config
from clearparse.errors import ClearparseError, FileError
from clearparse.treebank.conllu import Sentence

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
SMALL: dict[str, Any] = {"hidden_size": 16, "embedding_dim": 8, "epochs": 2, "batch_size": 64}


@pytest.fixture(scope="module")
def sentences() -> list[Sentence]:
    return list(clearparse.read_conllu(SAMPLE / "train.conllu"))


@pytest.fixture(scope="module")
def dev() -> list[Sentence]:
    return list(clearparse.read_conllu(SAMPLE / "dev.conllu"))


@pytest.fixture(scope="module")
def fitted(sentences: list[Sentence]) -> clearparse.DependencyParser:
    return clearparse.DependencyParser(**SMALL).fit(sentences)


def bare(sentence: Sentence) -> Sentence:
    """The sentence with a dummy tree: all words are attached to the first."""
    return sentence.with_tree([0] + [1] * (len(sentence) - 1), ["dep"] * len(sentence))


def bared(sentences: list[Sentence]) -> list[Sentence]:
    return [bare(sentence) for sentence in sentences]


def test_importing_the_package_imports_no_large_library() -> None:
    late = ("sklearn", "dask", "spacy", "pandas", "nltk")
    program = f"import clearparse, sys; print([name for name in {late} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    with pytest.raises(AttributeError, match="no attribute 'Parser'"):
        _ = clearparse.Parser


def test_parameters_are_the_fields_of_config() -> None:
    estimator = clearparse.DependencyParser(hidden_size=17)
    assert estimator.get_params() == asdict(Config()) | {"hidden_size": 17}
    names = [each.name for each in fields(Config)]
    assert list(inspect.signature(clearparse.DependencyParser).parameters) == names
    assert estimator.set_params(hidden_size=3, learning_rate=0.5).get_params() == asdict(Config()) | {
        "hidden_size": 3,
        "learning_rate": 0.5,
    }
    assert repr(estimator) == "DependencyParser(hidden_size=3, learning_rate=0.5)"
    accurate = clearparse.DependencyParser(**asdict(PRESETS["accurate"]))
    assert clone(accurate).get_params() == asdict(PRESETS["accurate"])
    with pytest.raises(
        TypeError, match="unknown parameter hidden; the parameters are seed, embedding_dim, hidden_size"
    ):
        clearparse.DependencyParser(hidden=3)
    with pytest.raises(ValueError, match="hidden"):
        estimator.set_params(hidden=3)


@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_set_params,
    ],
)
def test_checks_of_scikit_learn_that_need_no_numeric_data(check: Any) -> None:
    """The other checks fit tables of numbers, and here X is sentences."""
    check("DependencyParser", clearparse.DependencyParser())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"hidden_size": 200.5}, "hidden_size is 200.5; it must be a whole number"),
        ({"optimizer": 3}, "optimizer is 3; it must be text"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast'; it must be a number"),
        ({"dropout": 2}, "dropout is 2.0; it must be between 0 and 0.95"),
        ({"template": "no-such"}, "no template 'no-such'"),
    ],
)
def test_fit_refuses_wrong_parameters(wrong: dict[str, Any], message: str, sentences: list[Sentence]) -> None:
    with pytest.raises(ClearparseError, match=message):
        clearparse.DependencyParser(**SMALL | wrong).fit(sentences)


def test_fit_gives_the_model_of_the_command(
    fitted: clearparse.DependencyParser, sentences: list[Sentence], dev: list[Sentence], tmp_path: Path
) -> None:
    """The same sentences, seed and configuration give the same parameters, scores and trees."""
    path = tmp_path / "command.model"
    options = [word for name, value in SMALL.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    train.main(["--train", str(SAMPLE / "train.conllu"), "--output", str(path), *options])
    model = clearparse.load(path)
    for name in ("L", "W", "b_1", "U", "b_2"):
        ours, theirs = (getattr(each.parser.params, name) for each in (fitted.model_, model))
        np.testing.assert_array_equal(ours, theirs)
    assert fitted.epochs_ == model.record["epochs"]
    assert fitted.config_ == Config(**model.record["config"])
    parsed = fitted.predict(dev)
    assert parsed == list(model.parse(dev))
    clearparse.write_conllu(parsed, tmp_path / "parsed.conllu")
    command = ["--gold", str(SAMPLE / "dev.conllu"), "--system", str(tmp_path / "parsed.conllu")]
    evaluate.main([*command, "--json", str(tmp_path / "scores.json")])
    scores = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert 100 * fitted.score(dev) == pytest.approx(scores["LAS"])


def test_trees_come_from_y_where_there_is_one(
    fitted: clearparse.DependencyParser, sentences: list[Sentence], dev: list[Sentence]
) -> None:
    again = clearparse.DependencyParser(**SMALL).fit(bared(sentences), sentences)
    np.testing.assert_array_equal(again.model_.parser.params.W, fitted.model_.parser.params.W)
    assert fitted.score(bared(dev), dev) == fitted.score(dev) > fitted.score(bared(dev))
    with pytest.raises(ClearparseError, match="X and y do not have the same sentences and words"):
        fitted.score(dev[:3], dev[1:4])


def test_invalid_sentences_are_refused(fitted: clearparse.DependencyParser, sentences: list[Sentence]) -> None:
    with pytest.raises(NotFittedError):
        clearparse.DependencyParser().predict(sentences)
    with pytest.raises(ClearparseError, match="no sentences"):
        clearparse.DependencyParser().fit([])
    with pytest.raises(ClearparseError, match=r"expected clearparse\.Sentence objects, got str"):
        fitted.predict(["Dogs bark ."])
    circle = sentences[0].with_tree([2, 1] + [0] * (len(sentences[0]) - 2), sentences[0].deprels)
    with pytest.raises(FileError, match="in a cycle"):
        fitted.score([circle])
    assert fitted.predict([]) == fitted.predict_proba([]) == []


def test_random_state_semantics(sentences: list[Sentence]) -> None:
    def weights(seed: Any) -> np.ndarray:
        few = sentences[:20]
        return clearparse.DependencyParser(**SMALL | {"epochs": 1, "seed": seed}).fit(few).model_.parser.params.W

    np.testing.assert_array_equal(weights(5), weights(np.int64(5)))
    np.testing.assert_array_equal(weights(np.random.RandomState(5)), weights(np.random.RandomState(5)))
    state = np.random.RandomState(5)
    assert not np.array_equal(weights(state), weights(state))
    assert not np.array_equal(weights(None), weights(None))


@pytest.mark.parametrize("system", ["arc-hybrid", "arc-standard", "arc-standard-swap"])
def test_probabilities_lead_to_the_trees(system: str, sentences: list[Sentence], dev: list[Sentence]) -> None:
    estimator = clearparse.DependencyParser(**SMALL | {"transition_system": system, "epochs": 1}).fit(sentences)
    C = len(estimator.classes_)
    assert "SHIFT" in estimator.classes_
    assert "ROOT_ARC root" in estimator.classes_
    assert ("SWAP" in estimator.classes_) == (system == "arc-standard-swap")
    for sentence, parsed, p in zip(dev, estimator.predict(dev), estimator.predict_proba(dev), strict=True):
        transitions = estimator.classes_[p.argmax(axis=1)]
        swaps = int((transitions == "SWAP").sum())
        assert p.shape == (2 * (len(sentence) + swaps), C)
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
        arcs = sorted(name.split(" ")[1] for name in transitions if " " in name)
        assert arcs == sorted(parsed.deprels)
        assert (transitions == "SHIFT").sum() == len(sentence) + swaps


def test_any_iterable_of_sentences(sentences: list[Sentence], dev: list[Sentence]) -> None:
    few = clearparse.DependencyParser(**SMALL | {"epochs": 1})
    estimator = few.fit(iter(sentences))
    assert estimator.predict(iter(dev)) == estimator.predict(dev)
    assert estimator.score(iter(dev)) == estimator.score(iter(dev), iter(dev)) == estimator.score(dev)
    assert len(estimator.predict_proba(iter(dev))) == len(dev)
    assert estimator.predict_proba(iter(())) == []


def test_an_ensemble(sentences: list[Sentence], dev: list[Sentence]) -> None:
    two = clearparse.DependencyParser(**SMALL | {"networks": 2, "epochs": 1}).fit(sentences)
    one = clearparse.DependencyParser(**SMALL | {"epochs": 1}).fit(sentences)
    first, second = two.model_.stages.ensemble.members
    np.testing.assert_array_equal(first.params.U, one.model_.parser.params.U)
    assert (first.system, second.system) == ("arc-standard", "arc-hybrid")
    assert [epoch["epoch"] for epoch in two.epochs_] == [1, 1]
    assert 0 < two.score(dev) < 1


def test_model_files(fitted: clearparse.DependencyParser, dev: list[Sentence], tmp_path: Path) -> None:
    fitted.save(tmp_path / "m")
    loaded = clearparse.DependencyParser.load(tmp_path / "m")
    assert loaded.predict(dev) == fitted.predict(dev)
    assert loaded.get_params() == asdict(fitted.config_)
    assert loaded.score(dev) == fitted.score(dev)
    assert (loaded.classes_ == fitted.classes_).all()
    assert loaded.epochs_ == fitted.epochs_
    assert "trained on   sentences given in Python (365 sentences)" in loaded.model_.describe()
    assert pickle.loads(pickle.dumps(fitted)).predict(dev) == fitted.predict(dev)
    with pytest.raises(FileError, match="no such file"):
        clearparse.DependencyParser.load(tmp_path / "none")


def test_cross_validation_in_two_processes(sentences: list[Sentence]) -> None:
    small = clearparse.DependencyParser(**SMALL | {"epochs": 1})
    one = cross_validate(small, sentences, cv=2, return_estimator=True)
    two = cross_validate(small, bared(sentences), sentences, cv=2, n_jobs=2, return_estimator=True)
    np.testing.assert_array_equal(one["test_score"], two["test_score"])
    assert all(0 < score < 1 for score in one["test_score"])
    assert [each.model_.record["train"][0]["sentences"] for each in two["estimator"]] == [182, 183]


def test_searches_in_a_pipeline(sentences: list[Sentence], dev: list[Sentence]) -> None:
    pipeline = Pipeline([("bare", FunctionTransformer(bared)), ("parse", clearparse.DependencyParser(**SMALL))])
    grid = GridSearchCV(pipeline, {"parse__learning_rate": [0.0001, 0.01], "parse__epochs": [1]}, cv=2, n_jobs=2)
    grid.fit(sentences, sentences)
    assert grid.best_params_ == {"parse__learning_rate": 0.01, "parse__epochs": 1}
    best = grid.best_estimator_.named_steps["parse"]
    assert best.config_.learning_rate == 0.01
    assert grid.predict(dev) == best.predict(bared(dev))
    assert grid.score(dev, dev) == best.score(bared(dev), dev)


@pytest.mark.parametrize(("resource", "most"), [("n_samples", "auto"), ("epochs", 2)])
def test_halving(resource: str, most: Any, sentences: list[Sentence]) -> None:
    search = HalvingRandomSearchCV(
        clearparse.DependencyParser(**{name: value for name, value in SMALL.items() if name != "epochs"}),
        {"learning_rate": [0.02, 0.01, 0.003], "dropout": [0.0, 0.3]},
        resource=resource, max_resources=most, min_resources=1 if resource == "epochs" else 75,
        n_candidates=2, factor=2, cv=2, random_state=1,
    )  # fmt: skip
    if resource == "n_samples":
        search.estimator.set_params(epochs=3)
    search.fit(sentences)
    assert search.n_candidates_ == [2, 1]
    assert search.n_resources_ == ([1, 2] if resource == "epochs" else [75, 150])
    assert 0 < search.best_score_ < 1


@pytest.mark.full
def test_the_program_of_the_page(tmp_path: Path) -> None:
    """It trains some twenty models, and the first is good."""
    (program,) = documented.programs("estimator.md")
    printed = documented.run(program, tmp_path)
    assert printed.count("LAS on dev") == 3
    assert "LAS on dev 0.7" in printed
    assert "best {'learning_rate': 0.01" in printed
