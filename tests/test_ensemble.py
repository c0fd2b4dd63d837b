"""Several parsers that vote: the heaviest tree, the votes, and the four kinds of networks."""

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
from clearparse.stages.ensemble import vote
from clearparse.training.checkpoint import Checkpoint
from clearparse.training.data import Data, read_treebanks
from clearparse.training.ensemble import Networks, model_of
from clearparse.training.parser_batches import Treebank
from clearparse.treebank.spanning_tree import maximum_spanning_trees

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample"
CONFIG = Config(
    hidden_size=8, embedding_dim=6, epochs=1, batch_size=64, networks=4, min_count=1, transition_system="arc-standard"
)


def arcs_of(weights: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """All arcs of some sentences, whose weights [head, word] are given; and where the sentences begin."""
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
def test_the_heaviest_tree_is_that_of_brute_force(n: int) -> None:
    """Many sentences at once, those of other lengths between them."""
    rng = np.random.default_rng(n)
    trees = [heads for heads in itertools.product(range(n + 1), repeat=n) if heads.count(0) == 1 and is_tree(heads)]
    weights = [rng.random((length + 1, length + 1)) for _ in range(60) for length in (n, 3, 7)]
    words, heads, values, sentences = arcs_of(weights)
    found = np.split(maximum_spanning_trees(words, heads, values, sentences), sentences[1:-1])
    for tree, each in list(zip(found, weights, strict=True))[::3]:
        assert tuple(tree) == max(trees, key=lambda heads: sum(each[h, d] for d, h in enumerate(heads, 1)))


def test_large_circles_and_few_arcs() -> None:
    """Each word would have the next one, and the last the first, were it not for ROOT's one arc, or one into each."""
    n = 5000
    words = np.concatenate((np.arange(n), [17]))
    heads = np.concatenate((np.arange(1, n) + 1, [1], [0])).astype(np.int32)
    tree = maximum_spanning_trees(words, heads, np.concatenate((np.ones(n), [0.1])), np.array([0, n]))
    assert tree[17] == 0
    assert (np.delete(tree, 17) == np.delete(heads[:n], 17)).all()


def test_of_equal_trees_the_first_counts() -> None:
    found = [
        (np.array([2, 0], np.int32), [b"a", b"root"], np.ones(2)),
        (np.array([0, 1], np.int32), [b"root", b"b"], np.ones(2)),
    ]
    heads, labels, probability = vote(found, np.array([0, 2]))
    assert heads.tolist() == [2, 0]
    assert labels == [b"a", b"root"]
    assert probability.tolist() == [0.5, 0.5]


def test_labels_are_those_of_most_weight_among_the_parsers_with_the_arc() -> None:
    heads = np.array([0], np.int32), np.array([0, 1], np.int32)
    found = [
        (heads[1], [b"root", b"obj"], np.array([1, 0.6])),
        (heads[1], [b"root", b"nmod"], np.array([1, 0.5])),
        (heads[1], [b"root", b"nmod"], np.array([1, 0.4])),
    ]
    _, labels, probability = vote(found, np.array([0, 2]))
    assert labels == [b"root", b"nmod"]
    np.testing.assert_allclose(probability, [1, (0.25 + 0.16) / 3])


@pytest.fixture(scope="module")
def dev() -> Data:
    return read_treebanks([SAMPLE / "dev.conllu"])


@pytest.fixture(scope="module")
def model(dev: Data) -> Model:
    trained = Networks(Treebank.of(dev.blocks), dev, quiet=True).train(CONFIG, "network", Checkpoint())
    return model_of(Stages(trained.ensemble), trained, "", {})


def test_there_are_four_kinds_by_turns(model: Model) -> None:
    kinds = [(each.system, each.right_to_left) for each in model.stages.ensemble.members]
    systems = ["arc-standard", "arc-hybrid"] * 2
    assert kinds == list(zip(systems, [False, False, True, True], strict=True))
    assert [CONFIG.member(k)[0].seed for k in range(4)] == [1, 2, 3, 4]


def test_a_file_keeps_them_all(model: Model, dev: Data, tmp_path: Path) -> None:
    for each in (model, replace(model, stages=model.stages.halved())):
        each.save(tmp_path / "four.model")
        again = load(tmp_path / "four.model")
        for block in dev.blocks:
            assert again.parse_block(block, confidence=True).text == each.parse_block(block, confidence=True).text


def test_processes_make_no_difference(model: Model, dev: Data) -> None:
    trained = Networks(Treebank.of(dev.blocks), dev, quiet=True).train(CONFIG, "network", Checkpoint(), jobs=2)
    for member, other in zip(model.stages.ensemble.members, trained.ensemble.members, strict=True):
        for array, same in zip(member.params, other.params, strict=True):
            assert np.array_equal(array, same)


def test_trees_do_not_depend_on_the_neighbours(model: Model, dev: Data) -> None:
    together = [sentence for block in dev.blocks for sentence in model.parse_block(block)]
    assert [tree for sentence in together for tree in model.parse([sentence])] == together


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_network_that_is_done_is_not_trained_again(dev: Data, jobs: int) -> None:
    config, checkpoint = replace(CONFIG, networks=2), Checkpoint()
    networks = Networks(Treebank.of(dev.blocks), dev, quiet=True)
    first = networks.train(replace(config, networks=1), "network", checkpoint)
    arrays, _ = checkpoint.get("network 1") or ({}, {})
    arrays["best.U"] = np.zeros_like(arrays["best.U"])  # what no training makes
    both = networks.train(config, "network", checkpoint, jobs=jobs)
    assert not both.ensemble.members[0].params.U.any()
    assert both.ensemble.members[1].params.U.any()
    assert [run.name for run in both.runs] == ["network 1", "network 2"]
    assert both.runs[0].epochs == first.runs[0].epochs
