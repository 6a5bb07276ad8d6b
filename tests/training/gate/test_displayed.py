"""Films on display: repeatable, of one size and type, and a film in a border still that film."""

from __future__ import annotations

import numpy as np
import pytest

from covid_core.model.gate_findings import DISPLAYED
from covid_core.read.borders import crop_film, find_crop
from covid_core.read.phantom import KINDS, draw_phantom
from covid_core.training.gate.arranged import bordered
from covid_core.training.gate.displayed import DISPLAY_KINDS
from covid_core.training.gate.texture import SIDE_PX

FILMS = np.stack([draw_phantom(kind, size_px=224, seed=i) for i, kind in enumerate(KINDS)])


@pytest.mark.parametrize("name", DISPLAY_KINDS)
def test_displays_are_pictures_and_repeat(name: str) -> None:
    before = FILMS.copy()
    draw = DISPLAY_KINDS[name].draw
    first, again, other = (draw(FILMS, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first.shape, first.dtype) == ((SIDE_PX, SIDE_PX), np.uint8)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(FILMS, before)


def test_every_kind_of_display_trains_and_is_measured_by_one_that_does_not() -> None:
    for trains in (True, False):
        assert {way.code for way in DISPLAY_KINDS.values() if way.trains is trains} == set(
            DISPLAYED
        )


def test_a_film_in_a_border_fills_most_of_the_picture() -> None:
    shares = []
    for seed in range(30):
        picture = bordered(FILMS[0], np.random.default_rng(seed))
        assert (picture.shape, picture.dtype) == (FILMS[0].shape, np.uint8)
        levels = picture.astype(np.float32) / np.float32(255)
        shares.append(find_crop(levels).share)
        assert crop_film(levels, find_crop(levels)).std() > 0.1
    assert max(shares) < 0.75
    assert np.mean(np.array(shares) > 0.05) > 0.3
