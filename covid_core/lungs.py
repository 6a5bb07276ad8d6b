"""Where the lungs are: a small U-Net (Ronneberger et al. 2015) from film to outline.

It is there to outline and to check, not to decide: dense consolidation and effusion hide a lung's
edge, and there it may cut the lung short.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.ndimage import label
from torch import nn
from torch.nn import functional as F

from covid_core.preprocess import Preprocess
from covid_core.tensor_files import read_network, write_network
from covid_core.weights import WEIGHTS

LUNGS = WEIGHTS / "lungs"
PREPROCESS = Preprocess(size_px=128, tone="equalise")
LUNG = 0.5  # from this probability on a place is lung
_ISLAND = 0.01  # of the film's area; less is no lung
_NAME = "lungs"
_WIDTHS = (16, 32, 64, 128)  # channels at each halving of the side


@dataclass(frozen=True, slots=True)
class LungsCard:
    """What stands beside the tensors. `dice`: overlap with outlines drawn by people, on patients
    who did not train it, as an estimate (value, low, high, n). `films`: how many trained, tested.
    """

    sha256: str
    created: str
    git_commit: str
    dice: dict[str, float]
    films: dict[str, int]
    training: dict[str, str]


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

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen = []
        for i, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if i else x)
            seen.append(x)
        for block, skipped in zip(self.up, seen[-2::-1], strict=True):
            x = block(torch.cat([F.interpolate(x, scale_factor=2.0), skipped], dim=1))
        return self.last(x)


class Lungs:
    """A loaded network. It holds no state between calls, so all sessions may share one."""

    def __init__(self, network: LungNetwork, card: LungsCard) -> None:
        self.card = card
        self._network = network.eval().requires_grad_(False)

    @classmethod
    def load(cls, folder: Path = LUNGS) -> Lungs:
        """From a weights folder. Raises WeightsError."""
        network = LungNetwork()
        card = read_network(network, folder, _NAME, LungsCard)
        return cls(network, card)

    def inside(self, pixels: np.ndarray) -> np.ndarray:
        """Radiograph pixels, float32 (height, width) 0 to 1, to where the lungs are over the whole
        film, bool (128, 128); without islands too small to be one."""
        return whole_lungs(self.mask(pixels) > LUNG)

    def mask(self, pixels: np.ndarray) -> np.ndarray:
        """Radiograph pixels, float32 (height, width) 0 to 1, to the probability of lung over the
        whole film, float32 (128, 128), 0 to 1."""
        return self.masks(PREPROCESS.picture(pixels)[np.newaxis])[0]

    def masks(self, pictures: np.ndarray) -> np.ndarray:
        """The same of pictures that `PREPROCESS` made, uint8 (N, 128, 128)."""
        with torch.inference_mode():
            return self._network(PREPROCESS.tensor(pictures)).sigmoid()[:, 0].numpy()


def whole_lungs(mask: np.ndarray) -> np.ndarray:
    """A mask, bool (h, w), without islands below a hundredth of the film."""
    islands, _ = label(mask)
    sizes = np.bincount(islands.ravel())
    large = sizes >= _ISLAND * mask.size
    large[0] = False  # what is no island
    return large[islands]


def save_lungs(network: LungNetwork, folder: Path, **card: Any) -> LungsCard:
    """Write tensors and card; `card`: what LungsCard holds besides. Raises WeightsError."""
    return write_network(network, folder, _NAME, LungsCard, **card)


def dice(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Overlap of masks, bool (N, h, w), each pair 0 to 1 (Dice 1945): float64 (N,)."""
    both = (truth & found).sum(axis=(1, 2))
    return 2 * both / np.maximum(truth.sum(axis=(1, 2)) + found.sum(axis=(1, 2)), 1)


def _block(before: int, after: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (before, after):
        layers += [
            nn.Conv2d(channels, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(),
        ]  # fmt: skip
    return nn.Sequential(*layers)
