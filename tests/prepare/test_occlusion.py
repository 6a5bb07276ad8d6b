"""What is covered is gone, and what is not is as it was."""

from __future__ import annotations

import numpy as np

from covid_core.prepare.occlusion import (
    blurred,
    lungs_only,
    lungs_out,
    painted_over,
    place_in_line,
    widened,
)
from tests.checked import LUNGS

SIDE = 112
INSIDE = widened(LUNGS, (SIDE, SIDE))


def test_lungs_are_painted_over_as_what_surrounds_them() -> None:
    flat = np.full((SIDE, SIDE), 90, np.uint8)
    assert np.array_equal(painted_over(np.where(INSIDE, 7, flat), INSIDE), flat)
    assert painted_over(flat, np.ones_like(INSIDE)).max() == 0, "nothing surrounds it"


def test_lungs_and_the_rest_are_the_whole_film() -> None:
    film = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE)).astype(np.uint8)
    assert np.array_equal(lungs_only(film, INSIDE) + lungs_out(film, INSIDE), film)


def test_the_hottest_place_is_first_in_line() -> None:
    cells = np.zeros((7, 7))
    cells[2, 5] = 1
    place = place_in_line(cells, SIDE)
    row, column = np.unravel_index(place.argmin(), place.shape)
    assert (int(row) // 16, int(column) // 16) == (2, 5)
    assert place.min() == 0 and place.max() < 1
    assert abs((place < 0.2).mean() - 0.2) < 1e-3, "as much is covered as was requested"


def test_no_opacity_is_left_of_a_blurred_film() -> None:
    film = np.zeros((SIDE, SIDE), np.uint8)
    film[50:58, 50:58] = 255
    assert blurred(film).max() < 30


def test_a_mask_of_nothing_stays_so() -> None:
    assert not widened(np.zeros((128, 128), bool), (SIDE, 90)).any()
    assert widened(LUNGS, (SIDE, 90)).mean() > LUNGS.mean()
