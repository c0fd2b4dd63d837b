"""Ensembles: maximum spanning trees, combination of several parsers, and the training of their networks."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_trees import is_tree

from clearparse.config import Config
from clearparse.model.model import Model, load
from clearparse.model.serialization import Stages
from clearparse.stages.ensemble import Parse, combine
from clearparse.training.checkpoint import Checkpoint
from clearparse.training.data import Dataset, read_treebanks
from clearparse.training.ensemble import EnsembleTraining
from clearparse.training.log import Log
from clearparse.training.parser_batches import Treebank
from clearparse.training.scoring import calibrate
from clearparse.treebank.spanning_tree import maximum_spanning_trees

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample"
CONFIG = Config(
    hidden_size=8, embedding_dim=6, epochs=1, batch_size=64, networks=4, min_count=1, transition_system="arc-standard"
)


def arcs_of(weights: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """All arcs of some sentences with their weights [head, word], and the offsets of the sentences."""
    sentences = np.cumsum([0, *(len(each) - 1 for each in weights)])
    found = [
        (begin + word - 1, head, each[head, word])
        for begin, each in zip(sentences, weights, strict=False)
        for word in range(1, len(each))
        for head in range(len(each))
        if head != word
    ]
    words, heads, values = zip(*found, strict=True)
    return np.array(words), np.array(heads, dtype=np.int32), np.array(values), sentences


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_maximum_spanning_trees_agree_with_brute_force(n: int) -> None:
    """Many sentences at once, of different lengths."""
    rng = np.random.default_rng(n)
    trees = [heads for heads in itertools.product(range(n + 1), repeat=n) if heads.count(0) == 1 and is_tree(heads)]
    weights = [rng.random((length + 1, length + 1)) for _ in range(60) for length in (n, 3, 7)]
    words, heads, values, sentences = arcs_of(weights)
    found = np.split(maximum_spanning_trees(words, heads, values, sentences), sentences[1:-1])
    for tree, each in list(zip(found, weights, strict=True))[::3]:
        assert tuple(tree) == max(trees, key=lambda heads: sum(each[h, d] for d, h in enumerate(heads, 1)))


def test_a_large_cycle_is_broken_where_root_has_its_only_arc() -> None:
    """Without that arc, the best head of each word is the next word, and of the last word the first."""
    n = 5000
    words = np.concatenate((np.arange(n), [17]))
    heads = np.concatenate((np.arange(1, n) + 1, [1], [0])).astype(np.int32)
    tree = maximum_spanning_trees(words, heads, np.concatenate((np.ones(n), [0.1])), np.array([0, n]))
    assert tree[17] == 0
    assert (np.delete(tree, 17) == np.delete(heads[:n], 17)).all()


def test_the_first_parser_wins_ties() -> None:
    found = [
        (np.array([2, 0], np.int32), [b"a", b"root"], np.ones(2)),
        (np.array([0, 1], np.int32), [b"root", b"b"], np.ones(2)),
    ]
    heads, labels, probability = combine([Parse(*each) for each in found], np.array([0, 2]))
    assert heads.tolist() == [2, 0]
    assert labels == [b"a", b"root"]
    assert probability.tolist() == [0.5, 0.5]


def test_labels_have_most_weight_among_the_parsers_with_the_arc() -> None:
    heads = np.array([0], np.int32), np.array([0, 1], np.int32)
    found = [
        (heads[1], [b"root", b"obj"], np.array([1, 0.6])),
        (heads[1], [b"root", b"nmod"], np.array([1, 0.5])),
        (heads[1], [b"root", b"nmod"], np.array([1, 0.4])),
    ]
    _, labels, probability = combine([Parse(*each) for each in found], np.array([0, 2]))
    assert labels == [b"root", b"nmod"]
    np.testing.assert_allclose(probability, [1, (0.25 + 0.16) / 3])


@pytest.fixture(scope="module")
def dev() -> Dataset:
    return read_treebanks([SAMPLE / "dev.conllu"])


def ensemble_training(dev: Dataset, config: Config) -> EnsembleTraining:
    return EnsembleTraining(config, Treebank.of(dev.blocks), dev, log=Log(quiet=True))


@pytest.fixture(scope="module")
def model(dev: Dataset) -> Model:
    trained = ensemble_training(dev, CONFIG).train(Checkpoint())
    return Model(Stages(calibrate(trained.ensemble, dev)), {})


def test_networks_alternate_in_transition_system_and_direction(model: Model) -> None:
    kinds = [(each.system, each.right_to_left) for each in model.stages.ensemble.members]
    systems = ["arc-standard", "arc-hybrid"] * 2
    assert kinds == list(zip(systems, [False, False, True, True], strict=True))
    assert [CONFIG.member(k)[0].seed for k in range(4)] == [1, 2, 3, 4]


def test_a_model_file_keeps_all_networks(model: Model, dev: Dataset, tmp_path: Path) -> None:
    for each in (model, replace(model, stages=model.stages.to_float16())):
        each.save(tmp_path / "four.model")
        again = load(tmp_path / "four.model")
        for block in dev.blocks:
            assert again.parse_block(block, confidence=True).text == each.parse_block(block, confidence=True).text


def test_worker_processes_give_the_same_networks(model: Model, dev: Dataset) -> None:
    trained = ensemble_training(dev, CONFIG).train(Checkpoint(), jobs=2)
    for member, other in zip(model.stages.ensemble.members, trained.ensemble.members, strict=True):
        for array, same in zip(member.params, other.params, strict=True):
            assert np.array_equal(array, same)


def test_trees_do_not_depend_on_other_sentences(model: Model, dev: Dataset) -> None:
    together = [sentence for block in dev.blocks for sentence in model.parse_block(block)]
    assert [tree for sentence in together for tree in model.parse([sentence])] == together


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_network_in_the_checkpoint_is_not_trained_again(dev: Dataset, jobs: int) -> None:
    checkpoint = Checkpoint()
    first = ensemble_training(dev, replace(CONFIG, networks=1)).train(checkpoint)
    arrays, _ = checkpoint.load("network 1") or ({}, {})
    arrays["best.U"] = np.zeros_like(arrays["best.U"])  # as no training makes it
    both = ensemble_training(dev, replace(CONFIG, networks=2)).train(checkpoint, jobs)
    assert not both.ensemble.members[0].params.U.any()
    assert both.ensemble.members[1].params.U.any()
    assert [network.name for network in both.networks] == ["network 1", "network 2"]
    assert both.networks[0].epochs == first.networks[0].epochs
