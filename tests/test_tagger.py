"""The tagger asks its second network only about the words of which the first is not sure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clearparse.features.precompute import PrecomputedLayer
from clearparse.features.type_cache import FIRST
from clearparse.features.vocabulary import factorize
from clearparse.features.word_keys import with_tags, without_tags
from clearparse.model.model import load
from clearparse.stages import tagger
from clearparse.stages.tagger import SURE, Tagger, marked_tags, retagged_keys
from clearparse.stages.window import NO_VALUES, WindowClassifier
from clearparse.training.checkpoint import Checkpoint
from clearparse.training.jackknife import Jackknife
from clearparse.training.parser_batches import Treebank
from clearparse.training.tagger_training import TaggerTraining, tag_epochs
from clearparse.training.upstream_items import tagged_words
from clearparse.treebank.conllu import Block, parse_block

CHECKOUT = Path(__file__).resolve().parents[1]
MODEL = CHECKOUT / "tests" / "data" / "format-1.model"
NOISE = 4e-5  # far more than rounding does


@pytest.fixture(scope="module")
def block() -> Block:
    return parse_block((CHECKOUT / "data" / "sample" / "dev.conllu").read_bytes())


@pytest.fixture
def trained() -> Tagger:
    found = load(MODEL).stages.tagger
    assert found
    return found


def leads(network: WindowClassifier, keys: list[bytes], sentences: np.ndarray) -> np.ndarray:
    """How far each word's best score is above all others, in double precision."""
    types = network.window.around(*network.window.spread(network.cache.types(keys), sentences))
    exact = np.sort(network.cache.layer.exact_theta(types, NO_VALUES), axis=1)
    return exact[:, -1] - exact[:, -2]


def test_the_margin_is_exact(trained: Tagger, block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a margin is exactly that of a word, and scores are rounded in many ways, it is still right."""
    keys = without_tags(block.word_keys())
    distinct, which = factorize(keys)
    lead = leads(trained.first, keys, block.sentences)
    rng, theta = np.random.default_rng(3), PrecomputedLayer.theta

    def off(self: PrecomputedLayer, types: np.ndarray, values: np.ndarray) -> np.ndarray:
        exact = theta(self, types, values)
        return exact + rng.uniform(-NOISE, NOISE, exact.shape).astype(exact.dtype)

    monkeypatch.setattr(PrecomputedLayer, "theta", off)
    labels = trained.first.classify(distinct, block.sentences, which)
    for margin in np.sort(lead)[:: len(lead) // 20]:
        found, sure = trained.first.classify_with_margin(distinct, block.sentences, which, margin)
        assert (sure == (lead >= margin)).all()
        assert (found == labels).all()


@pytest.mark.parametrize("most", [40, 1 << 20])
def test_the_second_network_decides_where_the_first_is_not_sure(
    trained: Tagger, block: Block, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sees the first network's tags of all words, also in parts that fit into small tables."""
    monkeypatch.setattr(tagger, "MARGIN", 0.5)  # with more, this model would always follow the second network
    keys = without_tags(block.word_keys())
    sure = leads(trained.first, keys, block.sentences) >= tagger.MARGIN
    names, others = trained.first.encoded_classes, trained.second.encoded_classes
    each = np.arange(len(keys))
    first = [names[k] for k in trained.first.classify(keys, block.sentences, each).tolist()]
    second = [others[k] for k in trained.second.classify(with_tags(keys, first), block.sentences, each).tolist()]
    expected = [one if certain else other for one, other, certain in zip(first, second, sure.tolist(), strict=True)]
    assert first != expected != second
    monkeypatch.setattr(PrecomputedLayer, "max_types", property(lambda self: most))
    assert trained.tags(block.word_keys(), block.sentences) == expected
    assert retagged_keys(block.word_keys(), block.sentences, trained) == with_tags(keys, expected)
    assert retagged_keys(block.word_keys(), block.sentences, trained.first) == with_tags(keys, first)
    marked = marked_tags(trained.first, keys, block.sentences)
    assert marked == [tags + SURE * certain for tags, certain in zip(first, sure.tolist(), strict=True)]


def test_networks_with_other_classes(trained: Tagger, block: Block) -> None:
    """A model whose networks number their classes differently gives the same tags."""
    params, n = trained.second.params, len(trained.second.classes)
    order = np.random.default_rng(1).permutation(n)
    shuffled = params._replace(U=params.U[:, order], b_2=params.b_2[:, order])
    classes = [trained.second.classes[k] for k in order.tolist()]
    other = Tagger(trained.first, WindowClassifier(shuffled, trained.second.window, classes))
    assert other.tags(block.word_keys(), block.sentences) == trained.tags(block.word_keys(), block.sentences)


def test_the_parser_learns_from_the_tags_that_it_will_see(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    """The jackknifed tags are the first network's where it is sure."""
    runs = []

    def results(self: Jackknife, checkpoint: Checkpoint) -> tuple[object, list[bytes]]:
        runs.append(self)
        words = range(len(self.items.keys))
        return None, [b"%s\t_\t_" % self.name.encode() + SURE * (k % 3 == 0) for k in words]

    monkeypatch.setattr(Jackknife, "steps", lambda self, checkpoint: {})
    monkeypatch.setattr(Jackknife, "results", results)
    items = tagged_words(Treebank.of([block]))
    _, tags = TaggerTraining(items, 1).run(1, Checkpoint())
    assert tags == [(b"first tags" if k % 3 == 0 else b"tags") + b"\t_\t_" for k in range(len(items.keys))]
    assert all(key.endswith(b"\tfirst tags\t_\t_") for key in runs[1].items.keys)


def test_large_treebanks_need_fewer_epochs() -> None:
    assert [tag_epochs(words) for words in (1, 50_000, 100_000, 200_000, 2_000_000)] == [20, 20, 14, 10, 10]


def test_only_words_in_a_window_get_a_type(trained: Tagger, block: Block) -> None:
    classifier = trained.first.with_parameters(trained.first.params)
    keys, which = factorize(without_tags(block.word_keys()))
    classifier.classify(keys, block.sentences, which, np.array([0]))
    assert classifier.cache.layer.types == FIRST + len(set(which[: classifier.window.reach + 1].tolist()))
