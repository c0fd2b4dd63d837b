"""A trained teacher: gives sentences tags, lemmas and trees, with the probability that they are right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from clearparse.errors import ClearparseError
from clearparse.stages.ensemble import Calibration
from clearparse.stages.lemmatizer import LemmaRule
from clearparse.treebank.conllu import FEATS, LEMMA, Block, parse_block
from clearparse.treebank.ragged import offsets
from clearparse.treebank.spanning_tree import maximum_spanning_trees
from teacher.encoder import WordPieces
from teacher.examples import LEMMAS, TAGS, Batch, Examples, Symbols, forms_of
from teacher.network import Network, Outputs, Tensors

BATCH_PIECES = 2000  # with padding; more do not make it faster on a CPU
Floats = NDArray[np.float64]


class Prediction(NamedTuple):
    """Of words, each (words,): classes by task, HEAD, label, and the probabilities of arcs and of tags."""

    tasks: dict[str, NDArray[np.int64]]
    heads: NDArray[np.int32]
    labels: NDArray[np.int64]
    of_arcs: Floats
    of_tags: Floats


@dataclass(frozen=True)
class Teacher:
    """The network with all that it needs to read and write sentences.

    arcs, tags: from the network's probabilities to those written to MISC.
    """

    network: Network
    symbols: Symbols
    word_pieces: WordPieces
    encoder: str  # as it was named
    most_pieces: int  # of a sentence
    arcs: Calibration = field(default_factory=Calibration)
    tags: Calibration = field(default_factory=Calibration)

    def use(self, *, threads: int, device: str, bfloat16: bool) -> None:
        """Compute with so many threads, on a device of PyTorch. Raises ClearparseError if there is no such device."""
        torch.set_num_threads(threads)
        try:
            self.network.to(device)
        except (RuntimeError, AssertionError) as error:
            raise ClearparseError(f"--device {device}: {str(error).splitlines()[0]}") from error
        self.network.bfloat16 = bfloat16

    def annotate(self, block: Block) -> tuple[Block, int]:
        """The block with LEMMA to DEPREL, and ``Conf`` and ``TagConf`` in MISC; sentences too long are left out.

        Conf: the probability that HEAD and DEPREL are right; TagConf: that UPOS, XPOS and FEATS are.
        Also the number of sentences left out.
        """
        examples = self.examples(block)
        if examples.skipped:
            block = _only(block, examples.kept)
            return self.annotate(block)[0], examples.skipped
        return self._with(block, self.predict(examples)), 0

    def examples(self, block: Block) -> Examples:
        """The sentences of a block as the network reads them."""
        return Examples(block, self.word_pieces, self.symbols, self.most_pieces)

    def predict(self, examples: Examples) -> Prediction:
        """What the network predicts of all words; none of the sentences may be too long."""
        assert not examples.skipped
        n = int(examples.sentences[-1])
        tasks = {task: np.zeros(n, np.int64) for task in self.symbols.tasks}
        found = Prediction(tasks, np.zeros(n, np.int32), np.zeros(n, np.int64), np.zeros(n), np.zeros(n))
        self.network.eval()
        with torch.inference_mode():
            for which in examples.batches(BATCH_PIECES):
                batch = examples.batch(which)
                self._predict(batch, found)
        return found

    def _predict(self, batch: Batch, found: Prediction) -> None:
        """Fill in the words of a batch."""
        tensors = Tensors.of(batch, self.network.root.device)
        outputs: Outputs = self.network(tensors)
        of_tags = np.ones(len(batch.which))
        for task, scores in outputs.tasks.items():
            p, best = torch.softmax(scores[tensors.words], 1).max(1)
            found.tasks[task][batch.which] = best.cpu().numpy()
            if task in TAGS:
                of_tags *= p.cpu().numpy()
        arcs = torch.log_softmax(outputs.arcs, 2).cpu().numpy()
        heads = _trees(arcs, batch.words)
        padded = np.zeros(batch.words.shape, np.int64)
        padded[batch.words] = heads
        labels = self.network.label_scores(outputs, torch.from_numpy(padded).to(tensors.words.device))
        p, best = torch.softmax(labels[tensors.words], 1).max(1)
        row, column = np.nonzero(batch.words)
        found.heads[batch.which], found.labels[batch.which] = heads, best.cpu().numpy()
        found.of_arcs[batch.which] = np.exp(arcs[row, column, heads]) * p.cpu().numpy()
        found.of_tags[batch.which] = of_tags

    def _with(self, block: Block, found: Prediction) -> Block:
        names = self.symbols.tasks
        values = {task: [names[task][k] for k in classes.tolist()] for task, classes in found.tasks.items()}
        rules = {name: LemmaRule.parse(name) for name in names[LEMMAS]}
        lemmas = [rules[rule](form) for rule, form in zip(values[LEMMAS], forms_of(block), strict=True)]
        columns = zip(lemmas, *(values[task] for task in TAGS), strict=True)
        block = block.with_columns(LEMMA, FEATS, ["\t".join(each).encode() for each in columns])
        block = block.with_trees(found.heads, [self.symbols.labels[k].encode() for k in found.labels.tolist()])
        for key, p in ((b"Conf", self.arcs(found.of_arcs)), (b"TagConf", self.tags(found.of_tags))):
            block = block.with_misc([b"%.4f" % value for value in p.tolist()], key)
        return block


def _trees(arcs: NDArray[np.float32], words: NDArray[np.bool_]) -> NDArray[np.int32]:
    """(words,) HEAD in the most probable tree with one root; arcs (S, W, W + 1): log probabilities of heads."""
    sentences = offsets(words.sum(1))
    row, column, head = np.nonzero(np.isfinite(arcs) & words[:, :, None])
    weights = arcs[row, column, head].astype(np.float64)
    return maximum_spanning_trees(sentences[row] + column, head.astype(np.int32), weights, sentences)


def _only(block: Block, which: NDArray[np.int64]) -> Block:
    """Some sentences of a block."""
    return parse_block(b"".join(block[k].conllu for k in which.tolist()), path=block.path)
