"""Training of the upstream stages: tokenizer, tagger, lemmatizer; and predicted tags for the parser."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

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
from clearparse.training.parallel_steps import Step, run_steps
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
from clearparse.training.window_batches import NOMINAL_ITEMS, Items, build_and_train
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
    embedding_dim=16, hidden_size=64, epochs=10, batch_size=256, dropout=0.3, slot_dropout=0.1, min_count=3
)
FEW_TOKENS = 200_000  # with copies; with fewer, the multiword splitter learns from every form
MULTIWORD_OF_FEW_TOKENS = replace(MULTIWORD, epochs=15, word_dropout=0.25, min_count=1)
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
    log: Log = QUIET,
    *,
    vectors: Vectors | None = None,
    raw_text: Sequence[PathLike] = (),
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
    rules = rules_in_context(tokens)
    few = len(rules) < FEW_TOKENS
    for_multiword = MULTIWORD_OF_FEW_TOKENS if few else MULTIWORD
    of_multiword = multiword.TEMPLATE + multiword.FOR_FEW_TOKENS * few + (multiword.CLUSTERS if vectors else "")
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


@dataclass(frozen=True)
class TaggerTraining:
    """Training of a tagger on tagged words.

    vectors: initial embeddings. fold_vectors: those of the networks for the jackknifed tags: see Jackknife.
    silver: tagged words of other sentences to learn from too, silver_ratio per treebank word in each epoch.
    jackknife: if False, the second network is trained on all sentences only, and there are no jackknifed tags.
    """

    words: Items
    seed: int
    vectors: Vectors | None = None
    fold_vectors: Vectors | None = None
    silver: Items | None = None
    silver_ratio: float = 0.0
    jackknife: bool = True

    @property
    def first(self) -> Jackknife:
        """The training of the first network."""
        config = replace(FIRST_TAGS, epochs=16) if self.silver else FIRST_TAGS
        return self._jackknife(tagger.FIRST, self.words, self.silver, config, config)

    def first_steps(self, checkpoint: Checkpoint) -> dict[str, Step]:
        """The steps that train the first network, without those that the checkpoint has the results of."""
        return self.first.steps("first tags", FOLDS, checkpoint)

    def run(self, jobs: int, checkpoint: Checkpoint, log: Log = QUIET) -> tuple[Tagger, list[bytes]]:
        """The tagger, and jackknifed tags of all words (see tagged_words)."""
        run_steps(self.first_steps(checkpoint), jobs, checkpoint, log)
        first, first_tags = self.first.results("first tags", FOLDS, checkpoint)
        words, silver = replace(self.words, keys=with_tags(self.words.keys, without_marks(first_tags))), self.silver
        if silver:
            silver = replace(silver, keys=retagged_keys(silver.keys, silver.rows, first))
        shorter = replace(TAGS, epochs=tag_epochs(len(words)))
        training = self._jackknife(tagger.SECOND, words, silver, TAGS if silver else shorter, shorter)
        folds = FOLDS if self.jackknife else 0
        run_steps(training.steps("tags", folds, checkpoint), jobs, checkpoint, log)
        second, tags = training.results("tags", folds, checkpoint)
        decided = [one if one.endswith(SURE) else other for one, other in zip(first_tags, tags, strict=True)]
        return Tagger(first, second), without_marks(decided)

    def _jackknife(
        self, template: str, words: Items, silver: Items | None, config: NetworkConfig, fold_config: NetworkConfig
    ) -> Jackknife:
        if silver:  # much more data need less dropout
            config, fold_config = (
                replace(each, silver_ratio=self.silver_ratio, dropout=0.2, slot_dropout=0.05, word_dropout=0.05)
                for each in (config, fold_config)
            )
        clusters = tagger.CLUSTERS if self.vectors else ""
        return Jackknife(
            template + clusters, words, config, fold_config, self.seed, self.vectors, self.fold_vectors, silver
        )


def tag_epochs(words: int) -> int:
    """Epochs of the second network: for large treebanks, half as many as for small ones are as accurate.

    All three tags were right for 93.99, 94.00 and 93.97 % of the words of a fourth of EWT (204,577 words) with 20, 10
    and 7 epochs. Turkish IMST (37,000 words) needs all: 80.19, 79.91 and 77.39 % on dev with 20, 10 and 5.
    """
    return max(round(TAGS.epochs * min(math.sqrt(NOMINAL_ITEMS / words), 1)), TAGS.epochs // 2)


def without_marks(tags: Iterable[bytes]) -> list[bytes]:
    """Tags without SURE at their end."""
    return [each.removesuffix(SURE) for each in tags]


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
    """Train the upstream stages, those that do not depend on each other at the same time.

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
    tagging = TaggerTraining(words, seed, of_file or vectors, vectors, silver, silver_ratio, jackknife)
    log("stage", "tokenizer, lemmatizer, first network of the tagger")
    steps: dict[str, Step] = {
        "tokenizer": partial(train_tokenizer, blocks, seed, vectors=vectors, raw_text=raw_text, of_file=of_file),
        "lemmatizer": partial(train_lemmatizer, blocks, seed),
    }
    text_stage, lemma_stage, *_ = run_steps(steps | tagging.first_steps(checkpoint), jobs, checkpoint, log)
    log("stage", "second network of the tagger")
    tag_stage, tags = tagging.run(jobs, checkpoint, log)
    return UpstreamStages(text_stage, tag_stage, lemma_stage, tags)
