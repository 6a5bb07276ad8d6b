"""Where the body is: in drawn films with air beside them, without any, in borders, in noise."""

from __future__ import annotations

import numpy as np
import pytest

from covid_core.explain.body import find_body
from covid_core.read.phantom import KINDS, draw_phantom
from covid_core.read.radiograph import Radiograph

SIDE = 256
NO_LUNGS = np.zeros((128, 128), bool)


def film_of(pixels: np.ndarray) -> Radiograph:
    """A radiograph of uint8 greys."""
    return Radiograph(pixels.astype(np.float32) / 255, "0" * 64, "drawn")


def drawn(*, air: int = 20, margin: int = 40) -> np.ndarray:
    """A trunk with two dark lungs and a neck, air beside them, uint8, with a letter in the air."""
    film = np.full((SIDE, SIDE), air, np.float64)
    film[60:, margin : SIDE - margin] = 150
    film[:60, 110:146] = 160
    film[90:200, margin + 20 : 110] = 70
    film[90:200, 146 : SIDE - margin - 20] = 70
    film[10:24, 10:24] = 255
    return grainy(film)


def grainy(film: np.ndarray) -> np.ndarray:
    """The film with noise, as uint8: an even grey would be a border."""
    noise = np.random.default_rng(1).normal(0, 6, film.shape)
    return np.clip(film + noise, 0, 255).astype(np.uint8)


def trunk(margin: int = 40) -> np.ndarray:
    """Where the trunk and the neck of such a film are, bool (128, 128)."""
    inside = np.zeros((SIDE, SIDE), bool)
    inside[60:, margin : SIDE - margin] = True
    inside[:60, 110:146] = True
    return inside[::2, ::2]


def test_the_body_is_trunk_neck_and_lungs_without_air_or_letters() -> None:
    body = find_body(film_of(drawn()), NO_LUNGS)
    assert body.shape == (128, 128) and body.dtype == bool
    assert (body != trunk()).mean() < 0.04
    assert body[45:100, 30:55].all(), "lungs are enclosed"
    assert not body[:12, :12].any(), "a letter in the air is not joined to it"


@pytest.mark.parametrize("scale", [0.2, 0.6])
def test_a_faint_film_has_the_same_body(scale: float) -> None:
    faint = (drawn() * scale).astype(np.uint8)
    assert (find_body(film_of(faint), NO_LUNGS) != trunk()).mean() < 0.05


def test_a_mirrored_film_has_the_mirrored_body() -> None:
    plain, turned = (find_body(film_of(one), NO_LUNGS) for one in (drawn(), drawn()[:, ::-1]))
    assert (plain[:, ::-1] != turned).mean() < 0.005


def test_nothing_in_a_border_is_body() -> None:
    framed = np.pad(drawn(), ((32, 32), (64, 0)))
    body = find_body(film_of(framed), NO_LUNGS)
    assert not body[:12].any() and not body[-12:].any() and not body[:, :25].any()
    assert body[64, 40:120].any()


def test_lungs_are_body_where_the_film_cuts_their_outer_walls_off() -> None:
    film = np.full((SIDE, SIDE), 150, np.float64)
    film[60:200, :100] = film[60:200, 156:] = 40
    lungs = np.zeros((128, 128), bool)
    lungs[30:100, :50] = lungs[30:100, 78:] = True
    assert find_body(film_of(grainy(film)), lungs).mean() > 0.95


def test_where_no_body_is_distinguished_the_whole_film_is_body() -> None:
    spot = grainy(np.pad(np.full((60, 60), 200.0), 98, constant_values=20))  # too small for a chest
    radiograph = film_of(spot)
    inside = radiograph.crop.of(find_body(radiograph, NO_LUNGS))
    assert inside.all()
    assert find_body(film_of(np.full((SIDE, SIDE), 90, np.uint8)), NO_LUNGS).any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_phantom_reaches_its_film_s_sides_but_not_its_upper_corners(kind: str) -> None:
    body = find_body(film_of(draw_phantom(kind, size_px=SIDE)), NO_LUNGS)
    assert body[80:, 4:-4].all()
    assert not body[:8, :8].any() and not body[:8, -8:].any()
