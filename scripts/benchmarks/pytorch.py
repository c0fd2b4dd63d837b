"""The same network and training step in PyTorch, with gradients by autograd."""

from __future__ import annotations

from typing import Any

import numpy as np

from clearparse.network.classifier import Parameters
from clearparse.network.training import Batch


class PyTorch:
    """A training step with a dense gradient of the embedding, or a sparse one and SparseAdam; otherwise fused Adam.

    Unlike the step of clearparse it has no moving average of the parameters.
    """

    def __init__(self, params: Parameters, lr: float, *, sparse: bool) -> None:
        import torch

        self.torch = torch
        self.L = torch.nn.Embedding.from_pretrained(  # type: ignore[no-untyped-call, unused-ignore]
            torch.from_numpy(params.L.copy()), freeze=False, sparse=sparse
        )
        others = [torch.nn.Parameter(torch.from_numpy(array.copy())) for array in params[1:]]
        self.W, self.b_1, self.U, self.b_2 = others
        dense = others if sparse else [self.L.weight, *others]
        self.optimizers: list[Any] = [torch.optim.Adam(dense, lr, fused=True)]
        if sparse:
            self.optimizers.append(torch.optim.SparseAdam([self.L.weight], lr))

    def __call__(self, batch: Batch) -> float:
        torch = self.torch
        w, legal = torch.from_numpy(batch.w), torch.from_numpy(batch.legal)
        target = torch.from_numpy(batch.target.astype(np.int64))
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        x = self.L(w).flatten(1)
        h = torch.relu(torch.addmm(self.b_1, x, self.W))
        theta = torch.addmm(self.b_2, h, self.U).masked_fill(~legal, -torch.inf)
        J = torch.nn.functional.cross_entropy(theta, target)
        J.backward()
        for optimizer in self.optimizers:
            optimizer.step()
        return float(J.detach())
