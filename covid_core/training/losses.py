"""What a network learns from: classes, radiologists' boxes, appearances, a teacher's answers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from covid_core.model.networks import Network, Outputs


@dataclass(frozen=True, slots=True)
class Losses:
    """How much each part weighs beside the classes' cross-entropy.

    `boxes`: of the opacity map's cells; `appearance`: of the four appearances; `teacher`: the share
    of every goal that a teacher's answers are where there is a teacher, 0 to 1.
    """

    boxes: float = 1.0
    appearance: float = 0.5
    teacher: float = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """What is known of N films, on the device.

    `labels`, `appearances`: int64 (N,), -1 for none; `masks`: the boxes' union, float32 (N, 1, s,
    s), 0 to 1, moved with the films; `annotated`: bool (N,), whether they say anything; both None
    where the network has no opacity map. `teacher`: its answers to these films as the network sees
    them, None where there is none.
    """

    labels: torch.Tensor
    appearances: torch.Tensor | None = None
    masks: torch.Tensor | None = None
    annotated: torch.Tensor | None = None
    teacher: Outputs | None = None


class Learner(nn.Module):
    """A network asked for every output at once, as training does: what DistributedDataParallel and
    the compiler wrap.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> Outputs:
        return self.network.answer(x)


def loss_of(
    answered: Outputs,
    targets: Targets,
    losses: Losses,
    *,
    label_smoothing: float = 0.0,
    rarer: torch.Tensor | None = None,
) -> torch.Tensor:
    """The loss of a batch, 0-d. `rarer`: the outputs' weights, (outputs,)."""
    logits, by_teacher = answered.logits.float(), losses.teacher if targets.teacher else 0.0
    known = targets.labels >= 0
    total = (1 - by_teacher) * _mean_where(
        known,
        F.cross_entropy(
            logits,
            targets.labels,
            rarer,
            ignore_index=-1,
            reduction="none",
            label_smoothing=label_smoothing,
        ),
        rarer[targets.labels.clamp(min=0)] if rarer is not None else None,
    )
    if answered.opacity is not None and targets.masks is not None:
        cells = answered.opacity.float()
        goal = F.adaptive_avg_pool2d(targets.masks, (cells.shape[2], cells.shape[3]))
        wrong = F.binary_cross_entropy_with_logits(cells, goal, reduction="none").mean((1, 2, 3))
        assert targets.annotated is not None
        total = total + losses.boxes * (1 - by_teacher) * _mean_where(targets.annotated, wrong)
    if answered.appearance is not None and targets.appearances is not None:
        wrong = F.cross_entropy(
            answered.appearance.float(), targets.appearances, ignore_index=-1, reduction="none"
        )
        seen = targets.appearances >= 0
        total = total + losses.appearance * (1 - by_teacher) * _mean_where(seen, wrong)
    if targets.teacher is not None:
        total = total + by_teacher * _from_teacher(answered, targets.teacher, losses)
    return total


def _from_teacher(answered: Outputs, teacher: Outputs, losses: Losses) -> torch.Tensor:
    """The cross-entropy with a teacher's answers (Hinton et al. 2015), to every film alike."""
    goal = teacher.logits.float().softmax(dim=1)
    total = F.cross_entropy(answered.logits.float(), goal)
    if answered.opacity is not None and teacher.opacity is not None:
        cells = teacher.opacity.float()
        if cells.shape != answered.opacity.shape:
            size = answered.opacity.shape[2:]
            cells = F.interpolate(cells, size, mode="bilinear", antialias=True)
        total = total + losses.boxes * F.binary_cross_entropy_with_logits(
            answered.opacity.float(), cells.sigmoid()
        )
    if answered.appearance is not None and teacher.appearance is not None:
        goal = teacher.appearance.float().softmax(dim=1)
        total = total + losses.appearance * F.cross_entropy(answered.appearance.float(), goal)
    return total


def _mean_where(
    known: torch.Tensor, values: torch.Tensor, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """The mean of values, (N,), where something is known, bool (N,); 0 where nothing is."""
    counted = known.float() if weights is None else known * weights
    return (values * known).sum() / counted.sum().clamp(min=1e-6)
