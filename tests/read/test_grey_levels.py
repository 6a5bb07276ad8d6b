"""Levels: to the last bit what all pixels would have given, without them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from covid_core.read.grey_levels import (
    Film,
    Levels,
    Stored,
    eight_bits,
    looked_up,
    part_of,
    percentile,
    pixels_of,
    share_above,
    shrunk,
)
from tests.films import grey_film

SHAPES = [(300, 260), (131, 390), (1024, 900), (1501, 1203), (2000, 700)]
SIZES = [(224, 224), (128, 128), (179, 224), (20, 31)]


def stored(shape: tuple[int, int], dtype: type) -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 16, shape)
    return (grey_film(*shape).astype(np.int64) * (1 if dtype is np.uint8 else 16) + noise).astype(
        dtype
    )


def film_of(numbers: np.ndarray) -> Levels:
    """As a curve would show them, that no straight line is."""
    held = Stored.of(numbers)
    film = held.film(np.sqrt(np.linspace(0, 1, len(held.values))).astype(np.float32))
    assert isinstance(film, Levels)
    return film


def films() -> list[Film]:
    levels = [film_of(stored(shape, dtype)) for shape in SHAPES for dtype in (np.uint8, np.uint16)]
    return [*levels, *(pixels_of(film) for film in levels[:2])]


@pytest.mark.parametrize("film", films(), ids=lambda film: f"{type(film).__name__} {film.shape}")
def test_shrunk_as_all_greys_would_be(film: Film) -> None:
    whole = Image.fromarray(np.array(pixels_of(film)))
    for size, small in zip(SIZES, shrunk(film, *SIZES), strict=True):
        expected = whole.resize(size, Image.Resampling.BILINEAR, reducing_gap=3)
        assert np.array_equal(small, np.asarray(expected)), size
        assert np.array_equal(small, shrunk(film, size)[0]), size


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    "rows, columns",
    [
        pytest.param(slice(20, 290), slice(7, 250), id="most of it"),
        pytest.param(slice(0, 300), slice(30, 260), id="one side cut off"),
        pytest.param(slice(100, 200), slice(80, 160), id="its middle"),
    ],
)
def test_a_part_s_counts_are_those_of_its_pixels(rows: slice, columns: slice, dtype: type) -> None:
    film = film_of(stored((300, 260), dtype))
    part = part_of(film, rows, columns)
    assert isinstance(part, Levels)
    assert np.array_equal(part.codes, film.codes[rows, columns])
    assert np.array_equal(part.counts, np.bincount(part.codes.ravel(), minlength=len(film.counts)))
    assert np.array_equal(part.tones, film.tones)


@pytest.mark.parametrize("film", films(), ids=lambda film: f"{type(film).__name__} {film.shape}")
def test_statistics_as_of_all_greys(film: Film) -> None:
    greys = pixels_of(film)
    for per_cent in (0, 0.5, 37, 90, 100):
        assert percentile(film, per_cent) == pytest.approx(np.percentile(greys, per_cent), abs=1e-7)
    for grey in (0.2, 0.995, 1):
        assert share_above(film, grey) == (greys > grey).mean()
    assert np.array_equal(eight_bits(film), np.rint(greys * 255))


@pytest.mark.parametrize("dtype", ["u1", "i1", "<u2", ">u2", "<i2", ">i2"])
def test_what_a_file_holds_is_kept_in_any_type(dtype: str) -> None:
    numbers = (grey_film().astype(np.int64) - (128 if "i" in dtype else 0)).astype(dtype)
    held = Stored.of(numbers)
    assert sorted(held.values.tolist()) == np.unique(numbers).tolist()
    greys = held.values.astype(np.float32) / 255
    film = held.film(greys)
    assert np.array_equal(pixels_of(film), numbers.astype(np.float32) / 255)
    assert isinstance(film, Levels) and film.counts.sum() == numbers.size
    assert not film.codes.flags.writeable


@pytest.mark.parametrize("dtype", ["i4", "f4", "f8"])
def test_numbers_without_end_are_no_levels(dtype: str) -> None:
    numbers = grey_film().astype(dtype)
    held = Stored.of(numbers)
    assert held.values is numbers and held.codes is None
    greys = numbers.astype(np.float32)
    assert held.film(greys) is greys


def test_codes_that_stand_for_themselves_are_not_copied() -> None:
    codes = grey_film()
    assert looked_up(codes, np.arange(256, dtype=np.uint8)) is codes
    assert np.array_equal(looked_up(codes, np.arange(256, dtype=np.uint8)[::-1]), 255 - codes)
