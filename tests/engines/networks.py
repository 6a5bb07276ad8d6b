"""Small trained networks on disk, for engines to run."""

from __future__ import annotations

from pathlib import Path

import torch

from covid_core.engines.trained import Trained, classifier
from covid_core.network_files import save_weights
from covid_core.networks import Network
from covid_core.preprocess import Preprocess

SIDE = 96


def small_classifier(folder: Path, seed: int = 0, name: str = "small") -> Trained:
    """A ResNet-18 drawn at random, its normalisation fitted, on 96 px films."""
    torch.manual_seed(seed)
    network = Network("resnet18")
    with torch.no_grad():
        network.train()(torch.randn(8, 1, SIDE, SIDE))
    card = save_weights(
        network.eval(), folder, preprocess=Preprocess(size_px=SIDE), training={}, films={},
        results={}, full_heat=0.1, recipe=name,
    )  # fmt: skip
    return classifier(folder, name, card)
