"""Pictures of more than 8 bits a sample: as their 16-bit grey twins."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

from covid_core.errors import RefusedFile
from covid_core.read.reading import read_radiograph
from tests.deep_files import chunk, png, tiff
from tests.films import encode, grey_film

FILM = grey_film()
EXACT = FILM / 255
TWELVE = FILM.astype(np.uint16) * 16
DEEP = FILM.astype(np.uint16) * 257
DEPTH_NOTE = "more than 8 bits a pixel: scaled by the picture's own range"


def stacked(film: np.ndarray, channels: int, alpha: int = 65535) -> np.ndarray:
    layers = [film] * (channels - (channels % 2 == 0))
    if channels % 2 == 0:
        layers.append(np.full_like(film, alpha))
    return np.dstack(layers)


@pytest.mark.parametrize("film", [TWELVE, DEEP], ids=["12 bits", "16 bits"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_png_of_16_bits_is_as_its_grey_twin(channels: int, film: np.ndarray) -> None:
    read = read_radiograph(png(stacked(film, channels)))
    twin = read_radiograph(encode(film, "PNG"))
    assert np.array_equal(read.pixels, twin.pixels) and read.notes == twin.notes == (DEPTH_NOTE,)
    assert np.abs(read.pixels - EXACT).max() < 1e-4


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("film", [TWELVE, DEEP], ids=["12 bits", "16 bits"])
@pytest.mark.parametrize("deflated", [False, True])
def test_a_tiff_of_16_bit_colours_is_as_its_grey_twin(
    deflated: bool, film: np.ndarray, big: bool
) -> None:
    read = read_radiograph(tiff(stacked(film, 3), big=big, deflated=deflated, photometric=2))
    assert np.abs(read.pixels - EXACT).max() < 1e-4 and not read.coloured


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("deflated", [False, True])
@pytest.mark.parametrize(
    ("kind", "factor", "offset"),
    [
        ("u4", 2**24, 0),
        ("u4", 1, 2**31),
        ("i4", 2**22, -(2**29)),
        ("f8", 1e30, -5e29),
        ("f8", 1e-6, 1e3),
        ("u8", 2**40, 0),
        ("f2", 8, -100),
        ("f4", 3, 7),
        ("i2", 100, -9000),
    ],
)
def test_a_tiff_keeps_its_numbers(
    kind: str, factor: float, offset: float, deflated: bool, big: bool
) -> None:
    values = (FILM.astype(np.float64) * factor + offset).astype(kind)[..., np.newaxis]
    expected = (values[..., 0].astype(np.float64) - values.min()) / np.ptp(values.astype(float))
    read = read_radiograph(tiff(values, big=big, deflated=deflated))
    assert np.abs(read.pixels - expected).max() < 1e-5
    assert DEPTH_NOTE in read.notes


def test_a_tiff_of_grey_with_transparency() -> None:
    read = read_radiograph(tiff(stacked(TWELVE, 2), extra=True))
    assert np.abs(read.pixels - EXACT).max() < 1e-4


def test_a_tiff_whose_zero_is_white_and_that_lies_on_its_side() -> None:
    stored = np.ascontiguousarray(np.rot90(255.0 - FILM))[..., np.newaxis]
    read = read_radiograph(tiff(stored, photometric=0, orientation=6))
    assert np.abs(read.pixels - EXACT).max() < 1e-6
    assert len(read.notes) == 3


@pytest.mark.parametrize("channels", [2, 4])
def test_transparency_is_composited_on_black(channels: int) -> None:
    samples = stacked(DEEP, channels)
    samples[:20, :, -1] = 0
    read = read_radiograph(png(samples))
    assert read.pixels[:20].max() == 0 and np.abs(read.pixels[20:] - EXACT[20:]).max() < 1e-2
    assert "transparency put on black" in read.notes


def test_the_same_transparency_everywhere_hides_nothing() -> None:
    read = read_radiograph(png(stacked(TWELVE, 2, alpha=4095)))
    assert np.abs(read.pixels - EXACT).max() < 1e-4


def test_deep_colours_are_a_colour_picture() -> None:
    read = read_radiograph(png(np.dstack([DEEP, 65535 - DEEP, DEEP // 2])))
    assert read.coloured
    brightness = np.dstack([FILM, 255 - FILM, FILM // 2]) @ np.array([0.299, 0.587, 0.114])
    expected = (brightness - brightness.min()) / np.ptp(brightness)
    assert np.abs(read.pixels - expected).max() < 0.02


@pytest.mark.parametrize("channels", [2, 3])
def test_a_deep_png_is_turned_by_its_exif_orientation(channels: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = np.ascontiguousarray(np.rot90(stacked(TWELVE, channels)))
    read = read_radiograph(png(lying, chunks=chunk(b"eXIf", exif.tobytes()[6:])))
    assert np.abs(read.pixels - EXACT).max() < 1e-4 and any("EXIF" in n for n in read.notes)


def test_what_is_no_tiff_that_can_be_read_says_so() -> None:
    data = tiff(FILM.astype(np.float64)[..., np.newaxis])
    lzw = data.replace(
        struct.pack("<HHIHH", 259, 3, 1, 1, 0), struct.pack("<HHIHH", 259, 3, 1, 5, 0)
    )
    for file, code in ((lzw, "undecodable"), (data[:9], "corrupt")):
        with pytest.raises(RefusedFile) as refused:
            read_radiograph(file)
        assert refused.value.code == code


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_samples_that_are_packed_into_odd_bits_are_refused(bits: int) -> None:
    with pytest.raises(RefusedFile) as refused:
        read_radiograph(tiff(TWELVE[..., np.newaxis], big=True, bits=bits))
    assert refused.value.code == "undecodable"
