"""The gate's network in PyTorch: trained by `training.gate.fit`, exported for `gate`."""

from __future__ import annotations

import itertools
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from covid_core.model.gate_findings import DISPLAYED, FLAWS, OTHERS
from covid_core.model.network_files import read_network

_WIDTHS = (16, 32, 64, 96, 128)  # channels; each step halves the side
_FINER = 1  # steps before the branch for ways of display
_FINE_WIDTHS = (32, 32, 48, 64)  # its channels; each step halves the side, to 4


class GateNetwork(nn.Module):
    """(N, 1, 128, 128) normalised films to logits: of kinds, of FLAWS, of ways of display.

    How a film is displayed shows in its early, finer map: a film's edges are thin, and where in
    the picture they lie counts.
    """

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
        halving = [
            layer
            for before, after in itertools.pairwise(_FINE_WIDTHS)
            for layer in (_step(before, after), nn.MaxPool2d(2))
        ]
        self.displays = nn.Sequential(
            *halving,
            _step(_FINE_WIDTHS[-1], _FINE_WIDTHS[0]),
            nn.Flatten(),
            nn.Linear(_FINE_WIDTHS[0] * 4 * 4, 1 + len(DISPLAYED)),
        )
        # What good films' features are like: found after training, kept with the weights.
        self.register_buffer("centre", torch.zeros(_WIDTHS[-1]))
        self.register_buffer("whitening", torch.eye(_WIDTHS[-1]))

    def finer_map(self, x: torch.Tensor) -> torch.Tensor:
        """The map that the branch for ways of display is given, (N, 32, 32, 32)."""
        x = self.first(x)
        for step in self.steps[:_FINER]:
            x = F.max_pool2d(step(x), 2)
        return x

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Pooled features, (N, 128)."""
        return self._features_of(self.finer_map(x))

    def logits_and_distances(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits, (N, 13), and Mahalanobis distances from good films' features, (N,)."""
        finer = self.finer_map(x)
        features = self._features_of(finer)
        distances = ((features - self.centre) @ self.whitening).norm(dim=1)
        return torch.cat([self.last(features), self.displays(finer)], dim=1), distances

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits of kinds and of FLAWS, (N, 9)."""
        return self.last(self.features(x))

    def _features_of(self, finer: torch.Tensor) -> torch.Tensor:
        for step in self.steps[_FINER:]:
            finer = F.max_pool2d(step(finer), 2)
        return self.deep(finer).mean((2, 3))


def load_gate_network(folder: Path, name: str) -> tuple[GateNetwork, str]:
    """The gate's network of a weights folder, and its tensors' SHA-256. Raises WeightsError."""
    network = GateNetwork()
    sha256 = read_network(network, folder, name)
    return network.eval(), sha256


def _step(before: int, after: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(),
    )
