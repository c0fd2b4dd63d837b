"""The teacher's network: encoder, heads for tags and lemma rules, and a biaffine parser (Dozat & Manning 2017)."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import nn

from teacher.examples import IGNORED, Batch, Gold, Symbols

TAG_UNITS, ARC_UNITS, LABEL_UNITS, SHAPE_UNITS = 256, 400, 128, 32
DROPOUT = 0.3
Tensor = Any  # torch publishes no types that hold where it is not installed


class Tensors(NamedTuple):
    """A Batch as tensors."""

    pieces: Tensor
    attended: Tensor
    pooling: Tensor
    shapes: Tensor
    words: Tensor

    @classmethod
    def of(cls, batch: Batch, device: Any) -> Tensors:
        """On a device of PyTorch."""
        return cls(*(torch.from_numpy(array).to(device) for array in batch[:5]))


class GoldTensors(NamedTuple):
    """The Gold of a batch as tensors."""

    tasks: dict[str, Tensor]
    heads: Tensor
    labels: Tensor

    @classmethod
    def of(cls, gold: Gold, device: Any) -> GoldTensors:
        """On a device of PyTorch."""
        tasks = {task: torch.from_numpy(classes).to(device) for task, classes in gold.tasks.items()}
        return cls(tasks, torch.from_numpy(gold.heads).to(device), torch.from_numpy(gold.labels).to(device))


class Network(nn.Module):  # type: ignore[misc, unused-ignore]  # torch is not installed where types are checked
    """Scores for S padded sentences of at most W words."""

    def __init__(self, encoder: Any, symbols: Symbols) -> None:
        """encoder: of transformers; its embeddings of word pieces are not trained."""
        super().__init__()
        self.encoder = encoder
        self.bfloat16 = False  # compute with it?
        encoder.get_input_embeddings().weight.requires_grad_(False)
        size = encoder.config.hidden_size
        self.mix = nn.Parameter(torch.zeros(encoder.config.num_hidden_layers + 1))
        self.shapes = nn.Embedding(len(symbols.shapes) + 1, SHAPE_UNITS)
        word = size + SHAPE_UNITS
        self.dropout = nn.Dropout(DROPOUT)
        self.tasks = nn.ModuleDict(
            {
                task: nn.Sequential(_layer(word, TAG_UNITS), nn.Linear(TAG_UNITS, len(names)))
                for task, names in symbols.tasks.items()
            }
        )
        self.root = nn.Parameter(torch.zeros(word))
        self.arc_dependent, self.arc_head = _layer(word, ARC_UNITS), _layer(word, ARC_UNITS)
        self.label_dependent, self.label_head = _layer(word, LABEL_UNITS), _layer(word, LABEL_UNITS)
        self.arcs = nn.Parameter(torch.zeros(ARC_UNITS + 1, ARC_UNITS))
        self.labels = nn.Parameter(torch.zeros(LABEL_UNITS + 1, len(symbols.labels), LABEL_UNITS + 1))
        nn.init.normal_(self.root, std=0.1)
        fits = [[name in names for name in symbols.labels] for names in (symbols.of_root, symbols.of_others)]
        self.register_buffer("fits", torch.tensor(fits), persistent=False)

    def forward(self, batch: Tensors) -> Outputs:
        """The scores of tags and arcs, and what those of labels are computed from."""
        with torch.autocast(batch.pieces.device.type, torch.bfloat16, enabled=self.bfloat16):
            words = self.dropout(self._words(batch))
            tasks = {task: layers(words).float() for task, layers in self.tasks.items()}
            heads = torch.cat([self.root.expand(len(words), 1, -1), words], 1)
            arc_dependent, arc_head = self.arc_dependent(words).float(), self.arc_head(heads).float()
            label_dependent, label_head = self.label_dependent(words).float(), self.label_head(heads).float()
        arcs = _with_one(arc_dependent) @ self.arcs @ arc_head.transpose(1, 2)
        return Outputs(tasks, self._masked(arcs, batch.words), label_dependent, label_head)

    def representations(self, batch: Tensors) -> Tensor:
        """(words, n) The mean of each word's pieces over all layers, mixed."""
        with torch.autocast(batch.pieces.device.type, torch.bfloat16, enabled=self.bfloat16):
            return self._pooled(batch)[batch.words]

    def _words(self, batch: Tensors) -> Tensor:
        """(S, W, word) The representation of each word and the embedding of its shape."""
        return torch.cat([self._pooled(batch), self.shapes(batch.shapes)], 2)

    def _pooled(self, batch: Tensors) -> Tensor:
        """(S, W, n) The mean of each word's pieces over all layers, mixed."""
        layers = self.encoder(
            input_ids=batch.pieces, attention_mask=batch.attended.long(), output_hidden_states=True
        ).hidden_states
        share = torch.softmax(self.mix, 0)
        mixed = sum(share[k] * layer.float() for k, layer in enumerate(layers))
        with torch.autocast(batch.pieces.device.type, enabled=False):
            return batch.pooling @ mixed

    @staticmethod
    def _masked(arcs: Tensor, words: Tensor) -> Tensor:
        """(S, W, W + 1) Arc scores, -inf where the head is not a word of the sentence, or the word itself."""
        is_head = torch.cat([torch.ones_like(words[:, :1]), words], 1)
        itself = torch.eye(words.shape[1], dtype=torch.bool, device=words.device)
        forbidden = ~is_head[:, None, :] | nn.functional.pad(itself, (1, 0))[None]
        return arcs.masked_fill(forbidden, -torch.inf)

    def label_scores(self, outputs: Outputs, heads: Tensor) -> Tensor:
        """(S, W, labels) The scores of the labels, given heads (S, W); -inf where a label does not fit HEAD."""
        places = heads[:, :, None].expand(-1, -1, outputs.label_head.shape[2])
        head = _with_one(outputs.label_head.gather(1, places))
        dependent = _with_one(outputs.label_dependent)
        at_dependent = (dependent @ self.labels.flatten(1)).unflatten(2, self.labels.shape[1:])
        scores = (at_dependent @ head[..., None]).squeeze(3)
        return scores.masked_fill(~self.fits[(heads > 0).long()], -torch.inf)


class Outputs(NamedTuple):
    """tasks: scores (S, W, classes) by task; arcs (S, W, W + 1): of heads, 0 is ROOT; the rest see label_scores."""

    tasks: dict[str, Tensor]
    arcs: Tensor
    label_dependent: Tensor
    label_head: Tensor


def _layer(size: int, units: int) -> Any:
    return nn.Sequential(nn.Linear(size, units), nn.GELU(), nn.Dropout(DROPOUT))


def _with_one(x: Tensor) -> Tensor:
    """x (..., n) with a last column of ones."""
    return torch.cat([x, torch.ones_like(x[..., :1])], -1)


def loss(network: Network, outputs: Outputs, gold: GoldTensors) -> Tensor:
    """The cross-entropy of heads, plus that of labels given gold heads, plus half that of each task, all by words."""
    words = (gold.heads != IGNORED).sum()

    def cross_entropy(scores: Tensor, classes: Tensor) -> Tensor:
        return nn.functional.cross_entropy(scores.flatten(0, 1), classes.flatten(), reduction="sum") / words

    found = cross_entropy(outputs.arcs, gold.heads)
    found = found + cross_entropy(network.label_scores(outputs, gold.heads.clamp(min=0)), gold.labels)
    for task, scores in outputs.tasks.items():
        found = found + 0.5 * cross_entropy(scores, gold.tasks[task])
    return found
