"""Training examples of the transition parser, and that it can fit them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clearparse.config import Config
from clearparse.errors import ClearparseError
from clearparse.features.precompute import PrecomputedLayer
from clearparse.features.vocabulary import UNKNOWN, Encoder
from clearparse.network.optimizers import Adam, MovingAverage
from clearparse.network.training import Schedule, fit
from clearparse.stages.transition_parser import TransitionParser
from clearparse.training import data
from clearparse.training.parser_batches import ParserBatches, Treebank, initialize_parser, labels_of
from clearparse.transition.decode import GreedyPolicy
from clearparse.transition.examples import Examples, OracleExamples
from clearparse.transition.layout import Layout
from clearparse.transition.system import LEFT_ARC, ROOT_ARC
from clearparse.transition.systems import SYSTEMS
from clearparse.transition.targets import OracleTargets
from clearparse.treebank.conllu import parse_block
from clearparse.treebank.tree import nonprojective_sentences

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample" / "train.conllu"
CONFIG = Config(embedding_dim=8, hidden_size=16, epochs=1, batch_size=256)


@pytest.fixture(scope="module")
def treebank() -> Treebank:
    whole = Treebank.of(data.read_treebanks([SAMPLE]).blocks)
    return whole.take(np.flatnonzero(~nonprojective_sentences(whole.heads, whole.sentences)))


def untrained(treebank: Treebank, system: str = "arc-hybrid") -> TransitionParser:
    config = replace(CONFIG, transition_system=system)
    return initialize_parser(treebank, config, np.random.default_rng(1))


def examples_of(parser: TransitionParser, treebank: Treebank, exploration: float) -> tuple[OracleExamples, Examples]:
    layout = Layout(treebank.sentences)
    system = SYSTEMS[parser.system](layout)
    targets = OracleTargets(system, parser.transitions, treebank.heads, treebank.labels)
    encoder, tables = Encoder(parser.vocabulary), PrecomputedLayer(parser.params, parser.features)
    types = layout.spread(encoder.types(treebank.keys), null=0, root=1)
    tables.extend(encoder.rows())
    greedy = GreedyPolicy(system, parser.transitions, parser.features, tables, types)
    made = OracleExamples(greedy, targets, encoder.rows()[types], exploration, np.random.default_rng(2))
    return made, made.run()


@pytest.mark.parametrize("system", SYSTEMS)
def test_without_exploration_the_gold_trees_are_built(treebank: Treebank, system: str) -> None:
    parser = untrained(treebank, system)
    made, examples = examples_of(parser, treebank, exploration=0.0)
    built = made.greedy.system
    assert np.array_equal(built.layout.index_to_heads(built.head), treebank.heads)
    labels = [parser.transitions.labels[i - 1] for i in built.label[built.layout.words]]
    assert labels == treebank.labels
    assert len(examples.target) <= 2 * len(treebank.keys)  # where a move is forced there is nothing to learn
    assert parser.transitions.legal[examples.situation, examples.target].all()


@pytest.mark.parametrize("right_to_left", [False, True])
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_sentence_alone_is_parsed_as_in_a_block(treebank: Treebank, system: str, right_to_left: bool) -> None:
    random = untrained(treebank, system)
    parts = random.params, random.features, random.system, random.transitions
    parser = TransitionParser(*parts, right_to_left=right_to_left)
    [block] = data.read_treebanks([SAMPLE]).blocks
    heads, deprels, probability = parser.parse_with_probabilities(block)
    for number in range(0, len(block), 5):
        words = slice(*block.sentences[number : number + 2])
        alone = parser.parse_with_probabilities(block[number].alone())
        assert alone[0].tolist() == heads[words].tolist()
        assert alone[1] == deprels[words]
        np.testing.assert_allclose(alone[2], probability[words], atol=1e-6)


def test_exploration_follows_the_parser(treebank: Treebank) -> None:
    parser = untrained(treebank)
    made, examples = examples_of(parser, treebank, exploration=1.0)
    built = made.greedy.system
    assert not np.array_equal(built.layout.index_to_heads(built.head), treebank.heads)
    kinds = parser.transitions.kind[examples.target]
    assert LEFT_ARC in kinds
    assert ROOT_ARC not in kinds  # the sample has one root label, so the arc from ROOT is always forced


def test_arc_labels_and_root_labels_are_kept_apart(treebank: Treebank) -> None:
    left, right, root = labels_of(treebank)
    assert root == ["root"]
    assert "root" not in (*left, *right)
    assert left[0] == "det"
    assert right[0] == "punct"
    assert "amod" in left
    assert "conj" not in left


def test_a_direction_without_arcs_gets_the_labels_of_the_other() -> None:
    def labels(heads: list[int], deprels: list[str]) -> tuple[list[str], list[str], list[str]]:
        keys = [b"a\ta\tX\tX\t_"] * len(heads)
        return labels_of(Treebank(keys, deprels, np.array(heads, np.int32), np.array([0, len(heads)])))

    assert labels([0], ["root"]) == (["root"], ["root"], ["root"])
    assert labels([2, 0], ["det", "root"]) == (["det"], ["det"], ["root"])
    assert labels([0, 1], ["root", "obj"]) == (["obj"], ["obj"], ["root"])


def test_word_dropout_hides_the_form_only(treebank: Treebank) -> None:
    parser = untrained(treebank)
    config = replace(CONFIG, word_dropout=0.5, explore_from=9)
    parser_batches = ParserBatches(parser, treebank, config, np.random.default_rng(1))
    plain = ParserBatches(parser, treebank, replace(config, word_dropout=0.0), np.random.default_rng(1))
    slots = [i for i, slot in enumerate(parser.features.slots) if str(slot) == "form: b0"]
    tags = [i for i, slot in enumerate(parser.features.slots) if str(slot) == "xpos: b0"]
    unknown = parser.vocabulary.first["form"] + UNKNOWN
    hidden, seen = (np.concatenate([batch.w for batch in each.batches(0)]) for each in (parser_batches, plain))
    assert (hidden[:, slots] == unknown).mean() > (seen[:, slots] == unknown).mean() + 0.1
    assert not (hidden[:, tags] == parser.vocabulary.first["xpos"] + UNKNOWN).any()


def test_batches_have_every_example_once_and_the_progress(treebank: Treebank) -> None:
    config = replace(CONFIG, epochs=2, section=50, explore_from=9)
    parser_batches = ParserBatches(untrained(treebank), treebank, config, np.random.default_rng(1))
    batches = list(parser_batches.batches(1))
    progress = [batch.progress for batch in batches]
    assert progress == sorted(progress)
    assert 0.5 <= progress[0] < progress[-1] < 1
    assert max(len(batch.w) for batch in batches) == config.batch_size
    _, examples = examples_of(untrained(treebank), treebank, exploration=0.0)
    assert abs(sum(len(batch.w) for batch in batches) - len(examples.target)) < 0.2 * len(examples.target)


def test_a_treebank_with_unknown_labels_is_refused(treebank: Treebank) -> None:
    parser = untrained(treebank)
    with pytest.raises(ClearparseError, match="labels of the training data: novel"):
        ParserBatches(
            parser, replace(treebank, labels=["novel", *treebank.labels[1:]]), CONFIG, np.random.default_rng(1)
        )


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_parser_can_overfit_a_few_sentences(treebank: Treebank, system: str) -> None:
    few = treebank.take(np.arange(10))
    config = replace(
        CONFIG,
        hidden_size=64,
        embedding_dim=32,
        word_dropout=0.0,
        transition_system=system,
        batch_size=64,
        min_count=1,
        epochs=30,
    )
    rng = np.random.default_rng(3)
    parser = initialize_parser(few, config, rng)
    parser_batches = ParserBatches(parser, few, config, rng)
    average = MovingAverage(parser.params, 0.9)
    fit(
        parser.params, parser_batches.batches, epochs=config.epochs, optimizer=Adam(0.01), average=average,
        schedule=Schedule(0.01, 0.1, 0.1), dropout=0.0, slot_dropout=0.0, max_norm=5.0, rng=rng,
        log=lambda J, B: None, stop=lambda epoch, params: False,
    )  # fmt: skip
    made, _ = examples_of(parser.with_parameters(average.parameters()), few, exploration=1.0)
    assert (made.greedy.system.layout.index_to_heads(made.greedy.system.head) == few.heads).mean() > 0.98


def test_the_default_config_grows_with_the_treebank() -> None:
    batches = [Config().for_data(words, 0).batch_size for words in (1, 10_000, 50_000, 200_000, 10**7)]
    assert batches == [64, 64, 256, 1024, 1024]
    assert [Config().for_data(words, 0).epochs for words in (1, 50_000, 200_000, 10**7)] == [28, 28, 14, 14]
    chosen = [Config().for_data(9, part).transition_system for part in (0, 0.05, 0.2)]
    assert chosen == ["arc-standard", "arc-standard", "arc-standard-swap"]
    chosen = Config(epochs=3, batch_size=7, patience=2, transition_system="arc-standard")
    assert chosen.for_data(10**6, 0.5) == chosen


def test_a_parser_gives_an_empty_block_no_trees(treebank: Treebank) -> None:
    heads, labels = untrained(treebank).parse(parse_block(b"# nothing\n"))
    assert len(heads) == len(labels) == 0
