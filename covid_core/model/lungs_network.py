"""The lungs' network in PyTorch: trained by `training.lungs`, exported for `lungs`."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from covid_core.model.network_files import read_network

_WIDTHS = (16, 32, 64, 128)  # channels at each halving of the side


class LungNetwork(nn.Module):
    """(N, 1, S, S) normalised films, S a multiple of 8, to (N, 1, S, S) logits of "lung here"."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            _block(before, after) for before, after in pairwise((1, *_WIDTHS))
        )
        self.up = nn.ModuleList(
            _block(deep + shallow, shallow)
            for deep, shallow in zip(_WIDTHS[:0:-1], _WIDTHS[-2::-1], strict=True)
        )
        self.last = nn.Conv2d(_WIDTHS[0], 1, 1)

    def probabilities(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        """(N, S, S), 0 to 1."""
        return (self(x).sigmoid()[:, 0],)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The log odds of lung in each place of a batch."""
        seen = []
        for i, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if i else x)
            seen.append(x)
        for block, skipped in zip(self.up, seen[-2::-1], strict=True):
            x = block(torch.cat([F.interpolate(x, scale_factor=2.0), skipped], dim=1))
        return self.last(x)


def load_lung_network(folder: Path, name: str) -> tuple[LungNetwork, str]:
    """The lungs' network of a weights folder, and its tensors' SHA-256. Raises WeightsError."""
    network = LungNetwork()
    sha256 = read_network(network, folder, name)
    return network.eval(), sha256


def _block(before: int, after: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (before, after):
        layers += [
            nn.Conv2d(channels, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers)
