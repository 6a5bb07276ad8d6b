"""How far a phase has come: what a checkpoint holds, and a resumed run goes on from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from covid_core.model.networks import Network
from covid_core.training.averaging import Average
from covid_core.training.checkpoint import check_same_run, load_latest, save_checkpoint
from covid_core.training.epoch_figures import goodness
from covid_core.training.recipe import LAST, Optimisation, TrainedLayers


class Progress:
    """The state of a phase: its network, that network's average and its optimiser.

    `step`: the next one. `measured`: the schedule's measure at the end of each epoch. `best`: of
    the epochs so far, the best one's figure, step and weights. `ended_early`: whether an epoch was
    good enough to end the phase.
    """

    def __init__(self, network: Network, optimisation: Optimisation) -> None:
        self.network = network
        self.average = Average(network, optimisation.averaging)
        groups = parameter_groups(network, optimisation.weight_decay)
        self.optimiser = torch.optim.AdamW(groups, fused=True)
        self.step = 0
        self.measured: list[float] = []
        self.best: dict[str, Any] | None = None
        self.ended_early = False

    def save(self, path: Path, identity: Mapping[str, str]) -> None:
        """Write a checkpoint of the run of this identity. Raises TrainingError."""
        save_checkpoint(
            path,
            {
                "of": dict(identity),
                "network": self.network.state_dict(),
                "average": self.average.network.state_dict(),
                "averaged": self.average.steps,
                "optimiser": self.optimiser.state_dict(),
                "step": self.step,
                "ended_early": self.ended_early,
                "best": self.best,
                "followed": self.measured,
            },
        )

    def restore(self, path: Path, identity: Mapping[str, str]) -> None:
        """Take the state of a checkpoint, where there is one.

        Raises TrainingError where it is damaged, or of a run of another identity.
        """
        state = load_latest(path)
        if state is None:
            return
        check_same_run(state.get("of", {}), identity, path)
        self.network.load_state_dict(state["network"])
        self.average.network.load_state_dict(state["average"])
        self.average.steps = int(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.ended_early = int(state["step"]), bool(state["ended_early"])
        self.best, self.measured = state["best"], list(state["followed"])

    def set_rate(self, rate: float) -> None:
        """Set the learning rate of the next step."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    def rate_epoch(self, figures: Mapping[str, Any], optimisation: Optimisation) -> None:
        """Keep an epoch's weights where it is the best so far, and end the phase where it may end.

        `figures`: of an epoch at the phase's last film size.
        """
        self.ended_early = _is_good_enough(figures, optimisation)
        keep = optimisation.keep
        value = math.nan if keep == LAST else goodness(figures, keep)
        if math.isnan(value) or (self.best and self.best["value"] >= value):
            return
        weights = self.average.network.state_dict()
        state = {name: tensor.detach().clone() for name, tensor in weights.items()}
        self.best = {"value": value, "step": figures["step"], "state": state}

    def result(self) -> Network:
        """The averaged network, or that of the best epoch where the recipe keeps it; on the CPU."""
        network = self.average.network
        if self.best:
            network.load_state_dict(self.best["state"])
        return network.cpu().eval().requires_grad_(True)


def unfreeze(network: Network, trained: TrainedLayers) -> None:
    """Let those layers learn that a phase trains, and no others."""
    if trained == "detail":
        assert network.detail is not None, "check_outputs refuses the recipe"
        network.requires_grad_(False)
        network.detail.requires_grad_(True)
        return
    network.features.requires_grad_(trained == "all")
    if trained == "last convolution":
        *_, last = (m for m in network.features.modules() if isinstance(m, nn.Conv2d))
        last.requires_grad_(True)


def parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """The parameters that learn, in two groups: those that decay, and those that don't.

    Matrices and kernels decay; norms and biases, whose size means nothing, do not.
    """
    learnt = [parameter for parameter in network.parameters() if parameter.requires_grad]
    return [
        {"params": [one for one in learnt if one.ndim > 1], "weight_decay": weight_decay},
        {"params": [one for one in learnt if one.ndim <= 1], "weight_decay": 0.0},
    ]


def _is_good_enough(figures: Mapping[str, Any], optimisation: Optimisation) -> bool:
    if optimisation.stop is None:
        return False
    measure, limit = optimisation.stop
    return goodness(figures, measure) >= goodness({measure: limit}, measure)
