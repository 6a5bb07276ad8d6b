"""Two tests of a heat map: that the answer depends on its hottest cells, and it on the weights.

Deletion and insertion (Petsiuk, Das and Saenko 2018), and the cascading randomisation of the sanity
checks for saliency maps (Adebayo et al. 2018).
"""

from __future__ import annotations

import copy
from typing import Literal

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import nn

from covid_core.evaluation.saliency_methods import class_activation
from covid_core.model.card import WeightsCard
from covid_core.model.networks import Network
from covid_core.model.saliency import METHOD
from covid_core.prepare.occlusion import blurred, place_in_line

SHARES = np.linspace(0, 1, 17)  # of the film that is removed or shown
_BATCH = 32
_DRAWS = 5  # of random weights: by one alone, maps may look alike or opposite by chance

Stage = Literal["head", "last block", "everything"]
STAGES: tuple[Stage, ...] = ("head", "last block", "everything")


def cells_of(network: Network, x: torch.Tensor, outputs: np.ndarray, method: str) -> np.ndarray:
    """Maps of films for an output each, float32 (N, h, w), signed and unscaled.

    `x`: the films, (N, 1, S, S), on the network's device. `method`: one of
    `saliency_methods.METHODS`.
    """
    with torch.inference_mode():
        features = torch.cat([network.feature_map(part).cpu() for part in x.split(_BATCH)])
    head = copy.deepcopy(network.head).cpu()
    pairs = zip(features.numpy(), outputs, strict=True)
    return np.stack([class_activation(head, one, int(output), method) for one, output in pairs])


def curves(
    network: Network,
    card: WeightsCard,
    picture: np.ndarray,
    cells: np.ndarray,
    output: int,
    *,
    device: torch.device,
) -> tuple[np.ndarray, np.ndarray]:
    """Deletion and insertion of one film: an output's probability at each of SHARES, float64 (17,).

    `picture`: the network's input, uint8 (S, S); `cells`: a map, (h, w). Pixels go, or come, in the
    order of the map, hottest first; a blurred film stands where they are not.
    """
    without = blurred(picture)
    hottest = place_in_line(cells, len(picture)) < SHARES[:, np.newaxis, np.newaxis]
    seen = [np.where(hottest, without, picture), np.where(hottest, picture, without)]
    x = card.preprocess.tensor(np.concatenate(seen))
    with torch.inference_mode():
        logits = torch.cat([network(part.to(device)).cpu() for part in x.split(_BATCH)])
    probability = card.rules.probabilities(logits.double().numpy())[:, output]
    return probability[: len(SHARES)], probability[len(SHARES) :]


def area(curve: np.ndarray) -> np.ndarray:
    """The area under curves over SHARES, float (…, 17) to (…): 0 to 1."""
    return np.trapezoid(curve, SHARES, axis=-1)


def similarity(
    network: Network, x: torch.Tensor, outputs: np.ndarray, stage: Stage, *, seed: int
) -> np.ndarray:
    """How like a film's Grad-CAM is to that of randomised weights: float64 (N,), -1 to 1.

    Spearman's rank correlation of their cells, the mean over five draws. Arguments as for
    `cells_of`.
    """
    learnt = cells_of(network, x, outputs, METHOD)
    alike = []
    for draw in range(_DRAWS):
        other = randomised(network, x[:_BATCH], stage, seed=seed + draw)
        drawn = cells_of(other, x, outputs, METHOD)
        pairs = zip(learnt, drawn, strict=True)
        alike.append([spearmanr(a.ravel(), b.ravel()).statistic for a, b in pairs])
    return np.mean(alike, axis=0)


def randomised(network: Network, x: torch.Tensor, stage: Stage, *, seed: int) -> Network:
    """A copy whose weights are drawn anew from the head down to a stage.

    Normalisation is fitted to the films `x`, (N, 1, S, S): unfitted, a deep network of random
    weights answers alike to every film, and its maps would differ for that reason alone.
    """
    copied = copy.deepcopy(network).cpu()
    drawn: list[nn.Module] = [copied.head]
    if stage != "head":
        drawn += [layer for layer in (copied.opacity, copied.detail) if layer is not None]
        drawn += _last_block(copied.features) if stage == "last block" else [copied.features]
    layers = [layer for part in drawn for layer in part.modules()]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for layer in layers:
            reset = getattr(layer, "reset_parameters", None)
            if callable(reset):
                reset()
    for layer in layers:
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
            layer.train()
    copied = copied.to(x.device)
    with torch.no_grad():
        copied.feature_map(x)
    return copied.eval()


def _last_block(features: nn.Module) -> list[nn.Module]:
    """A backbone's last part that convolves, and what follows it."""
    parts = list(features.children())
    convolving = [
        i
        for i, part in enumerate(parts)
        if any(isinstance(layer, nn.Conv2d) for layer in part.modules())
    ]
    return parts[convolving[-1] :]
