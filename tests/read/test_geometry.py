"""Films turned as their tags say, and shown with square pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from covid_core.errors import RefusedFile
from covid_core.explain.lung_zones import zone_masks
from covid_core.present.display import display_film
from covid_core.read.geometry import Turn, shown_orientation
from covid_core.read.radiograph import Radiograph
from covid_core.read.reading import read_radiograph
from tests.films import dicom_file, encode, grey_film

FILM = grey_film(192, 160)
EXACT = FILM / 255
WIDE = FILM.astype(np.uint16) * 16
# What lies so: the standard hanging's film as each of these holds it.
STORED = {
    "L\\F": lambda film: film,
    "R\\F": lambda film: film[:, ::-1],
    "L\\H": lambda film: film[::-1],
    "R\\H": lambda film: film[::-1, ::-1],
    "F\\L": lambda film: film.T,
    "F\\R": lambda film: film[:, ::-1].T,
    "H\\L": lambda film: film[::-1].T,
    "H\\R": lambda film: film[::-1, ::-1].T,
}


def film_of(pixels: np.ndarray, **tags: Any) -> Radiograph:
    return read_radiograph(dicom_file(np.ascontiguousarray(pixels), **tags))


@pytest.mark.parametrize("window", [{}, {"WindowCenter": 1500, "WindowWidth": 1200}])
@pytest.mark.parametrize("orientation", STORED)
def test_a_film_is_turned_as_its_orientation_says(orientation: str, window: dict[str, Any]) -> None:
    film = film_of(STORED[orientation](WIDE), PatientOrientation=orientation, **window)
    expected = film_of(WIDE, **window)
    assert np.array_equal(film.pixels, expected.pixels)
    assert np.array_equal(display_film(film).values, display_film(expected).values)
    assert any("Patient Orientation" in n for n in film.notes) == (orientation != "L\\F")
    assert shown_orientation(orientation) == "L\\F"


@pytest.mark.parametrize("orientation", ["", "A\\F", "P\\F", "L", "L\\A", "X\\Y", "L\\R", "\\"])
def test_an_orientation_of_no_frontal_film_turns_nothing(orientation: str) -> None:
    film = film_of(FILM, PatientOrientation=orientation)
    assert np.abs(film.pixels - EXACT).max() < 1e-6
    assert not any("Orientation" in note for note in film.notes)
    assert shown_orientation(orientation) == orientation


def test_oblique_directions_are_turned_by_their_main_one() -> None:
    assert Turn.from_orientation("RP\\FA") == Turn(mirrored=True)
    assert shown_orientation("RP\\FA") == "LA\\FA"


def test_zones_are_of_the_patient_s_sides() -> None:
    """A film in which only the patient's right lung shows is given mirrored."""
    lungs = np.zeros((192, 160), np.uint8)
    lungs[40:150, 20:60], lungs[40:150, 100:140] = 255, 120  # the right lung is the brighter
    film = film_of(lungs[:, ::-1], PatientOrientation="R\\F")
    zones = zone_masks(film.pixels > 0.2)
    assert zones is not None
    assert film.pixels[zones[0]].min() == 1 and film.pixels[zones[3]].max() < 0.6


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_picture_is_turned_by_its_exif_orientation(kind: str, orientation: int) -> None:
    stored = {
        1: FILM,
        2: FILM[:, ::-1],
        3: FILM[::-1, ::-1],
        4: FILM[::-1],
        5: FILM.T,
        6: np.rot90(FILM),
        7: FILM[::-1, ::-1].T,
        8: np.rot90(FILM, 3),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"exif": exif} if kind != "TIFF" else {"tiffinfo": exif}
    film = read_radiograph(encode(np.ascontiguousarray(stored), kind, **options))
    assert film.shape == FILM.shape
    assert np.abs(film.pixels - EXACT).mean() < 0.01
    assert any("EXIF" in note for note in film.notes) == (orientation > 1)


@pytest.mark.parametrize(
    "tags",
    [
        {"PixelAspectRatio": [2, 1]},
        {"PixelSpacing": [0.4, 0.2]},
        {"ImagerPixelSpacing": [0.4, 0.2]},
        {"ImagerPixelSpacing": [0.4, 0.2], "PixelAspectRatio": [1, 1]},
    ],
)
@pytest.mark.parametrize("window", [{}, {"WindowCenter": 1500, "WindowWidth": 1200}])
def test_pixels_twice_as_high_as_wide_are_shown_square(
    tags: dict[str, Any], window: dict[str, Any]
) -> None:
    tall = grey_film(400, 300).astype(np.uint16) * 16
    stored = tall.reshape(200, 2, 300).mean(axis=1).astype(np.uint16)
    film, whole = film_of(stored, **tags, **window), film_of(stored, **window)
    assert film.shape == (400, 300) and whole.shape == (200, 300)
    assert np.abs(film.pixels.reshape(200, 2, 300).mean(axis=1) - whole.pixels).mean() < 0.004
    assert display_film(film).values.shape == (400, 300)
    assert any("square pixels" in note for note in film.notes)


def test_pixels_wider_than_high_are_shown_square_and_turned() -> None:
    stored = np.ascontiguousarray(grey_film(300, 200))
    film = film_of(stored, PixelAspectRatio=[1, 2], PatientOrientation="F\\R")
    assert film.shape == (400, 300) and len(film.notes) == 2


@pytest.mark.parametrize(
    "tags",
    [
        {"PixelSpacing": [0.2, 0.2]},
        {"PixelSpacing": [0.2, 0.2005]},
        {"PixelSpacing": [0, 0.2]},
        {"PixelSpacing": [-1, 1]},
        {"PixelAspectRatio": [1000, 1]},
        {"PixelSpacing": 0.2},
    ],
)
def test_other_spacings_change_nothing(tags: dict[str, Any]) -> None:
    assert np.array_equal(film_of(FILM, **tags).pixels, film_of(FILM).pixels)


def test_a_film_that_would_be_too_large_is_refused() -> None:
    with pytest.raises(RefusedFile) as refused:
        film_of(np.zeros((5000, 5000), np.uint8), PixelAspectRatio=[2, 1])
    assert refused.value.code == "too_large"


def test_a_film_is_judged_by_its_square_size() -> None:
    assert film_of(grey_film(130, 500), PixelAspectRatio=[2, 1]).shape == (260, 500)
