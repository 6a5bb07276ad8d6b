"""Small stand-ins for the shipped weights: the real network, drawn at random."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from covid_core.engines.graphs import graph_of
from covid_core.engines.trained import classifier
from covid_core.findings import CLASSES
from covid_core.metrics import Estimate
from covid_core.model.card import WeightsCard, read_card
from covid_core.model.head import Head
from covid_core.model.network_files import save_weights
from covid_core.model.networks import Network, Outputs, PooledHead
from covid_core.model.results import (
    AppearanceFigures,
    MapAgreement,
    RandomMap,
    Results,
    WithinSource,
)
from covid_core.prepare.preprocess import Preprocess


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
    save_network(random_network(seed), folder)
    return folder


def save_network(network: Network, folder: Path, **given: Any) -> WeightsCard:
    """The card of a network, saved; `given`: what the card says of it, if anything."""
    plain = {"classes": CLASSES, "preprocess": Preprocess(), "full_heat": 0.1}
    card = WeightsCard(architecture=network.architecture, **(plain | given))
    return save_weights(card, network, folder)


def random_weights(folder: Path, seed: int = 0) -> Path:
    """The same with its graph: exporting takes seconds, so it is done once in a process."""
    shutil.copytree(_exported(seed), folder, dirs_exist_ok=True)
    return folder


def save_opacity_weights(folder: Path, seed: int = 0) -> Path:
    """A weights folder of a small network with an opacity map and the RSNA categories.

    Its card has figures of the opacity map and the categories, made up, and none of a class's map.
    """
    torch.manual_seed(seed)
    network = Network("cnn4", opacity=True, appearance=True)
    assert network.opacity is not None and network.appearance is not None
    nn.init.normal_(network.opacity.weight, std=0.3)
    with torch.no_grad():
        for _ in range(2):
            network.train()(torch.randn(8, 1, OPACITY_PX, OPACITY_PX))
        network.head.linear.weight.mul_(5)
        network.appearance.weight.mul_(5)
    results = Results(within_source={"siim-covid19": {"never trained on": MEASURED}})
    preprocess = Preprocess(size_px=OPACITY_PX)
    save_network(network.eval(), folder, preprocess=preprocess, results=results)
    return folder


OPACITY_PX = 64
_SHARE, _FIXED = Estimate(0.81, 0.78, 0.84, 400), Estimate(0.55, 0.5, 0.6, 400)
_RANDOM = RandomMap(peak=_FIXED, heat=_FIXED)
MEASURED = WithinSource(
    films=400,
    maps={
        "opacity": MapAgreement(
            films=400,
            area=_FIXED,
            fixed_point=_FIXED,
            peak=_SHARE,
            heat=_SHARE,
            random=_RANDOM,
            lead={},
        )
    },
    appearance={
        name: AppearanceFigures(auroc=_SHARE, average_precision=_SHARE)
        for name in ("negative", "typical", "indeterminate", "atypical", "mean")
    },
)


@cache
def _exported(seed: int) -> Path:
    folder = save_random_weights(Path(tempfile.mkdtemp(prefix="random-weights-")), seed)
    atexit.register(shutil.rmtree, folder)
    card = read_card(folder)
    graph_of(classifier(folder, card.recipe, card))
    return folder


def head_of(network: Network) -> Head:
    """A network's head as the predictor has it."""
    tensors = network.head.state_dict()
    named = {f"head.{name}": tensor.numpy() for name, tensor in tensors.items()}
    return Head.of(named, network.head.plan)


class OneCell(nn.Module):
    """A network that looks at one of 7 x 7 cells alone: the brighter there, the more COVID-19."""

    def __init__(self, row: int, column: int) -> None:
        super().__init__()
        linear = nn.Linear(1, 3)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor([[-200.0], [-200.0], [200.0]]))
            linear.bias.copy_(torch.tensor([2.0, 2.0, -2.0]))
        self.head = PooledHead(linear)
        self.place = (row, column)
        self.features = nn.Sequential(nn.Conv2d(1, 1, 1))  # to be drawn anew; it is never run
        self.opacity = self.detail = self.appearance = None

    def feature_map(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 1, S, S) to (N, 1, 7, 7): how far above its least grey a cell is, in one place."""
        bright = F.adaptive_avg_pool2d(x, 7) - x.amin(dim=(2, 3), keepdim=True)
        only = torch.zeros_like(bright)
        only[:, :, self.place[0], self.place[1]] = 1
        return bright * only

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.feature_map(x))

    def maps(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The feature map, and no opacity map."""
        return self.feature_map(x), None

    def answer(self, x: torch.Tensor) -> Outputs:
        """The logits, and no appearances."""
        return Outputs(self.forward(x))
