"""The parser of the CS224n assignment: one Python object per sentence, and a dense network over batches.

It has the loop of the assignment (minibatch_parse), its 36 slots and arc-standard. The model is trained by clearparse,
so the comparison is of the parsing loop alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.compared import Parser
from benchmarks.presets import run_train
from clearparse.features.vocabulary import NULL, ROOT, Encoder
from clearparse.model.model import BLOCK_BYTES, Model, load
from clearparse.transition.system import LEFT_ARC, SHIFT
from clearparse.treebank.conllu import Block, read_blocks

BATCH = 1024


@dataclass
class PartialParse:
    """One sentence: stack, buffer and arcs as Python lists; 0 is ROOT, words count from 1, -1 is an empty position."""

    types: list[int]  # of ROOT and of each word
    stack: list[int] = field(default_factory=lambda: [0])
    front: int = 1
    heads: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    left: list[list[int]] = field(default_factory=list)
    right: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        n = len(self.types)
        self.heads, self.labels = [0] * n, [0] * n
        self.left, self.right = [[] for _ in range(n)], [[] for _ in range(n)]

    def words(self) -> list[int]:
        """The word types at the 18 positions of the assignment."""
        stack, n = self.stack, len(self.types)
        found = [stack[-k] if len(stack) >= k else -1 for k in (1, 2, 3)]
        found += [word if word < n else -1 for word in range(self.front, self.front + 3)]
        for top in found[:2]:
            left, right = (self.left[top], self.right[top]) if top >= 0 else ([], [])
            lc1, rc1 = left[-1] if left else -1, right[-1] if right else -1
            found += [lc1, rc1, left[-2] if len(left) > 1 else -1, right[-2] if len(right) > 1 else -1]
            found.append(self.left[lc1][-1] if lc1 >= 0 and self.left[lc1] else -1)
            found.append(self.right[rc1][-1] if rc1 >= 0 and self.right[rc1] else -1)
        return [NULL if word < 0 else self.types[word] for word in found]

    def legal(self) -> list[bool]:
        """Whether SHIFT, LEFT_ARC, RIGHT_ARC and ROOT_ARC are legal."""
        more, size = self.front < len(self.types), len(self.stack)
        return [more, size > 2, size > 2, size == 2 and not more]

    def step(self, kind: int, label: int) -> None:
        """Apply a transition."""
        if kind == SHIFT:
            self.stack.append(self.front)
            self.front += 1
            return
        word = self.stack.pop(-2 if kind == LEFT_ARC else -1)
        head = self.stack[-1]
        self.heads[word], self.labels[word] = head, label
        (self.left if kind == LEFT_ARC else self.right)[head].append(word)

    @property
    def done(self) -> bool:
        """Whether the tree is complete."""
        return len(self.stack) == 1 and self.front == len(self.types)


class CS224n(Parser):
    """The parsing loop of the assignment."""

    name = "CS224n's loop"
    file = "cs224n.model"
    conditions = "XPOS; 36 slots"
    recipe = "36 slots, arc-standard"

    def train(self, train: Path, dev: Path, output: Path, *, quick: bool = False) -> None:
        """Train a clearparse model with the slots and the transition system of the assignment."""
        few = ["--epochs", "2"] * quick
        run_train(train, dev, output, "--template", "cs224n-36", "--transition-system", "arc-standard", *few)

    def load(self, path: Path) -> Model:
        """Load a model."""
        return load(path)

    def end_to_end(self, model: Model, source: Path, output: Path) -> None:
        """CoNLL-U file in, CoNLL-U file out; reading and writing are those of clearparse."""
        with open(output, "wb") as stream:
            for block in read_blocks(source, trees=False, block_bytes=BLOCK_BYTES):
                parses = self._parse(model, block)
                labels = [label.encode() for label in model.parser.transitions.labels]
                heads = np.array([head for parse in parses for head in parse.heads[1:]], np.int32)
                stream.write(block.with_trees(heads, [labels[label] for p in parses for label in p.labels[1:]]).text)

    def read(self, model: Model, source: Path) -> list[Block]:
        """Read a CoNLL-U file into the input of `parse`."""
        return list(read_blocks(source, trees=False, block_bytes=BLOCK_BYTES))

    def parse(self, model: Model, blocks: list[Block]) -> None:
        """Parse the result of `read`."""
        for block in blocks:
            self._parse(model, block)

    def _parse(self, model: Model, block: Block) -> list[PartialParse]:
        encoder = Encoder(model.parser.vocabulary)
        types = encoder.types(block.word_keys()).tolist()
        rows = encoder.rows()
        parses = [PartialParse([ROOT, *types[a:z]]) for a, z in pairwise(block.sentences.tolist())]
        unfinished = list(parses)
        while unfinished:
            batch = unfinished[:BATCH]
            w = rows[np.array([parse.words() for parse in batch])]
            for parse, (kind, label) in zip(batch, _choices(model, w, batch), strict=True):
                parse.step(kind, label)
            unfinished = [parse for parse in batch if not parse.done] + unfinished[BATCH:]
        return parses


def _choices(model: Model, w: np.ndarray, batch: list[PartialParse]) -> list[tuple[int, int]]:
    """The best legal class of each parse, by the dense network of the notes. w (B, 18, channels): forms, then tags."""
    L, W, b_1, U, b_2 = model.parser.params
    x = L[w.transpose(0, 2, 1).reshape(len(w), -1)].reshape(len(w), -1)
    theta = np.maximum(x @ W + b_1, 0) @ U + b_2
    transitions = model.parser.transitions
    legal = np.array([parse.legal() for parse in batch])
    best = np.where(legal[:, transitions.kind], theta, -np.inf).argmax(axis=1)
    return list(zip(transitions.kind[best].tolist(), transitions.label[best].tolist(), strict=True))
