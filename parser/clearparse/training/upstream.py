"""Training of the upstream stages: tokenizer, tagger, lemmatizer; and predicted tags for the parser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from clearparse.errors import ClearparseError
from clearparse.io.files import PathLike
from clearparse.stages.lemmatizer import Lemmatizer
from clearparse.stages.tagger import Tagger
from clearparse.stages.tokenizer import Tokenizer
from clearparse.training.checkpoint import Checkpoint
from clearparse.training.lemmatizer_training import train_lemmatizer
from clearparse.training.log import Log
from clearparse.training.parallel_steps import Step, run_steps
from clearparse.training.tagger_training import TaggerTraining
from clearparse.training.tokenizer_training import train_tokenizer
from clearparse.training.upstream_items import tagged_words
from clearparse.training.window_batches import Items
from clearparse.training.word_vectors import Vectors
from clearparse.treebank.conllu import Block

MAX_TAGS = 10_000  # different ones; each is a class of the last layer


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
    text_stage, lemma_stage, *_ = run_steps(steps | tagging.first.steps(checkpoint), jobs, checkpoint, log)
    log("stage", "second network of the tagger")
    tag_stage, tags = tagging.run(jobs, checkpoint, log)
    return UpstreamStages(text_stage, tag_stage, lemma_stage, tags)
