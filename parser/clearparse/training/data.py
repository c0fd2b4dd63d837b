"""What a training run reads: annotated sentences, a part of them held out where no dev file is given, a summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clearparse.errors import FileError
from clearparse.io.files import checksum
from clearparse.stages.transition_parser import TransitionParser
from clearparse.transition.systems import SYSTEMS
from clearparse.treebank.conllu import DEPREL, FEATS, FORM, UPOS, XPOS, Block, parse_block, read_blocks
from clearparse.treebank.tree import nonprojective_sentences, roots_per_sentence

FEWEST = 10  # sentences; of fewer none is held out
MANY_LABELS = 200  # UD's largest treebanks have about 60 relations with their subtypes
MANY_TAGS = {"UPOS": (UPOS, 100), "XPOS": (XPOS, 5000), "FEATS": (FEATS, 5000)}  # beyond it something is odd
NAMED = 20  # labels that a message names


@dataclass(frozen=True)
class Data:
    """Blocks of one part (train or dev) and where they are from, for the record."""

    blocks: list[Block]
    sources: list[dict[str, Any]]

    @property
    def sentences(self) -> int:
        return sum(map(len, self.blocks))

    @property
    def words(self) -> int:
        return sum(len(block.fields) for block in self.blocks)

    @property
    def nonprojective(self) -> int:
        """How many sentences have crossing arcs."""
        return sum(int(nonprojective_sentences(block.heads(), block.sentences).sum()) for block in self.blocks)


def read_treebanks(paths: Sequence[str | Path]) -> Data:
    """All sentences of some annotated files. Raises FileError, also where a file has no sentence."""
    blocks, sources = [], []
    for path in map(str, paths):
        of_file = [block for block in read_blocks(path, trees=True) if len(block)]
        if not of_file:
            raise FileError(path, "no sentences")
        sources.append({"path": path, "sentences": sum(map(len, of_file)), "sha256": checksum(path)})
        blocks += of_file
    return Data(blocks, sources)


def hold_out(data: Data, part: float, seed: int) -> tuple[Data, Data]:
    """The data without a part of its sentences, and that part, drawn by the seed."""
    sentences = [sentence for block in data.blocks for sentence in block]
    if len(sentences) < FEWEST:
        told = f"the training data itself: {len(sentences)} sentences are too few to hold any out"
        return data, Data(data.blocks, [{"path": told, "sentences": len(sentences)}])
    held = max(1, round(len(sentences) * part))
    chosen = set(np.random.default_rng(seed).permutation(len(sentences))[:held].tolist())
    kept, dev = bytearray(), bytearray()
    for i, sentence in enumerate(sentences):
        (dev if i in chosen else kept).extend(sentence.conllu)
    path = " + ".join(source["path"] for source in data.sources)
    source = {"path": f"{held} sentences held out of {path} (seed {seed})", "sentences": held}
    train, dev_block = (parse_block(bytes(text), path=path, trees=True) for text in (kept, dev))
    return Data([train], data.sources), Data([dev_block], [source])


def summary(train: Data, dev: Data, parser: TransitionParser) -> Iterator[str]:
    """What was read, a line each, and what in it is unusual."""
    m, V, C, labels = parser.features.m, parser.features.V, len(parser.transitions.kind), parser.transitions.labels
    yield f"train     {train.sentences:,} sentences, {train.words:,} words"
    yield f"dev       {dev.sentences:,} sentences, {dev.words:,} words, {_unknown(train, dev):.1f} % not seen in train"
    yield f"model     {m} slots, {V:,} rows of L, {C} classes ({len(labels)} labels)"
    if crossed := train.nonprojective:
        share = 100 * crossed / train.sentences
        training = SYSTEMS[parser.system].nonprojective_training()
        yield f"note      {crossed:,} sentences ({share:.1f} %) are not projective: {training}"
    several = sum(int((roots_per_sentence(block.heads(), block.sentences) > 1).sum()) for block in train.blocks)
    if several:
        yield f"warning   {several:,} training sentences have several roots; what is parsed always has one"
    if len(labels) > MANY_LABELS:
        yield f"warning   {len(labels)} labels: is DEPREL really column 8 of this file?"
    unseen = sorted({label.decode() for block in dev.blocks for label in block.column(DEPREL)}.difference(labels))
    if unseen:
        more = f" and {len(unseen) - NAMED} more" * (len(unseen) > NAMED)
        yield f"warning   labels that only dev has: {' '.join(unseen[:NAMED])}{more}"
    for name, (column, many) in MANY_TAGS.items():
        if (tags := len({tag for block in train.blocks for tag in block.column(column)})) > many:
            yield f"warning   {tags:,} different {name}: is there something in column {column + 1} that is not a tag?"
    if all(block.is_empty(UPOS) for block in train.blocks):
        yield "warning   the training data have no UPOS tags; without tags trees are much worse"


def _unknown(train: Data, dev: Data) -> float:
    """The share of dev's words whose form train does not have, in per cent."""
    seen = {form for block in train.blocks for form in block.column(FORM)}
    forms = [form for block in dev.blocks for form in block.column(FORM)]
    return 100 * sum(form not in seen for form in forms) / len(forms)
