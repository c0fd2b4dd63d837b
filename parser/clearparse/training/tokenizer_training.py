"""Training of the tokenizer: tokens, sentences and multiword tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from clearparse.config import NetworkConfig
from clearparse.io.files import PathLike
from clearparse.stages import multiword, tokenizer
from clearparse.stages.multiword import MultiwordSplitter
from clearparse.stages.split_rules import SplitForms
from clearparse.stages.tokenizer import Tokenizer
from clearparse.stages.window import WindowClassifier
from clearparse.training.checkpoint import CLASSIFIER, Checkpoint
from clearparse.training.known_words import divided_words, known_words
from clearparse.training.log import QUIET, Log
from clearparse.training.typography import FOR_SENTENCES, FOR_TOKENS, altered_paragraphs
from clearparse.training.upstream_items import characters_of, rules_in_context, rules_of, sentence_ends_of
from clearparse.training.window_batches import Items, build_and_train
from clearparse.training.word_vectors import Vectors
from clearparse.treebank.conllu import Block
from clearparse.treebank.tokens import paragraphs_of, tokens_in

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
