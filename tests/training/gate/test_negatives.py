"""Drawn pictures of other things: repeatable, of one size and type, and each its own."""

from __future__ import annotations

import numpy as np
import pytest

from covid_core.model.gate_findings import OTHERS
from covid_core.read.phantom import draw_phantom
from covid_core.training.gate.negatives import CUTS, KINDS
from covid_core.training.gate.texture import SIDE_PX, clouds, exposed, worn


@pytest.mark.parametrize("name", KINDS)
def test_drawings_are_pictures_and_repeat(name: str) -> None:
    draw = KINDS[name].draw
    first, again, other = (draw(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first.shape, first.dtype) == ((SIDE_PX, SIDE_PX), np.uint8)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.ptp(first) > 10


@pytest.mark.parametrize("name", CUTS)
def test_cut_films_are_no_longer_the_film(name: str) -> None:
    film = draw_phantom(size_px=SIDE_PX)
    before = film.copy()
    cut = CUTS[name][1](film, np.random.default_rng(3))
    assert (cut.shape, cut.dtype) == ((SIDE_PX, SIDE_PX), np.uint8)
    assert np.array_equal(film, before)
    assert (cut != film).mean() > 0.3


def test_every_way_of_being_no_chest_film_trains_and_is_tested() -> None:
    kinds = [(kind.code, kind.trains) for kind in KINDS.values()]
    assert {code for code, trains in kinds if trains} == set(OTHERS)
    assert sum(not trains for _, trains in kinds) >= 3


@pytest.mark.parametrize("steepness", [0.0, 1.0, 2.0])
def test_clouds_have_the_spectrum_they_promise(steepness: float) -> None:
    power = np.mean(
        [np.abs(np.fft.rfft2(clouds(np.random.default_rng(i), steepness))) ** 2 for i in range(8)],
        axis=0,
    )
    low, high = power[0, 4], power[0, 40]
    assert np.log10(low / high) == pytest.approx(2 * steepness, abs=0.5)


def test_exposure_and_wear_stay_grey_levels() -> None:
    drawing = np.random.default_rng(0)
    levels = exposed(clouds(drawing, 1.0), drawing)
    assert levels.min() == pytest.approx(0) and levels.max() == pytest.approx(255)
    assert exposed(np.zeros((4, 4)), drawing).max() == 0
    for _ in range(5):
        assert worn(levels, drawing).dtype == np.uint8
