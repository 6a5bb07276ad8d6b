"""The averaged weights: nothing of the start stays in them, however short the run."""

from __future__ import annotations

import pytest
import torch

from covid_core.model.networks import Network
from covid_core.training.averaging import Average, averaged_steps, share_kept


def filled(value: float) -> Network:
    network = Network("cnn4")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(value)
    return network


@pytest.mark.parametrize("decay", [0.0, 0.9, 0.995, 0.9999])
def test_a_network_that_stands_still_is_its_own_average(decay: float) -> None:
    average = Average(filled(0.0), decay)
    for _ in range(42):
        average.update(filled(1.0))
    assert all((parameter == 1).all() for parameter in average.network.parameters())
    assert average.steps == 42


def test_the_past_is_kept_as_far_as_there_is_one() -> None:
    assert share_kept(0.995, 0) == 0
    assert share_kept(0.995, 10) == pytest.approx(11 / 20)
    assert share_kept(0.995, 10_000) == 0.995
    assert share_kept(0.5, 100) == 0.5


def test_an_average_lags_behind_a_network_that_moves_by_no_more_than_its_reach() -> None:
    average = Average(filled(0.0), 0.9)
    for step in range(1, 101):
        average.update(filled(float(step)))
    value = float(next(average.network.parameters()).flatten()[0])
    assert 100 - averaged_steps(0.9) < value < 100


def test_counters_are_taken_over_and_statistics_averaged() -> None:
    network = filled(1.0)
    network.train()(torch.rand(2, 1, 32, 32))
    average = Average(filled(0.0), 0.9)
    average.update(network)
    named = dict(average.network.named_buffers())
    assert int(named["features.0.2.num_batches_tracked"]) == 1
    assert torch.equal(named["features.0.2.running_mean"], network.features[0][2].running_mean)
