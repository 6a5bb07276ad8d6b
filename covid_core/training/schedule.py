"""How fast a network learns at each step: pure functions of the step and of what was measured.

Those of the published studies are here to the letter, a mistake in counting included: stepped by
batch where it was meant by epoch, or made to wait for a fall of what should rise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch


@dataclass(frozen=True, slots=True)
class Schedule:
    """`kind`: `cosine`, from the highest rate to nothing over a phase, after a `warm_up` (share of
    it, 0 to 1); `constant`; `step`, times `factor` after each `every` units of `per`; `plateau`,
    times `factor` where `measure` has not improved for more than `patience` epochs, and it
    improves by falling where `falls`.
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
        """What the highest rate is multiplied by at a step of a phase, 0 to 1.

        `steps`: of the whole phase. `measured`: the schedule's measure at the end of each epoch so
        far.
        """
        if self.kind == "cosine":
            return self._cosine(step / steps)
        if self.kind == "step":
            return float(self.factor ** (step // (self.every * self._unit(per_epoch))))
        if self.kind == "plateau":
            return self._reduced(measured)
        return 1.0

    def _cosine(self, done: float) -> float:
        if done < self.warm_up:
            return done / self.warm_up
        wave = (done - self.warm_up) / (1 - self.warm_up)
        return (1 + math.cos(math.pi * wave)) / 2

    def _unit(self, per_epoch: int) -> int:
        return per_epoch if self.per == "epoch" else 1

    def _reduced(self, measured: Sequence[float]) -> float:
        """By PyTorch's own scheduler, asked anew for all epochs: a resumed run needs no other
        state.
        """
        optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimiser, "min" if self.falls else "max", self.factor, self.patience
        )
        for value in measured:
            plateau.step(value)
        return float(optimiser.param_groups[0]["lr"])
