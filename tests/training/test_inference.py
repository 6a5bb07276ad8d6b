"""Films are given to a network in batches, fewer at once where a GPU's memory is full."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from covid_core.model.networks import Network
from covid_core.prepare.preprocess import Preprocess
from covid_core.training.films import Films
from covid_core.training.inference import compute_logits


class Cramped(nn.Module):
    """A network in whose place there is room for a few films at once."""

    def __init__(self, network: Network, room: int) -> None:
        super().__init__()
        self.network, self.head, self.room = network, network.head, room
        self.batches: list[int] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.batches.append(len(x))
        if len(x) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.network(x)


def test_films_are_scored_fewer_at_once_and_alike() -> None:
    torch.manual_seed(0)
    network: Any = Network("cnn4").eval()
    pictures = np.random.default_rng(0).integers(0, 256, (70, 32, 32), np.uint8)
    blank = np.zeros(70, int)
    names = tuple(map(str, blank))
    films = Films(pictures, blank, blank, blank.astype(str), blank.astype(str), names)
    indices, cpu = np.arange(70)[::-1].copy(), torch.device("cpu")
    with torch.no_grad():
        expected = compute_logits(network, films, indices, Preprocess(size_px=32), device=cpu)
        cramped: Any = Cramped(network, 20)
        found = compute_logits(cramped, films, indices, Preprocess(size_px=32), device=cpu)
    assert cramped.batches == [64, 32, 16, 16, 16, 16, 6]
    assert found.shape == (70, 3) and np.abs(found - expected).max() < 1e-5
    assert np.ptp(expected, axis=0).max() > 1e-3, "films that answer alike would hide a mix-up"
