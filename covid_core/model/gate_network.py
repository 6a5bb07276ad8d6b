"""The gate's network in PyTorch: trained by `training.gate.fit`, exported for `gate`."""

from __future__ import annotations

import itertools
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from covid_core.model.gate_findings import FLAWS, OTHERS
from covid_core.model.network_files import read_network

_WIDTHS = (16, 32, 64, 96, 128)  # channels; each step halves the side


class GateNetwork(nn.Module):
    """(N, 1, 128, 128) normalised films to logits (N, 12): kinds, then FLAWS."""

    centre: torch.Tensor
    whitening: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.first = _step(1, _WIDTHS[0], stride=2)
        self.steps = nn.ModuleList(
            _step(before, after) for before, after in itertools.pairwise(_WIDTHS)
        )
        self.deep = _step(_WIDTHS[-1], _WIDTHS[-1])
        self.last = nn.Linear(_WIDTHS[-1], 1 + len(OTHERS) + len(FLAWS))
        # What good films' features are like: found after training, kept with the weights.
        self.register_buffer("centre", torch.zeros(_WIDTHS[-1]))
        self.register_buffer("whitening", torch.eye(_WIDTHS[-1]))

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Pooled features, (N, 128)."""
        x = self.first(x)
        for step in self.steps:
            x = F.max_pool2d(step(x), 2)
        return self.deep(x).mean((2, 3))

    def logits_and_distances(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits, (N, 12), and Mahalanobis distances from good films' features, (N,)."""
        features = self.features(x)
        distances = ((features - self.centre) @ self.whitening).norm(dim=1)
        return self.last(features), distances

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.features(x))


def load_gate_network(folder: Path, name: str) -> tuple[GateNetwork, str]:
    """From a weights folder, in evaluation mode, and its tensors' SHA-256. Raises WeightsError."""
    network = GateNetwork()
    sha256 = read_network(network, folder, name)
    return network.eval(), sha256


def _step(before: int, after: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(),
    )
