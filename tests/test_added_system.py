"""The transition system of docs/extending.md, arc-eager, which adds a move: registered once, it works everywhere."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import test_transitions

import clearparse
from clearparse.explanation.trace import trace
from clearparse.training.data import read_treebanks
from clearparse.transition.system import MOVES, System
from clearparse.transition.systems import SYSTEMS

CHECKOUT = Path(__file__).resolve().parents[1]
SAMPLE = CHECKOUT / "data" / "sample"
REDUCE = len(MOVES)


@pytest.fixture(scope="module")
def arc_eager() -> Iterator[type[System]]:
    """The page's class, registered as the page says."""
    page = (CHECKOUT / "docs" / "extending.md").read_text(encoding="utf-8")
    [source] = re.findall(r"(?ms)^```python parser/clearparse/transition/arc_eager\.py\n(.*?)^```$", page)
    module = types.ModuleType("arc_eager")
    exec(source, module.__dict__)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SYSTEMS, "arc-eager", module.ArcEager)
        yield module.ArcEager


@pytest.mark.parametrize("right_to_left", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_it_derives_every_projective_tree(arc_eager: type[System], n: int, right_to_left: bool) -> None:
    test_transitions.test_the_oracle_rebuilds_every_tree(arc_eager.name, n, right_to_left)


def test_any_legal_moves_give_a_tree(arc_eager: type[System]) -> None:
    test_transitions.test_any_legal_moves_give_one_tree_with_one_root(arc_eager.name)
    test_transitions.test_a_scalar_view_has_the_same_states(arc_eager.name)
    test_transitions.test_child_links_and_valencies(arc_eager.name)
    test_transitions.test_the_legal_classes_of_each_situation(arc_eager.name)


def test_it_is_trained_stored_and_explained(arc_eager: type[System], tmp_path: Path) -> None:
    """REDUCE is a class of the network, is predicted, and has a cost."""
    model = clearparse.train(
        SAMPLE / "train.conllu",
        dev=SAMPLE / "dev.conllu",
        transition_system="arc-eager",
        hidden_size=32,
        embedding_dim=16,
        epochs=4,
        networks=2,
        learning_rate=0.01,
    )
    systems = [member.system for member in model.stages.ensemble.members]
    assert systems == ["arc-eager", arc_eager.partner]
    assert model.record["dev_scores"]["LAS"] > 40
    model.save(tmp_path / "eager.model")
    parser = clearparse.load(tmp_path / "eager.model").parser
    assert parser.transitions.names().count("REDUCE") == 1
    [block] = read_treebanks([str(SAMPLE / "dev.conllu")]).blocks
    heads, deprels = parser.parse(block)
    alone = [parser.parse(each.alone()) for each in block]
    assert np.array_equal(np.concatenate([each for each, _ in alone]), heads)
    assert [deprel for _, each in alone for deprel in each] == deprels
    sentence = block[0]
    found = trace(parser, sentence.alone(), gold=True, follow_gold=True)
    taken = [parser.transitions.name(step.taken) for step in found.steps]
    assert len(taken) == 2 * len(sentence)
    assert "REDUCE" in taken
    assert np.array_equal(found.heads, sentence.heads)
    advised = [step.advice.costs[REDUCE] for step in found.steps if step.advice]
    assert {0, None} <= set(advised)


def test_nonprojective_trees_are_said_to_be_projectivized(arc_eager: type[System]) -> None:
    assert "projective trees only" in arc_eager.nonprojective_training()
