"""The mean of a network's weights over its last steps, which answers better than the last alone.

An exponential moving average with a warm-up: after n steps the past keeps min(decay,
(1 + n) / (10 + n)), as in TensorFlow's `ExponentialMovingAverage`. Without it an average that looks
back over more steps than a run has would be made of the weights that the run began with.
"""

from __future__ import annotations

import copy

import torch
from torch.optim.swa_utils import get_ema_multi_avg_fn

from covid_core.model.networks import Network


class Average:
    """The running mean of a network: `network`, never trained itself, over so many `steps`."""

    def __init__(self, network: Network, decay: float) -> None:
        """`decay`: the share of the mean that each step keeps, 0 to below 1."""
        self.network = copy.deepcopy(network).requires_grad_(False)
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, network: Network) -> None:
        """Add the network after a step to the mean: parameters and normalisation alike."""
        past = share_kept(self.decay, self.steps)
        self.steps += 1
        pairs = list(zip(_tensors(self.network), _tensors(network), strict=True))
        floats = [pair for pair in pairs if pair[0].is_floating_point()]
        averaged, current = map(list, zip(*floats, strict=True))
        get_ema_multi_avg_fn(past)(averaged, current, self.steps)
        for mean, counter in pairs:
            if not mean.is_floating_point():
                mean.copy_(counter)


def share_kept(decay: float, steps: int) -> float:
    """The share of the mean that the next step keeps after so many steps, 0 to `decay`."""
    return min(decay, (1 + steps) / (10 + steps)) if steps else 0.0


def averaged_steps(decay: float) -> int:
    """The number of steps that an average looks back over."""
    return round(1 / (1 - decay))


def _tensors(network: Network) -> list[torch.Tensor]:
    return list(network.state_dict().values())
