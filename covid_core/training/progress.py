"""How far a phase of training has come: what a checkpoint holds, and a resumed run goes on from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from covid_core.model.networks import Network
from covid_core.training.averaging import Average
from covid_core.training.checkpoint import check_terms, last_good, save_checkpoint
from covid_core.training.recipe import LAST, Optimisation, Trained
from covid_core.training.scoring import goodness


class Progress:
    """A phase's network, its average and its optimiser; which `step` comes next; what the schedule
    has `followed`, epoch by epoch; the `best` epoch so far: its figure, step and weights; and
    whether the phase `ended_early`.
    """

    def __init__(self, network: Network, by: Optimisation) -> None:
        self.network = network
        self.average = Average(network, by.averaging)
        self.optimiser = torch.optim.AdamW(parameter_groups(network, by.weight_decay), fused=True)
        self.step = 0
        self.followed: list[float] = []
        self.best: dict[str, Any] | None = None
        self.ended_early = False

    def save(self, path: Path, terms: Mapping[str, str]) -> None:
        """Write it as a checkpoint of the run of these terms. Raises TrainingError."""
        save_checkpoint(
            path,
            {
                "of": dict(terms),
                "network": self.network.state_dict(),
                "average": self.average.network.state_dict(),
                "averaged": self.average.steps,
                "optimiser": self.optimiser.state_dict(),
                "step": self.step,
                "ended_early": self.ended_early,
                "best": self.best,
                "followed": self.followed,
            },
        )

    def restore(self, path: Path, terms: Mapping[str, str]) -> None:
        """Go on from the checkpoint, where there is one.

        Raises TrainingError where it is damaged, or of a run of other terms.
        """
        state = last_good(path)
        if state is None:
            return
        check_terms(state.get("of", {}), terms, path)
        self.network.load_state_dict(state["network"])
        self.average.network.load_state_dict(state["average"])
        self.average.steps = int(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.ended_early = int(state["step"]), bool(state["ended_early"])
        self.best, self.followed = state["best"], list(state["followed"])

    def set_rate(self, rate: float) -> None:
        """Let the coming step learn at this rate."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    def close_epoch(self, row: Mapping[str, Any], by: Optimisation) -> None:
        """Take in an epoch's figures at the phase's last film size: is it the best so far, and good
        enough to end the phase?
        """
        self.ended_early = _is_good_enough(row, by)
        value = math.nan if by.keep == LAST else goodness(row, by.keep)
        if math.isnan(value) or (self.best and self.best["value"] >= value):
            return
        weights = self.average.network.state_dict()
        state = {name: tensor.detach().clone() for name, tensor in weights.items()}
        self.best = {"value": value, "step": row["step"], "state": state}

    def result(self) -> Network:
        """The averaged network, or that of the best epoch where the recipe keeps it; on the CPU."""
        network = self.average.network
        if self.best:
            network.load_state_dict(self.best["state"])
        return network.cpu().eval().requires_grad_(True)


def thaw(network: Network, trained: Trained) -> None:
    """Let those of its layers learn that a phase trains, and no others."""
    network.features.requires_grad_(trained == "all")
    if trained == "last convolution":
        *_, last = (m for m in network.features.modules() if isinstance(m, nn.Conv2d))
        last.requires_grad_(True)


def parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """The parameters that learn, in two groups: matrices and kernels decay; norms and biases, whose
    size means nothing, do not.
    """
    learnt = [parameter for parameter in network.parameters() if parameter.requires_grad]
    return [
        {"params": [one for one in learnt if one.ndim > 1], "weight_decay": weight_decay},
        {"params": [one for one in learnt if one.ndim <= 1], "weight_decay": 0.0},
    ]


def _is_good_enough(row: Mapping[str, Any], by: Optimisation) -> bool:
    if by.stop is None:
        return False
    measure, limit = by.stop
    return goodness(row, measure) >= goodness({measure: limit}, measure)
