"""Small trained networks on disk, for engines to run."""

from __future__ import annotations

from pathlib import Path

import torch

from covid_core.engines.trained import Trained, classifier
from covid_core.model.networks import Network
from covid_core.prepare.preprocess import Preprocess
from tests.models import save_network

SIDE = 96


def small_classifier(
    folder: Path,
    seed: int = 0,
    name: str = "small",
    architecture: str = "resnet18",
    side: int = SIDE,
) -> Trained:
    """A network drawn at random, its normalisation fitted: a ResNet-18 on 96 px films, or other."""
    torch.manual_seed(seed)
    network = Network(architecture)
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0  # one batch fits it
    with torch.no_grad():
        network.train()(torch.randn(8, 1, side, side))
    card = save_network(
        network.eval(),
        folder,
        preprocess=Preprocess(size_px=side),
        full_heat=0.1,
        recipe=name,
    )
    return classifier(folder, name, card)
