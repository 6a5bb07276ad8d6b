"""What a network learns from: classes, radiologists' boxes, appearances, a teacher's answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from covid_core.errors import TrainingError, listed
from covid_core.model.networks import Network, Outputs

_SHOWN = 50  # steps that the loss beside the progress bar is the mean of


@dataclass(frozen=True, slots=True)
class Losses:
    """The weight of each part beside the classes' cross-entropy.

    `boxes`: of the opacity map's cells; `appearance`: of the four appearances; `teacher`: with a
    teacher, the share of every loss that is taken to its answers instead of the labels, 0 to 1.
    """

    boxes: float = 1.0
    appearance: float = 0.5
    teacher: float = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """What is known of N films, on the device.

    `labels`, `appearances`: int64 (N,), -1 for none; `masks`: the union of the boxes, float32 (N,
    1, s, s), 0 to 1, moved with the films; `annotated`: bool (N,), whether a film's mask says
    anything; both None where the network has no opacity map. `teacher`: its answers to these films
    as the network sees them, None where there is none. `emptied`: bool (N,), films whose lungs are
    painted over, for which every class is as likely; None for none. `sources`: int64 (N,), a number
    for each source, None where that is not known.
    """

    labels: torch.Tensor
    appearances: torch.Tensor | None = None
    masks: torch.Tensor | None = None
    annotated: torch.Tensor | None = None
    teacher: Outputs | None = None
    emptied: torch.Tensor | None = None
    sources: torch.Tensor | None = None


class Learner(nn.Module):
    """A network that gives every output: what DistributedDataParallel and the compiler wrap."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> Outputs:
        """Every output of the network."""
        return self.network.answer(x)


def batch_loss(
    outputs: Outputs,
    targets: Targets,
    losses: Losses,
    *,
    label_smoothing: float = 0.0,
    class_weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """The loss of a batch, 0-d. `class_weights`: (outputs,)."""
    teacher = targets.teacher
    share = 0.0 if teacher is None else losses.teacher
    total = (1 - share) * _class_loss(
        outputs.logits.float(), targets, label_smoothing, class_weights
    )
    if outputs.opacity is not None and targets.masks is not None:
        opacity = outputs.opacity.float()
        # A teacher of wider cells says nothing of the finer ones: the boxes keep their weight.
        wider = teacher and teacher.opacity is not None and teacher.opacity.shape != opacity.shape
        box_share = 1.0 if wider else 1 - share
        total = total + losses.boxes * box_share * _box_loss(opacity, targets)
    if outputs.appearance is not None and targets.appearances is not None:
        known = targets.appearances >= 0
        values = F.cross_entropy(
            outputs.appearance.float(), targets.appearances, ignore_index=-1, reduction="none"
        )
        total = total + losses.appearance * (1 - share) * _mean_where(known, values)
    if teacher is not None:
        total = total + share * _teacher_loss(outputs, teacher, losses)
    return total


class LossLog:
    """The losses of a run's steps, read from the device now and then: each reading waits for it."""

    def __init__(self, names: Sequence[str]) -> None:
        """`names`: of the films that batches are drawn from."""
        self._names = names
        self._unread: list[tuple[int, np.ndarray, torch.Tensor]] = []
        self._values: list[float] = []

    def add(self, step: int, indices: np.ndarray, loss: torch.Tensor) -> None:
        """Keep the loss of a step on the films at `indices`, to be read later."""
        self._unread.append((step, indices, loss))

    def read(self) -> float:
        """The mean loss of the last steps. Raises TrainingError at the first that is not finite."""
        if self._unread:
            values = _read_from_device([loss for *_, loss in self._unread])
            for (step, indices, _), value in zip(self._unread, values, strict=True):
                _check_finite(value, step, [self._names[i] for i in indices])
            self._values += values
            self._unread.clear()
        return float(np.mean(self._values[-_SHOWN:])) if self._values else math.nan

    def close_epoch(self) -> float:
        """The mean loss since the last epoch was closed."""
        mean = float(np.mean(self._values)) if self._values else math.nan
        self._values.clear()
        return mean


def _class_loss(
    logits: torch.Tensor,
    targets: Targets,
    label_smoothing: float,
    class_weights: torch.Tensor | None,
) -> torch.Tensor:
    """The mean cross-entropy with the labels that are known, and, of emptied films, with chance."""
    known = targets.labels >= 0
    values = F.cross_entropy(
        logits,
        targets.labels,
        class_weights,
        ignore_index=-1,
        reduction="none",
        label_smoothing=label_smoothing,
    )
    weights = None if class_weights is None else class_weights[targets.labels.clamp(min=0)]
    if targets.emptied is not None:
        chance = -logits.log_softmax(dim=1).mean(dim=1)
        known, values = known | targets.emptied, torch.where(targets.emptied, chance, values)
        weights = None if weights is None else weights.masked_fill(targets.emptied, 1.0)
    return _mean_where(known, values, weights)


def _box_loss(opacity: torch.Tensor, targets: Targets) -> torch.Tensor:
    """The mean cross-entropy of the map's cells, (N, 1, h, w), with the share of boxes in each."""
    assert targets.masks is not None and targets.annotated is not None
    covered = F.adaptive_avg_pool2d(targets.masks, (opacity.shape[2], opacity.shape[3]))
    values = F.binary_cross_entropy_with_logits(opacity, covered, reduction="none")
    return _mean_where(targets.annotated, values.mean((1, 2, 3)))


def _teacher_loss(outputs: Outputs, teacher: Outputs, losses: Losses) -> torch.Tensor:
    """The cross-entropy with a teacher's answers (Hinton et al. 2015), over every film alike."""
    total = F.cross_entropy(outputs.logits.float(), teacher.logits.float().softmax(dim=1))
    if outputs.opacity is not None and teacher.opacity is not None:
        own, theirs = outputs.opacity.float(), teacher.opacity.float().sigmoid()
        if own.shape == theirs.shape:
            by_cell = F.binary_cross_entropy_with_logits(own, theirs)
        else:  # in the coarser's cells: it says nothing of finer ones
            size = min(own.shape[-1], theirs.shape[-1])
            pooled = F.adaptive_avg_pool2d(own.sigmoid(), size)
            by_cell = F.binary_cross_entropy(pooled, F.adaptive_avg_pool2d(theirs, size))
        total = total + losses.boxes * by_cell
    if outputs.appearance is not None and teacher.appearance is not None:
        appearance = teacher.appearance.float().softmax(dim=1)
        total = total + losses.appearance * F.cross_entropy(outputs.appearance.float(), appearance)
    return total


def _mean_where(
    known: torch.Tensor, values: torch.Tensor, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """The mean of values, (N,), where something is known, bool (N,); 0 where nothing is."""
    counted = known.float() if weights is None else known * weights
    return (values * known).sum() / counted.sum().clamp(min=1e-6)


def _read_from_device(losses: Sequence[torch.Tensor]) -> list[float]:
    """The values of losses, in one transfer."""
    values: list[float] = torch.stack([torch.as_tensor(loss) for loss in losses]).tolist()
    return values


def _check_finite(loss: float, step: int, films: Sequence[str]) -> None:
    if not math.isfinite(loss):
        raise TrainingError(
            f"the loss, or its gradient, is {loss} at step {step}, on these images{listed(films)}",
            "The last good checkpoint is kept. Look at the images; if nothing is wrong with them,"
            " train anew with a lower --learning-rate",
        )
