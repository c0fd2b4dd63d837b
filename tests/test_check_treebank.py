"""The report on what is unusual in a treebank."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clearparse.commands import check_treebank
from clearparse.config import Config
from clearparse.model.model import load
from clearparse.network.classifier import softmax
from clearparse.training.parser_batches import Treebank, initialize_parser, log_likelihoods
from clearparse.transition.layout import Layout
from clearparse.transition.system import LEFT_ARC, RIGHT_ARC, ROOT_ARC
from clearparse.transition.systems import SYSTEMS
from clearparse.treebank.conllu import Block, parse_block
from clearparse.treebank.inspection import inconsistencies, seen_once
from clearparse.treebank.tree import projectivized

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
DEV = SAMPLE / "dev.conllu"

TWICE = """\
1\tGo\tgo\tVERB\tVB\t_\t0\troot\t_\t_
2\thome\thome\tADV\tRB\t_\t1\tadvmod\t_\t_

1\tYes\tyes\tINTJ\tUH\t_\t0\troot\t_\t_

1\tGo\tgo\tVERB\tVB\t_\t0\troot\t_\t_
2\thome\thome\tNOUN\tRB\t_\t1\tobl\t_\t_

1\tYes\tyes\tADV\tUH\t_\t0\troot\t_\t_

"""


def test_inconsistencies() -> None:
    block = parse_block(TWICE.encode(), path="twice", trees=True)
    (found,) = inconsistencies([block])  # one word alone can be many things
    assert found[:4] == ("twice", 6, "twice", 1)
    assert found.differing == {"UPOS": 1, "DEPREL": 1}
    assert {value for value, *_ in seen_once([block], 7)} == {b"advmod", b"obl"}


def test_likelihood_of_the_gold_transitions_by_hand(parser_model: Path) -> None:
    """Sentence by sentence, step by step, the probabilities by hand."""
    parser, block = load(parser_model).parser, parse_block(DEV.read_bytes(), trees=True)
    found = log_likelihoods(parser, Treebank.of([block]))
    assert (found < 0).all()
    for number in range(0, len(block), 9):
        assert found[number] == pytest.approx(_by_hand(parser, block[number].alone()), rel=1e-4)


def _by_hand(parser: object, block: Block) -> float:
    layout = Layout(block.sentences)
    system = SYSTEMS[parser.system](layout)  # type: ignore[attr-defined]
    heads = projectivized(block.heads(), block.sentences)  # as arc-standard learns it
    oracle = system.oracle(system, layout.heads_to_index(heads))  # type: ignore[attr-defined]
    greedy, active, found = parser.greedy(system, block.word_keys()), np.array([0]), []  # type: ignore[attr-defined]
    labels = [label.decode() for label in block.column(7)]
    while (legal := system.legal(active)).any():
        costs = oracle.costs(active)[0]
        situation = system.situation(active)
        transition = greedy.transitions.first[situation]
        if legal[0][greedy.transitions.kind].sum() > 1:
            y_hat, _ = softmax(greedy.extract(active)[-1], legal[:, greedy.transitions.kind])
            best = (-1.0, 0)
            for c, (kind, label) in enumerate(zip(greedy.transitions.kind, greedy.transitions.label, strict=True)):
                name = greedy.transitions.labels[label] if kind in (LEFT_ARC, RIGHT_ARC, ROOT_ARC) else ""
                word = system.dependent(active)[kind - 1][0] if name else 0
                if costs[kind] == costs.min() and (not name or labels[word - layout.first[0]] == name):
                    best = max(best, (float(y_hat[0, c]), c))
            found.append(np.log(best[0]))
            transition = np.array([best[1]])
        oracle.advance(active, greedy.transitions.kind[transition])
        system.apply(active, greedy.transitions.kind[transition], greedy.transitions.label[transition])
    return float(np.mean(found))


def test_an_unknown_relation_is_less_likely_than_a_known_one() -> None:
    text = (
        "1\tGo\tgo\tVERB\tVB\t_\t0\ttop\t_\t_\n2\tnot\tnot\tPART\tRB\t_\t3\ttop\t_\t_\n"
        "3\thome\thome\tADV\tRB\t_\t1\tplace\t_\t_\n4\tnow\tnow\tADV\tRB\t_\t1\ttime\t_\t_\n\n"
    )
    known = Treebank.of([parse_block(text.encode(), trees=True)])
    parser = initialize_parser(known, Config(transition_system="arc-hybrid"), np.random.default_rng(1))
    assert parser.transitions.labels == ["top", "place", "time"]
    novel = Treebank.of([parse_block(text.replace("place", "novel").encode(), trees=True)])
    assert log_likelihoods(parser, novel)[0] < log_likelihoods(parser, known)[0] - 1


def test_the_report(parser_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "twice.conllu"
    path.write_text(TWICE, encoding="utf-8")
    check_treebank.main([str(path)])
    output = capsys.readouterr().out
    assert f"{path}:6: differs from {path}:1 in UPOS of 1, DEPREL of 1 of 2 words: Go home" in output
    assert "relations that occur once: 2" in output
    check_treebank.main([str(DEV), "--model", str(parser_model), "--limit", "3"])
    assert "least likely trees" in capsys.readouterr().out


def test_control_characters_are_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.conllu"
    path.write_text("1\tGo\t_\tV\x1b[31m\t_\t_\t0\tr\x9boot\t_\t_\n\n", encoding="utf-8")
    check_treebank.main([str(path)])
    printed = capsys.readouterr().out
    assert f"  {path}:1: r\ufffdoot\n" in printed
    assert f"  {path}:1: V\ufffd[31m\n" in printed
    assert "\x1b" not in printed
