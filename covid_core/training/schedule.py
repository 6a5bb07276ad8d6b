"""The learning rate of each step, by the step's number and the figures measured so far.

The schedules of the published studies are here to the letter, their mistakes included: stepped by
batch where an epoch was meant, or waiting for a fall of a figure that should rise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch


@dataclass(frozen=True, slots=True)
class Schedule:
    """How the learning rate goes over a phase, by its `kind`.

    `cosine`: from the highest rate to nothing, after a `warm_up`, a share of the phase, 0 to 1;
    `constant`; `step`: times `factor` after each `every` units of `per`; `plateau`: times `factor`
    where `measure` has not improved for more than `patience` epochs; it improves by falling where
    `falls`, else by rising.
    """

    kind: Literal["cosine", "constant", "step", "plateau"] = "cosine"
    warm_up: float = 0.05
    factor: float = 0.1
    every: int = 7
    per: Literal["epoch", "batch"] = "epoch"
    patience: int = 10
    measure: str = "validation_loss"
    falls: bool = True

    def factor_at(self, step: int, steps: int, per_epoch: int, measured: Sequence[float]) -> float:
        """The share of the highest rate that a step of a phase has, 0 to 1.

        `steps`: of the whole phase. `measured`: the schedule's measure at the end of each epoch so
        far.
        """
        if self.kind == "cosine":
            return self._cosine(step / steps)
        if self.kind == "step":
            return float(self.factor ** (step // (self.every * self._unit(per_epoch))))
        if self.kind == "plateau":
            return self._plateau(measured)
        return 1.0

    def _cosine(self, done: float) -> float:
        if done < self.warm_up:
            return done / self.warm_up
        wave = (done - self.warm_up) / (1 - self.warm_up)
        return (1 + math.cos(math.pi * wave)) / 2

    def _unit(self, per_epoch: int) -> int:
        return per_epoch if self.per == "epoch" else 1

    def _plateau(self, measured: Sequence[float]) -> float:
        """The factor that PyTorch's own scheduler has after these epochs.

        It goes through all of them anew each time, so that a resumed run needs no other state.
        """
        optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimiser, "min" if self.falls else "max", self.factor, self.patience
        )
        for value in measured:
            scheduler.step(value)
        return float(optimiser.param_groups[0]["lr"])
