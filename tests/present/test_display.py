"""Films for a screen: nothing lost, the file's window reported, the lungs' own one found."""

from __future__ import annotations

import numpy as np
import pytest

from covid_core.present import display
from covid_core.present.display import (
    AS_STORED,
    LUNGS,
    SOFT_TISSUE,
    WHOLE,
    display_film,
    grey_windows,
    thinned_film,
)
from covid_core.present.overlay import png
from covid_core.read.reading import read_radiograph
from tests.films import dicom_file, grey_film

FILM = grey_film(300, 260)
HALF = np.zeros((128, 128), bool)
HALF[:, :64] = True


def test_eight_bits_stay_eight_bits_to_the_level() -> None:
    film = display_film(read_radiograph(png(FILM)))
    assert film.values.dtype == np.uint8
    assert np.array_equal(film.values, FILM)
    assert np.allclose(film.pixels(), FILM / 255, atol=1e-6)


def test_sixteen_bits_keep_their_depth_and_their_window() -> None:
    counts = FILM.astype(np.uint16) * 16 + 7
    data = dicom_file(counts, WindowCenter=1500, WindowWidth=2000)
    radiograph = read_radiograph(data)
    film = display_film(radiograph)
    assert film.values.dtype == np.uint16
    assert len(np.unique(film.values)) == len(np.unique(counts))
    assert 0 < film.low < film.high < 1
    assert np.abs(film.pixels() - radiograph.pixels).max() < 1e-3
    plain = display_film(read_radiograph(dicom_file(counts)))
    assert len(np.unique(plain.values)) == len(np.unique(counts))


def test_only_what_is_larger_than_any_plate_is_shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "LONGEST_PX", 150)
    film = display_film(read_radiograph(png(FILM)))
    assert film.values.shape == (150, 130)
    means = FILM.reshape(150, 2, 130, 2).mean(axis=(1, 3))
    assert np.abs(film.values - means).max() <= 0.5


def test_windows_span_what_they_name() -> None:
    pixels = FILM.copy()
    pixels[:, :130] = pixels[:, :130] // 4
    film = display_film(read_radiograph(png(pixels)))
    windows = grey_windows(film, HALF)
    assert list(windows) == [AS_STORED, LUNGS, SOFT_TISSUE]
    assert windows[AS_STORED] == (0, 1)
    assert windows[LUNGS][1] < 0.27, "the dark half"
    assert windows[SOFT_TISSUE][1] > 0.6
    assert all(low < high for low, high in windows.values())


def test_a_window_of_one_grey_is_still_a_window() -> None:
    pixels = np.full((300, 260), 255, np.uint8)
    pixels[:, :130] = 0
    windows = grey_windows(display_film(read_radiograph(png(pixels))), HALF)
    assert all(0 <= low < high <= 1 for low, high in windows.values())


def test_a_film_without_lungs_offers_no_lung_window() -> None:
    film = display_film(read_radiograph(png(FILM)))
    assert LUNGS not in grey_windows(film, np.zeros((128, 128), bool))


def test_the_whole_range_is_offered_where_the_file_s_window_hides_some() -> None:
    data = dicom_file(FILM.astype(np.uint16) * 16, WindowCenter=1500, WindowWidth=2000)
    windows = grey_windows(display_film(read_radiograph(data)), HALF)
    assert windows[WHOLE] == (0, 1)
    assert windows[AS_STORED] != windows[WHOLE]


def test_a_first_look_is_every_so_many_th_pixel_of_the_same_greys() -> None:
    counts = FILM.astype(np.uint16) * 16 + 7
    tags = {"WindowCenter": 1500, "WindowWidth": 2000, "ImagerPixelSpacing": [0.2, 0.2]}
    radiograph = read_radiograph(dicom_file(counts, **tags))
    whole, thin = display_film(radiograph), thinned_film(radiograph, 100)
    assert np.array_equal(thin.values, whole.values[::3, ::3]) and thin.values.shape == (100, 87)
    assert (thin.low, thin.high) == (whole.low, whole.high)
    assert thin.units.values == whole.units.values
    assert (whole.thinning, thin.thinning) == (1, 3)
    assert whole.units.pixel_mm and thin.units.pixel_mm == pytest.approx(3 * whole.units.pixel_mm)
    small = read_radiograph(png(FILM))
    assert np.array_equal(thinned_film(small, 1000).values, FILM)
