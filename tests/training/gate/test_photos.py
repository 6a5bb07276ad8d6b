"""The grounds that films are photographed on: bands of one width, and dark ones of few greys."""

from __future__ import annotations

import numpy as np

from covid_core.prepare.jpeg import compress
from covid_core.read.phantom import draw_phantom
from covid_core.training.gate.photos import _dark_ground, _even_bands, _photograph
from covid_core.training.gate.texture import SIDE_PX


def test_even_bands_are_straight_of_one_width_and_of_two_greys_in_turn() -> None:
    upright = 0
    for seed in range(40):
        ground = _even_bands(np.random.default_rng(seed))
        assert ground.shape == (SIDE_PX, SIDE_PX)
        if np.ptp(ground[:, 0]) == 0:
            upright += 1
        else:
            ground = ground.T
        assert (ground == ground[0]).all()
        assert len(np.unique(ground[0])) == 2
        edges = np.nonzero(np.diff(ground[0]))[0]
        assert 2 <= len(edges) <= 15
        assert np.ptp(np.diff(edges)) <= 1
    assert 10 <= upright <= 30


def test_a_photo_in_the_dark_has_few_greys_around_the_film() -> None:
    film = draw_phantom(size_px=SIDE_PX)
    greys = []
    for seed in range(20):
        drawing = np.random.default_rng(seed)
        ground = _dark_ground(drawing)
        assert ground.max() < 70
        corner = _photograph(ground, film, drawing, share=(0.4, 0.5))[:16, :16]
        greys.append(len(np.unique(corner)))
    assert np.median(greys) < 12


def test_a_file_of_low_quality_keeps_less_of_the_greys() -> None:
    film = draw_phantom(size_px=SIDE_PX)
    lost = [np.abs(compress(film, quality) - film.astype(float)).mean() for quality in (95, 30)]
    assert 0 < lost[0] < lost[1] < 10
