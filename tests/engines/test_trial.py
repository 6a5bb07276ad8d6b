"""The film that an engine answers first distinguishes another network from this one."""

from __future__ import annotations

import numpy as np
import pytest

from covid_core.engines.engine import Precision
from covid_core.engines.trial import CLOSE, outputs_match, sample_outputs, trial_film

FLOAT32, BFLOAT16 = Precision


def outputs(seed: int = 0) -> list[np.ndarray]:
    drawing = np.random.default_rng(seed)
    return [drawing.normal(size=(1, 40, 7, 7)).astype(np.float32), np.ones(1, np.float32)]


def test_the_film_is_always_the_same_and_uses_the_whole_scale() -> None:
    film = trial_film(96)
    assert (film.shape, film.dtype) == ((1, 1, 96, 96), np.float32)
    assert np.array_equal(film, trial_film(96))
    assert -2 <= film.min() < -1.9 and 1.9 < film.max() <= 2
    assert np.unique(film).size > 0.9 * film.size, "flat parts would ask little"


@pytest.mark.parametrize("precision", list(Precision))
def test_what_lies_within_the_precision_is_alike(precision: Precision) -> None:
    near, far = (
        [one + np.abs(one).max() * share * CLOSE[precision] for one in outputs()]
        for share in (0.9, 1.1)
    )
    assert outputs_match(outputs(), outputs(), precision) and outputs_match(
        near, outputs(), precision
    )
    assert not outputs_match(far, outputs(), precision)


def test_another_network_nan_and_other_shapes_are_not_alike() -> None:
    lost = [outputs()[0], np.full(1, np.nan, np.float32)]
    for other in (outputs(1), lost, outputs()[:1], [outputs()[0][:, :, 1:], outputs()[1]]):
        assert not outputs_match(other, outputs(), BFLOAT16)
        assert not outputs_match(sample_outputs(other), sample_outputs(outputs()), BFLOAT16)


def test_samples_are_spread_over_all_of_an_output() -> None:
    (numbers,) = sample_outputs([np.arange(50_176.0).reshape(1, 1024, 7, 7)])
    assert 200 < numbers.size < 400
    assert numbers[0] == 0 and numbers[-1] > 49_900 and np.unique(np.diff(numbers)).size == 1
