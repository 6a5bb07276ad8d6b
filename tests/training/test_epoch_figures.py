"""The figures at an epoch's end: within a source the hospital is no clue."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from covid_core.datasets.split import Split
from covid_core.model.tasks import THREE_CLASSES
from covid_core.prepare.preprocess import Preprocess
from covid_core.training.epoch_figures import figure_of, goodness, measure_epoch
from covid_core.training.films import Films


class SourceReader(nn.Module):
    """Separates films by the grey of their hospital, and by nothing else."""

    opacity = None

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(4.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        grey = x.mean(dim=(1, 2, 3))
        return self.scale * torch.stack([-grey, torch.zeros_like(grey), grey], dim=1)


def films(split: Split) -> Films:
    """Hospital `bright`: 40 COVID and 40 normal; hospital `dark`: 80 normal. The hospital's grey
    is all that is to be seen, but for chance."""
    drawing = np.random.default_rng(0)
    sources = np.array(["bright"] * 80 + ["dark"] * 80)
    grey = np.where(sources == "bright", 200, 60) + drawing.integers(-9, 10, 160)
    labels = np.array([2] * 40 + [0] * 120)
    return Films(
        pictures=np.broadcast_to(grey[:, None, None], (160, 8, 8)).astype(np.uint8),
        labels=labels,
        groups=np.arange(160),
        sources=sources,
        splits=np.array([split.value] * 160),
        names=tuple(map(str, range(160))),
    )


def figures(split: Split) -> dict[str, float]:
    reader: Any = SourceReader()
    return measure_epoch(reader, films(split), Preprocess(size_px=8), THREE_CLASSES, 8)


def test_the_hospital_helps_over_all_and_not_within() -> None:
    row = figures(Split.VALIDATION)
    assert row["validation_auroc_covid"] > 0.8
    assert row["within_auroc"] == pytest.approx(0.5, abs=0.12)
    assert "unseen_auroc" not in row


def test_sources_held_out_are_reported_one_by_one() -> None:
    row = figures(Split.HELD_OUT)
    parts = {"unseen_auroc bright normal", "unseen_auroc bright covid"}
    assert row.keys() == parts | {"unseen_auroc"}
    assert row["unseen_auroc"] == pytest.approx(np.mean([row[part] for part in parts]))


def test_more_is_better_of_every_measure() -> None:
    assert goodness({"validation_loss": 0.1}, "validation_loss") > goodness(
        {"validation_loss": 0.2}, "validation_loss"
    )
    assert goodness({"within_auroc": 0.7}, "unseen_auroc") == 0.7
    assert goodness({"within_auroc": 0.7, "unseen_auroc": 0.6}, "unseen_auroc") == 0.6
    assert figure_of({"within_auroc": 0.7}, "unseen_auroc") == 0.7
    assert figure_of({"validation_loss": 0.1}, "validation_loss") == 0.1
    assert np.isnan(goodness({}, "validation_accuracy"))
