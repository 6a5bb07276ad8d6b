"""What a file says of its values, pixels and sides, for a viewer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from covid_core.present.display import display_film
from covid_core.present.overlay import png
from covid_core.read.reading import read_radiograph
from covid_core.read.units import UNKNOWN, Units, ValueRange
from tests.films import dicom_file, grey_film

FILM = grey_film(300, 260)
STORED = FILM.astype(np.uint16) * 16  # 0 to 4080
WINDOW = {"WindowCenter": 2000, "WindowWidth": 1500}


def units_of(pixels: np.ndarray = STORED, **tags: Any) -> Units:
    return read_radiograph(dicom_file(pixels, **tags)).units


def test_pictures_have_the_values_of_their_depth_and_nothing_else() -> None:
    assert read_radiograph(png(FILM)).units == Units(ValueRange(0, 255, whole=True))
    deep = read_radiograph(png(STORED + 7)).units
    assert deep == Units(ValueRange(7, 4087, whole=True))


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("tags", [{}, WINDOW, {"WindowCenter": 3000, "WindowWidth": 9000}])
@pytest.mark.parametrize("rescale", [(1, 0), (2, -1000), (0.5, 0.25), (-1, 5000)])
def test_the_value_of_every_pixel_shown_is_the_modality_s(
    photometric: str, tags: dict[str, Any], rescale: tuple[float, float]
) -> None:
    slope, intercept = rescale
    data = dicom_file(
        STORED, photometric=photometric, RescaleSlope=slope, RescaleIntercept=intercept, **tags
    )
    film = display_film(read_radiograph(data))
    values = film.units.values
    assert values is not None
    grey = film.values / film.full
    shown = values.darkest + grey * (values.brightest - values.darkest)
    assert np.abs(shown - (STORED.astype(float) * slope + intercept)).max() < 0.1
    assert values.whole is (slope != 0.5)
    assert (values.darkest > values.brightest) is (photometric == "MONOCHROME1")


def test_through_a_curve_no_value_is_known() -> None:
    assert units_of(VOILUTFunction="SIGMOID", **WINDOW).values is None


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, (None, True)),
        ({"ImagerPixelSpacing": [0.14, 0.14]}, (0.14, True)),
        ({"PixelSpacing": [0.14, 0.14], "ImagerPixelSpacing": [0.14, 0.14]}, (0.14, True)),
        ({"PixelSpacing": [0.12, 0.12], "ImagerPixelSpacing": [0.14, 0.14]}, (0.12, False)),
        ({"PixelSpacing": [0.12, 0.12]}, (0.12, True)),
        ({"PixelSpacing": [0.12, 0.12], "PixelSpacingCalibrationType": "FIDUCIAL"}, (0.12, False)),
        ({"NominalScannedPixelSpacing": [0.2, 0.2]}, (0.2, True)),
        ({"PixelSpacing": [0, 0]}, (None, True)),
        ({"PixelSpacing": [1, 1000]}, (None, True)),
        ({"ImagerPixelSpacing": [0.3, 0.15]}, (0.15, True)),
    ],
)
def test_the_side_of_a_pixel(tags: dict[str, Any], expected: tuple[float | None, bool]) -> None:
    found = units_of(**tags)
    assert (found.pixel_mm, found.at_detector) == expected


@pytest.mark.parametrize(
    ("orientation", "known"), [(["L", "F"], True), (["R", "H"], True), (["A", "F"], False)]
)
def test_sides_are_known_by_the_orientation(orientation: list[str], known: bool) -> None:
    assert units_of(PatientOrientation=orientation).sides_known is known
    assert not UNKNOWN.sides_known
    assert not units_of().sides_known


def test_a_shrunk_film_has_larger_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("covid_core.present.display.LONGEST_PX", 150)
    film = display_film(read_radiograph(dicom_file(STORED, ImagerPixelSpacing=[0.14, 0.14])))
    assert film.values.shape == (150, 130)
    assert film.units.pixel_mm == pytest.approx(0.28)
