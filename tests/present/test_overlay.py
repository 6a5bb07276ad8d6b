"""Overlays, plots and phantoms: what is drawn is where and what it should be."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from covid_core.findings import CLASSES
from covid_core.present import plots
from covid_core.present.overlay import (
    COLOUR_MAPS,
    LEAST_HEAT,
    blend,
    clip_to_body,
    displayed,
    heat_layer,
    outline_layer,
    png,
)
from covid_core.read.phantom import KINDS, draw_phantom


def test_displayed_keeps_small_films_exact_and_shrinks_large_ones() -> None:
    film = draw_phantom(size_px=256)
    assert np.array_equal(displayed(film.astype(np.float32) / 255, 2048), film)
    assert displayed(np.zeros((400, 200), np.float32), 100).shape == (100, 50)


def test_png_gives_the_same_pixels_back() -> None:
    film = draw_phantom(size_px=256)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png(film)))), film)


def test_no_heat_leaves_the_film_as_it_is() -> None:
    film = draw_phantom(size_px=256)
    blended = blend(film, np.zeros(film.shape, np.float32), opacity=1)
    assert np.array_equal(blended, np.repeat(film[..., np.newaxis], 3, axis=2))
    assert heat_layer(np.zeros((4, 4), np.float32))[..., 3].max() == 0


def test_weak_heat_is_clear_and_what_is_not_is_seen() -> None:
    ramp = np.linspace(0, 1, 101, dtype=np.float32)[np.newaxis]
    alpha = heat_layer(ramp)[0, :, 3]
    assert (alpha[ramp[0] < LEAST_HEAT] == 0).all()
    assert (alpha[ramp[0] >= LEAST_HEAT] > 120).all()


def test_heat_ends_where_the_body_does_on_a_grid_of_any_size() -> None:
    body = np.zeros((128, 128), bool)
    body[32:96, 64:] = True
    for shape in ((256, 200), (64, 64), (1000, 900)):
        clipped = clip_to_body(np.full(shape, 0.8, np.float32), body)
        rows, columns = np.nonzero(clipped)
        assert clipped.dtype == np.float32 and set(np.unique(clipped)) == {0, np.float32(0.8)}
        assert rows.min() / shape[0] == pytest.approx(0.25, abs=0.02)
        assert columns.min() / shape[1] == pytest.approx(0.5, abs=0.02)


def test_more_heat_is_lighter_so_that_it_reads_without_colour() -> None:
    ramp = np.linspace(0, 1, 64, dtype=np.float32)[np.newaxis]
    luminance = heat_layer(ramp)[0, :, :3] @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(luminance) > -1).all()
    assert luminance[-1] > luminance[0] + 100


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_every_colour_map_gets_lighter_and_starts_off_black(name: str) -> None:
    luminance = COLOUR_MAPS[name] @ np.array([0.299, 0.587, 0.114])
    assert COLOUR_MAPS[name].shape == (256, 3)
    assert luminance[0] > 40
    assert (np.diff(luminance) > -1).all() and luminance[-1] > luminance[0] + 90


def test_opacity_0_shows_only_the_film() -> None:
    film = draw_phantom(size_px=256)
    blended = blend(film, np.ones(film.shape, np.float32), opacity=0)
    assert np.array_equal(blended[..., 0], film)


def test_bars_name_every_class_with_its_probability() -> None:
    bars = plots.probability_bars(np.array([0.2, 0.3, 0.5])).data[0]
    assert list(bars.y) == [finding.display_name for finding in CLASSES]
    assert list(bars.x) == [0.2, 0.3, 0.5]


def test_the_threshold_is_drawn_across_the_disease_alone() -> None:
    [line] = plots.probability_bars(np.array([0.2, 0.3, 0.5]), 0.26).layout.shapes
    assert (line.x0, line.x1) == (0.26, 0.26)
    assert 1 < line.y0 < 2 < line.y1 < 3
    assert not plots.probability_bars(np.array([0.2, 0.3, 0.5])).layout.shapes


@pytest.mark.parametrize("kind", KINDS)
def test_phantoms_are_the_same_every_time_and_differ_by_kind(kind: str) -> None:
    film = draw_phantom(kind, size_px=256)
    assert film.dtype == np.uint8
    assert film.shape == (256, 256)
    assert np.array_equal(film, draw_phantom(kind, size_px=256))
    others = [draw_phantom(other, size_px=256) for other in KINDS if other != kind]
    assert all(np.abs(film.astype(int) - other).max() > 20 for other in others)


def test_an_outline_is_a_closed_line_around_the_mask() -> None:
    mask = np.zeros((128, 128), bool)
    mask[32:96, 16:64] = True
    line = outline_layer(mask, 256, 512)[..., 3] > 0
    rows, columns = np.nonzero(line)
    assert (rows.min(), rows.max()) == pytest.approx((64, 191), abs=2)
    assert (columns.min(), columns.max()) == pytest.approx((64, 255), abs=3)
    assert not line[90:170, 100:220].any(), "clear inside"
    assert outline_layer(np.zeros((8, 8), bool), 64, 64).max() == 0
