"""The steps of a phase, and after which of them it is measured."""

from __future__ import annotations

import pytest

from covid_core.training.run import steps_to_measure


@pytest.mark.parametrize(
    ("steps", "every", "looks"),
    [
        (1165, 388.3125, {388, 777, 1165}),
        (1166, 388.3125, {388, 777, 1166}),  # a stage more, rounded up: no look one step before
        (582, 388.3125, {388, 582}),
        (20, 10, {10, 20}),
        (3, 10, {3}),
    ],
)
def test_a_phase_is_measured_after_each_epoch_and_once_at_its_end(
    steps: int, every: float, looks: set[int]
) -> None:
    assert steps_to_measure(steps, every) == looks
