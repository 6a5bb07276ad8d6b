"""Small stand-ins for the shipped weights: the real network, drawn at random."""

from __future__ import annotations

from pathlib import Path

import torch

from covid_core.networks import Network
from covid_core.preprocess import Preprocess
from covid_core.weights import save_weights


def random_network(seed: int = 0) -> Network:
    """DenseNet-121 of random weights whose normalisation fits them, so that films differ in it."""
    torch.manual_seed(seed)
    network = Network()
    with torch.no_grad():
        for _ in range(2):
            network.train()(torch.randn(4, 1, 96, 96))
        network.head.linear.weight.mul_(5)
    return network.eval()


def save_random_weights(folder: Path, seed: int = 0) -> Path:
    """A weights folder of `random_network`."""
    save_weights(
        random_network(seed),
        folder,
        preprocess=Preprocess(),
        training={},
        films={},
        results={},
        full_heat=0.1,
    )
    return folder
