"""Training of the upstream stages: tokenizer, tagger, lemmatizer; and predicted tags for the parser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from clearparse.config import NetworkConfig
from clearparse.errors import ClearparseError
from clearparse.io.files import PathLike
from clearparse.stages import lemmatizer, multiword, tagger, tokenizer
from clearparse.stages.lemmatizer import Lemmatizer, Lexicon, lookup_key, short_key
from clearparse.stages.multiword import MultiwordSplitter
from clearparse.stages.split_rules import SplitForms
from clearparse.stages.tagger import SURE, Tagger, retagged_keys, with_tags
from clearparse.stages.tokenizer import Tokenizer
from clearparse.stages.window import WindowClassifier
from clearparse.training.checkpoint import CLASSIFIER, Checkpoint
from clearparse.training.jackknife import Jackknife
from clearparse.training.known_words import divided_words, known_words
from clearparse.training.log import QUIET, Log
from clearparse.training.typography import FOR_SENTENCES, FOR_TOKENS, altered_paragraphs
from clearparse.training.upstream_items import (
    characters_of,
    most_frequent,
    rules_in_context,
    rules_of,
    sentence_ends_of,
    shared_rules_of,
    tagged_words,
)
from clearparse.training.window_batches import Items, build_and_train
from clearparse.training.word_vectors import Vectors
from clearparse.treebank.conllu import FEATS, LEMMA, UPOS, Block
from clearparse.treebank.tokens import paragraphs_of, tokens_in

MAX_TAGS = 10_000  # different ones; each is a class of the last layer
FOLDS = 4  # of the training data, each tagged by networks that were trained on the others

CHARACTERS = NetworkConfig(
    embedding_dim=32, hidden_size=256, epochs=80, batch_size=512, dropout=0.3, slot_dropout=0.2, word_dropout=0.02
)
SENTENCES = NetworkConfig(
    embedding_dim=16, hidden_size=128, epochs=12, batch_size=512, dropout=0.4, word_dropout=0.2, min_count=3
)
MULTIWORD = NetworkConfig(
    embedding_dim=16,
    hidden_size=64,
    epochs=15,
    batch_size=256,
    dropout=0.3,
    slot_dropout=0.1,
    word_dropout=0.25,
    min_count=3,
)
FEW_TOKENS = 200_000  # with copies; with fewer, the multiword splitter learns from every form (min_count 1)
FIRST_TAGS = NetworkConfig(embedding_dim=32, hidden_size=128, epochs=8, batch_size=512)
TAGS = NetworkConfig(embedding_dim=32, hidden_size=256, epochs=20, batch_size=512)
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


def train_tokenizer(
    blocks: Iterable[Block],
    seed: int,
    checkpoint: Checkpoint,
    vectors: Vectors | None = None,
    raw_text: Sequence[PathLike] = (),
    log: Log = QUIET,
    *,
    of_file: Vectors | None = None,
) -> Tokenizer:
    """Train a tokenizer on a treebank: tokens, sentences and multiword tokens.

    vectors: word vectors and clusters for multiword tokens and the sentence splitter; of_file: for the latter, instead.
    raw_text: files from which it learns which short words are abbreviations.
    """
    plain = list(paragraphs_of(blocks))
    known = known_words(plain, raw_text)
    for_tokens, for_sentences = (
        plain + altered_paragraphs(plain, known, rates.for_treebank(plain), np.random.default_rng([seed, 6]))
        for rates in (FOR_TOKENS, FOR_SENTENCES)
    )
    tokens = list(map(tokens_in, for_tokens))
    spaces = any(" " in token.form for paragraph in tokens for token in paragraph)

    def trained(
        name: str, template: str, items: Items, config: NetworkConfig, k: int, vectors: Vectors | None = None
    ) -> WindowClassifier:
        return checkpoint.get_or_compute(
            name, CLASSIFIER, lambda: build_and_train(template, items, config, [seed, k], vectors, log=log, name=name)
        )

    divided = divided_words(map(tokens_in, plain))
    of_sentences = tokenizer.SENTENCES + (tokenizer.CLUSTERS if of_file or vectors else "")
    of_characters = characters_of(tokens, known, divided, spaces=spaces)
    of_multiword = multiword.TEMPLATE + (multiword.CLUSTERS if vectors else "")
    rules = rules_in_context(tokens)
    for_multiword = replace(MULTIWORD, min_count=1) if len(rules) < FEW_TOKENS else MULTIWORD
    splitter = trained("multiword", of_multiword, rules, for_multiword, 2, vectors)
    return Tokenizer(
        trained("characters", tokenizer.CHARACTERS, of_characters, CHARACTERS, 0),
        trained("sentences", of_sentences, sentence_ends_of(for_sentences, known), SENTENCES, 1, of_file or vectors),
        MultiwordSplitter(splitter, SplitForms.of(rules_of(token for each in plain for token in tokens_in(each)))),
        spaces,
        known,
        divided,
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
        known.setdefault(key.split(b"\t")[2], set()).add(lemma)
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


def train_tagger(
    items: Items,
    seed: int,
    vectors: Vectors | None,
    jobs: int,
    checkpoint: Checkpoint,
    log: Log = QUIET,
    *,
    silver: Items | None = None,
    silver_ratio: float = 0.0,
    jackknife: bool = True,
) -> tuple[Tagger, list[bytes]]:
    """Train a tagger; also return jackknifed tags of all words (see tagged_words).

    silver: tagged words of other sentences to learn from too, silver_ratio per treebank word in each epoch.
    jackknife: if False, the second network is trained on all sentences only, and the list of tags is empty.
    """
    clusters = tagger.CLUSTERS if vectors else ""
    first_config, second_config = FIRST_TAGS, TAGS
    if silver:  # much more data need less dropout and longer training
        first_config, second_config = (
            replace(each, silver_ratio=silver_ratio, dropout=0.2, slot_dropout=0.05, word_dropout=0.05)
            for each in (replace(FIRST_TAGS, epochs=16), TAGS)
        )
    first, first_tags = Jackknife(tagger.FIRST + clusters, items, first_config, seed, vectors, silver, log).run(
        "first tags", jobs, checkpoint, FOLDS
    )
    without_marks = [tags.removesuffix(SURE) for tags in first_tags]
    items = replace(items, keys=with_tags(items.keys, without_marks))
    if silver:
        silver = replace(silver, keys=retagged_keys(silver.keys, silver.rows, first))
    second, tags = Jackknife(tagger.SECOND + clusters, items, second_config, seed, vectors, silver, log).run(
        "tags", jobs, checkpoint, FOLDS if jackknife else 0
    )
    known = [one if one.endswith(SURE) else other for one, other in zip(first_tags, tags, strict=True)]
    return Tagger(first, second), [each.removesuffix(SURE) for each in known]


@dataclass(frozen=True)
class UpstreamStages:
    """The upstream stages, and predicted tags of the training data, from which the parser learns."""

    tokenizer: Tokenizer
    tagger: Tagger
    lemmatizer: Lemmatizer
    tags: list[bytes]


def train_upstream(
    blocks: Sequence[Block],
    seed: int,
    vectors: Vectors | None,
    raw_text: Sequence[PathLike],
    jobs: int,
    checkpoint: Checkpoint,
    log: Log,
    *,
    silver: Items | None = None,
    silver_ratio: float = 0.0,
    jackknife: bool,
    of_file: Vectors | None = None,
) -> UpstreamStages:
    """Train the upstream stages one after another.

    silver: tagged words of other sentences for the tagger to learn from too, silver_ratio per word in each epoch.
    jackknife: predict tags for the parser to learn from; without it, training takes half the time.
    of_file: word vectors for tagger and sentence splitter, instead of `vectors`.
    Raises ClearparseError if there are more than MAX_TAGS distinct tags.
    """
    words = tagged_words(blocks)
    if (different := len(set(words.names))) > MAX_TAGS:
        raise ClearparseError(
            f"the training data have {different:,} different combinations of UPOS, XPOS and FEATS, too many for a"
            f" tagger (at most {MAX_TAGS:,}): do these columns hold anything but tags?"
        )
    log("stage", "tokenizer")
    text_stage = train_tokenizer(blocks, seed, checkpoint, vectors, raw_text, log, of_file=of_file)
    log("stage", "tagger")
    tag_stage, tags = train_tagger(
        words, seed, of_file or vectors, jobs, checkpoint, log,
        silver=silver, silver_ratio=silver_ratio, jackknife=jackknife,
    )  # fmt: skip
    log("stage", "lemmatizer")
    return UpstreamStages(text_stage, tag_stage, train_lemmatizer(blocks, seed, checkpoint, log), tags)
