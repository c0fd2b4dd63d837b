"""Training of the lemmatizer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from clearparse.config import NetworkConfig
from clearparse.features.word_keys import upos_of, with_tags
from clearparse.stages import lemmatizer
from clearparse.stages.lemmatizer import Lemmatizer, Lexicon, lookup_key, short_key
from clearparse.training.checkpoint import CLASSIFIER, Checkpoint
from clearparse.training.log import QUIET, Log
from clearparse.training.upstream_items import most_frequent, shared_rules_of
from clearparse.training.window_batches import build_and_train
from clearparse.treebank.conllu import FEATS, LEMMA, UPOS, Block

LEMMAS = NetworkConfig(
    embedding_dim=16,
    hidden_size=96,
    epochs=10,
    batch_size=512,
    dropout=0.1,
    slot_dropout=0.05,
    word_dropout=0,
    min_count=3,
)


def train_lemmatizer(blocks: Iterable[Block], seed: int, checkpoint: Checkpoint, log: Log = QUIET) -> Lemmatizer:
    """Train a lemmatizer on the most frequent lemma of each tagged word of the treebank."""
    counts: dict[bytes, Counter[bytes]] = {}
    for block in blocks:
        keys = [lookup_key(key) for key in with_tags(block.word_keys(), block.columns(UPOS, FEATS))]
        for key, lemma in zip(keys, block.column(LEMMA), strict=True):
            counts.setdefault(key, Counter())[lemma] += 1
    lemmas = {key: most_frequent(of) for key, of in counts.items()}
    known: dict[bytes, set[bytes]] = {}
    for key, lemma in lemmas.items():
        known.setdefault(upos_of(key), set()).add(lemma)
    items = shared_rules_of(lemmas)
    classifier = checkpoint.get_or_compute(
        "lemmas",
        CLASSIFIER,
        lambda: build_and_train(lemmatizer.TEMPLATE, items, LEMMAS, [seed, 3], log=log, name="lemmas"),
    )
    exceptions: dict[bytes, bytes] = {}
    found = Lexicon({upos: frozenset(of) for upos, of in known.items()}, exceptions)
    for name in (short_key, bytes):  # one exception for all of a verb's persons; where that is wrong, one for each
        by_name: dict[bytes, Counter[bytes]] = {}
        for key, of in counts.items():
            by_name.setdefault(name(key), Counter()).update(of)
        made = Lemmatizer(classifier, found).lemmas(list(counts))
        wrong = [name(key) for key, lemma in zip(counts, made, strict=True) if lemma != lemmas[key]]
        exceptions.update({each: most_frequent(by_name[each]) for each in wrong})
    return Lemmatizer(classifier, found)
