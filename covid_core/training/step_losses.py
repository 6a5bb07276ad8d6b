"""The losses of a run's steps, read from the device now and then: each reading waits for it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from covid_core.errors import TrainingError, listed
from covid_core.training.batches import Batch

_LAST = 50  # steps that the loss shown beside the bar is the mean of


class StepLosses:
    """The losses of the steps since the last look, read from the device in one go."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._new: list[tuple[int, Batch, torch.Tensor]] = []
        self._read: list[float] = []

    def add(self, number: int, batch: Batch, loss: torch.Tensor) -> None:
        self._new.append((number, batch, loss))

    def check(self) -> float:
        """The mean loss of the last steps. Raises TrainingError at the first that is not finite."""
        if self._new:
            values = torch.stack([torch.as_tensor(loss) for *_, loss in self._new]).tolist()
            for (number, batch, _), value in zip(self._new, values, strict=True):
                _check_finite(value, number, [self._names[i] for i in batch.indices])
            self._read += values
            self._new.clear()
        return float(np.mean(self._read[-_LAST:])) if self._read else math.nan

    def mean(self) -> float:
        """The mean loss since the last time; then counts anew."""
        mean = float(np.mean(self._read)) if self._read else math.nan
        self._read.clear()
        return mean


def _check_finite(loss: float, step: int, films: Sequence[str]) -> None:
    if not math.isfinite(loss):
        raise TrainingError(
            f"the loss, or its gradient, is {loss} at step {step}, on these films{listed(films)}",
            "The last good checkpoint is kept. Look at the films; if nothing is wrong with them,"
            " train anew with a lower --learning-rate",
        )
