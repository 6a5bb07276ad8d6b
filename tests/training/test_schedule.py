"""The learning rate at each step: ours, and those of the studies, mistakes included."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from covid_core.training.schedule import Schedule


def test_a_cosine_warms_up_and_ends_in_nothing() -> None:
    shares = [Schedule().factor_at(step, 400, 40, []) for step in range(401)]
    assert int(np.argmax(shares)) == 20 and shares[20] == 1
    assert shares[0] == 0 and shares[-1] == pytest.approx(0, abs=1e-9)


def test_stepped_by_batch_nothing_is_left_after_one_epoch() -> None:
    by_batch = Schedule("step", every=7, factor=0.1, per="batch")
    by_epoch = Schedule("step", every=7, factor=0.1, per="epoch")
    assert [by_batch.factor_at(step, 650, 65, []) for step in (0, 6, 7, 20)] == pytest.approx(
        [1, 1, 0.1, 0.01]
    )
    assert by_batch.factor_at(64, 650, 65, []) < 1e-8
    assert [by_epoch.factor_at(step, 650, 65, []) for step in (64, 7 * 65 - 1, 7 * 65)] == (
        pytest.approx([1, 1, 0.1])
    )


def test_a_plateau_is_that_of_pytorch_epoch_by_epoch() -> None:
    rising = [0.5 + 0.01 * epoch for epoch in range(12)]
    right = Schedule("plateau", factor=0.5, patience=4, measure="validation_accuracy", falls=False)
    assert right.factor_at(0, 1, 1, rising) == 1
    wrong = Schedule("plateau", factor=0.5, patience=4, measure="validation_accuracy", falls=True)
    shares = [wrong.factor_at(0, 1, 1, rising[:epoch]) for epoch in range(13)]
    assert shares[5] == 1 and shares[6] == 0.5 and shares[11] == 0.25, "it falls as it gets better"
    optimiser = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, "min", 0.5, 4)
    for epoch, value in enumerate(rising, 1):
        theirs.step(value)
        assert shares[epoch] == optimiser.param_groups[0]["lr"]


def test_a_constant_rate_stays() -> None:
    assert {Schedule("constant").factor_at(step, 9, 3, []) for step in range(9)} == {1.0}
