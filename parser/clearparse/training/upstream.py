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
from clearparse.training.parser_batches import Treebank
from clearparse.training.tagger_training import TaggerTraining
from clearparse.training.tokenizer_training import train_tokenizer
from clearparse.training.upstream_items import tagged_words
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


@dataclass(frozen=True)
class UpstreamTraining:
    """Training of the upstream stages on the blocks of a treebank.

    of_file: word vectors for tagger and sentence splitter, instead of `vectors`.
    silver: other sentences for the tagger to learn from too, silver_ratio words per word of the treebank in each epoch.
    jackknife: predict tags for the parser to learn from; without it, training takes half the time.
    """

    blocks: Sequence[Block]
    seed: int
    vectors: Vectors | None
    of_file: Vectors | None
    raw_text: Sequence[PathLike]
    silver: Treebank | None
    silver_ratio: float
    jackknife: bool

    def run(self, jobs: int, checkpoint: Checkpoint, log: Log) -> UpstreamStages:
        """Train the stages, those that do not depend on each other at the same time.

        Raises ClearparseError if there are more than MAX_TAGS distinct tags.
        """
        blocks, seed, vectors, of_file = self.blocks, self.seed, self.vectors, self.of_file
        words = tagged_words(Treebank.of(blocks))
        if (different := len(set(words.names))) > MAX_TAGS:
            raise ClearparseError(
                f"the training data have {different:,} different combinations of UPOS, XPOS and FEATS, too many for a"
                f" tagger (at most {MAX_TAGS:,}): do these columns hold anything but tags?"
            )
        silver = tagged_words(self.silver) if self.silver else None
        tagging = TaggerTraining(
            words, seed, of_file or vectors, vectors, silver, self.silver_ratio, jackknife=self.jackknife
        )
        log("stage", "tokenizer, lemmatizer, first network of the tagger")
        tokenizer = partial(train_tokenizer, blocks, seed, vectors=vectors, raw_text=self.raw_text, of_file=of_file)
        steps: dict[str, Step] = {"tokenizer": tokenizer, "lemmatizer": partial(train_lemmatizer, blocks, seed)}
        text_stage, lemma_stage, *_ = run_steps(steps | tagging.first.steps(checkpoint), jobs, checkpoint, log)
        log("stage", "second network of the tagger")
        tag_stage, tags = tagging.run(jobs, checkpoint, log)
        return UpstreamStages(text_stage, tag_stage, lemma_stage, tags)
