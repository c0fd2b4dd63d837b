"""Training and dev data: annotated sentences from files or from memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import PurePath
from typing import Any

import numpy as np

from clearparse.errors import ClearparseError, FileError
from clearparse.io.checksum import checksum
from clearparse.stages.transition_parser import TransitionParser
from clearparse.transition.systems import SYSTEMS
from clearparse.treebank.conllu import DEPREL, FEATS, FORM, UPOS, XPOS, Block, Sentence, parse_block, read_blocks
from clearparse.treebank.inspection import count_nonprojective, count_several_roots

MIN_SENTENCES = 10  # with fewer, no sentences are held out
MANY_LABELS = 200  # UD's largest treebanks have about 60 relations with their subtypes
MANY_TAGS = {"UPOS": (UPOS, 100), "XPOS": (XPOS, 5000), "FEATS": (FEATS, 5000)}  # more are suspicious
SHOWN = 20  # labels in a message

Source = str | PathLike[str] | Iterable[str | PathLike[str]] | Iterable[Sentence]  # files, or sentences in memory


@dataclass(frozen=True)
class Dataset:
    """The annotated sentences of train or dev, and their sources for the training record."""

    blocks: list[Block]
    sources: list[dict[str, Any]]

    @property
    def paths(self) -> list[str]:
        """The names of the sources; for files, the paths."""
        return [source["path"] for source in self.sources]

    @property
    def sentences(self) -> int:
        return sum(map(len, self.blocks))

    @property
    def words(self) -> int:
        return sum(len(block.fields) for block in self.blocks)

    @property
    def nonprojective(self) -> int:
        """The number of non-projective sentences."""
        return sum(map(count_nonprojective, self.blocks))

    def combined_source(self) -> dict[str, Any]:
        """The source; several are combined into one, whose checksum is that of their checksums, one per line."""
        if len(self.sources) == 1:
            return self.sources[0]
        checksums = [source.get("sha256") for source in self.sources]
        digest = None if None in checksums else hashlib.sha256("\n".join(map(str, checksums)).encode()).hexdigest()
        paths = " + ".join(source["path"] for source in self.sources)
        return {"path": paths, "sentences": self.sentences, "sha256": digest}


def read_train_and_dev(
    train_source: Source, dev_source: Source | None, dev_part: float, seed: int
) -> tuple[Dataset, Dataset]:
    """Train and dev data; without a dev source, a part of train is held out (see split).

    Raises ClearparseError if a source is neither files nor sentences, FileError as read_treebanks does.
    """
    train = _dataset(train_source)
    return (train, _dataset(dev_source)) if dev_source is not None else split(train, dev_part, seed)


def _dataset(source: Source) -> Dataset:
    if isinstance(source, str | PathLike):
        return read_treebanks([source])
    if not isinstance(source, Iterable):
        raise ClearparseError(f"cannot train on a {type(source).__name__}; give file names or sentences")
    items = list(source)
    names = [each for each in items if isinstance(each, str | PathLike)]
    return read_treebanks(names) if names and len(names) == len(items) else dataset_of(items)


def read_treebanks(paths: Iterable[str | PathLike[str]]) -> Dataset:
    """Read annotated files. Raises FileError if one is missing, damaged, or without sentences."""
    blocks, sources = [], []
    for path in map(str, paths):
        blocks_of_file = [block for block in read_blocks(path, trees=True) if len(block)]
        if not blocks_of_file:
            raise FileError(path, "no sentences")
        sources.append({"path": path, "sentences": sum(map(len, blocks_of_file)), "sha256": checksum(path)})
        blocks += blocks_of_file
    return Dataset(blocks, sources)


def dataset_of(sentences: Iterable[object]) -> Dataset:
    """The dataset of annotated sentences in memory.

    Raises ClearparseError if there are none or one is not a Sentence, FileError if a tree is missing or not a tree.
    """
    text = conllu_text(sentences)
    block = parse_block(text, path="<sentences>", trees=True)
    source = {"path": "sentences given in Python", "sentences": len(block), "sha256": hashlib.sha256(text).hexdigest()}
    return Dataset([block], [source])


def conllu_text(sentences: Iterable[object]) -> bytes:
    """Sentences in CoNLL-U. Raises ClearparseError if there are none or one is not a Sentence."""
    text = b"".join(sentence.conllu for sentence in checked(sentences))
    if not text:
        raise ClearparseError("no sentences")
    return text


def checked(sentences: Iterable[object]) -> Iterator[Sentence]:
    """Yield the sentences unchanged. Raises ClearparseError if one is not a Sentence."""
    for sentence in sentences:
        if not isinstance(sentence, Sentence):
            found = type(sentence).__name__
            raise ClearparseError(f"expected clearparse.Sentence objects, got {found}; use clearparse.read_conllu")
        yield sentence


def split(data: Dataset, dev_part: float, seed: int) -> tuple[Dataset, Dataset]:
    """Split into train and dev: a random fraction `dev_part` (0 to 1) of the sentences is held out as dev.

    With fewer than MIN_SENTENCES sentences nothing is held out, and dev is the training data itself.
    """
    sentences = [sentence for block in data.blocks for sentence in block]
    if len(sentences) < MIN_SENTENCES:
        path = f"the training data itself: {len(sentences)} sentences are too few to hold any out"
        return data, Dataset(data.blocks, [{"path": path, "sentences": len(sentences)}])
    held = max(1, round(len(sentences) * dev_part))
    chosen = set(np.random.default_rng(seed).permutation(len(sentences))[:held].tolist())
    kept, dev = bytearray(), bytearray()
    for i, sentence in enumerate(sentences):
        (dev if i in chosen else kept).extend(sentence.conllu)
    path = " + ".join(PurePath(source["path"]).name for source in data.sources)
    source = {"path": f"{held} sentences held out of {path} (seed {seed})", "sentences": held}
    train, dev_block = (parse_block(bytes(text), path=path, trees=True) for text in (kept, dev))
    return Dataset([train], data.sources), Dataset([dev_block], [source])


def describe(train: Dataset, dev: Dataset, parser: TransitionParser) -> Iterator[str]:
    """Yield lines that describe the data and the network, and warnings of anything unusual."""
    m, V, C, labels = parser.features.m, parser.features.V, len(parser.transitions.kind), parser.transitions.labels
    yield f"train     {train.sentences:,} sentences, {train.words:,} words"
    yield f"dev       {dev.sentences:,} sentences, {dev.words:,} words, {_oov_rate(train, dev):.1f} % not in train"
    yield f"model     {m} slots, {V:,} rows of L, {C} classes ({len(labels)} labels)"
    if nonprojective := train.nonprojective:
        share = 100 * nonprojective / train.sentences
        consequence = SYSTEMS[parser.system].nonprojective_training()
        yield f"note      {nonprojective:,} sentences ({share:.1f} %) are not projective: {consequence}"
    if several := sum(map(count_several_roots, train.blocks)):
        yield f"warning   {several:,} training sentences have several roots; parsed sentences always have one"
    if len(labels) > MANY_LABELS:
        yield f"warning   {len(labels)} labels: is DEPREL really column 8 of this file?"
    unseen = sorted({label.decode() for block in dev.blocks for label in block.column(DEPREL)}.difference(labels))
    if unseen:
        more = f" and {len(unseen) - SHOWN} more" * (len(unseen) > SHOWN)
        yield f"warning   labels that occur only in dev: {' '.join(unseen[:SHOWN])}{more}"
    for name, (column, many) in MANY_TAGS.items():
        if (tags := len({tag for block in train.blocks for tag in block.column(column)})) > many:
            yield f"warning   {tags:,} different {name}: does column {column + 1} hold anything but tags?"
    if all(block.is_empty(UPOS) for block in train.blocks):
        yield "warning   the training data have no UPOS tags; without tags, accuracy is much lower"


def _oov_rate(train: Dataset, dev: Dataset) -> float:
    """The out-of-vocabulary rate of dev in % of words."""
    seen = {form for block in train.blocks for form in block.column(FORM)}
    forms = [form for block in dev.blocks for form in block.column(FORM)]
    return 100 * sum(form not in seen for form in forms) / len(forms)
