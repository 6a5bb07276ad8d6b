"""DICOM's greys against the standard's formulas, and against a second reader."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from covid_core.read.radiograph import Radiograph
from covid_core.read.reading import read_radiograph
from tests.dcmtk import OWN_RANGE, TABLE, WINDOW, needs_dcmtk, rendered
from tests.films import dicom_file, grey_film

FILM = grey_film()
WIDE = FILM.astype(np.uint16) * 16  # 0 to 4080
LEVEL = 1 / 255
TOP = slice(0, 20)  # rows of padding
SHOWN = "shown through the window stored in the file"


def full_range(values: np.ndarray) -> np.ndarray:
    return (values.astype(float) - values.min()) / np.ptp(values.astype(float))


def film_of(pixels: np.ndarray, **tags: Any) -> Radiograph:
    return read_radiograph(dicom_file(pixels, **tags))


def table(entries: np.ndarray, bits: int, *, packed: bool = False, first: int = 0) -> Sequence:
    item = Dataset()
    item.LUTDescriptor = [len(entries) % 65536, first, bits]
    item.LUTData = entries.astype("u1" if packed else "<u2").tobytes()
    item["LUTData"].VR = "OW"
    item.ModalityLUTType = "US"
    return Sequence([item])


def root(bits: int) -> np.ndarray:
    """A curve over 12 bits."""
    return np.rint(np.sqrt(np.arange(4096) / 4095) * (2**bits - 1))


def linear(values: np.ndarray, centre: float, width: float) -> np.ndarray:
    """PS3.3 C.11.2.1.2.1, with an output of 0 to 1."""
    return np.clip((values - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)


def with_us(data: bytes, element: int, value: int) -> bytes:
    """A file whose tag of group 0028, of two bytes, holds another value, as US."""
    place = data.index(b"\x28\x00" + element.to_bytes(2, "little"))
    return data[: place + 4] + b"US\x02\x00" + value.to_bytes(2, "little") + data[place + 10 :]


# Stored bits


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(("stored", "high"), [(12, 15), (12, 13), (10, 15), (12, 11)])
def test_the_stored_bits_are_where_the_header_says(stored: int, high: int, signed: bool) -> None:
    values = (FILM.astype(np.int32) << stored - 8) - (2 ** (stored - 1) if signed else 0)
    junk = np.random.default_rng(0).integers(0, 2**16, FILM.shape)
    below = high + 1 - stored
    mask = (2**stored - 1) << below
    words = (((values << below) & mask) | (junk & ~mask)).astype(np.uint16)
    pixels = words.view(np.int16) if signed else words
    film = film_of(pixels, bits_stored=stored, HighBit=high)
    assert np.abs(film.pixels - FILM / 255).max() < 1e-6
    assert film.notes == ()


@pytest.mark.parametrize("tags", [{"HighBit": 3}, {"HighBit": 65535}, {"bits_stored": 99}])
def test_bits_that_can_not_be_are_left_aside(tags: dict[str, Any]) -> None:
    film = film_of(WIDE, **{"bits_stored": 16} | tags)
    assert np.abs(film.pixels - FILM / 255).max() < 1e-6
    assert any("Bit" in note and "left aside" in note for note in film.notes)


# Padding


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("ends", [(60000, 65535), (65535, 60000)])
def test_a_range_of_padding_is_air(photometric: str, ends: tuple[int, int]) -> None:
    dark = WIDE if photometric == "MONOCHROME2" else 4080 - WIDE
    stored = dark.copy()
    stored[TOP] = np.random.default_rng(0).integers(60000, 65536, stored[TOP].shape)
    film = film_of(
        stored, photometric=photometric, PixelPaddingValue=ends[0], PixelPaddingRangeLimit=ends[1]
    )
    assert film.pixels[TOP].max() == 0
    assert np.abs(film.pixels[20:] - full_range(WIDE[20:])).max() < 1e-6


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_padding_of_signed_pixels_may_be_written_without_a_sign(syntax: Any) -> None:
    stored = WIDE.astype(np.int16) - 1000
    stored[TOP] = -2000
    data = dicom_file(stored, PixelPaddingValue=-2000, syntax=syntax)
    if syntax == ExplicitVRLittleEndian:
        data = with_us(data, 0x0120, 63536)
    film = read_radiograph(data)
    assert film.pixels[TOP].max() == 0
    assert np.abs(film.pixels[20:] - full_range(WIDE[20:])).max() < 1e-6


def test_padding_under_a_negative_slope_and_a_window_is_air() -> None:
    stored = 4080 - WIDE
    stored[TOP] = 65535
    window = {"WindowCenter": 2000, "WindowWidth": 1500}
    film = film_of(
        stored, PixelPaddingValue=65535, RescaleSlope=-1, RescaleIntercept=4080, **window
    )
    assert film.pixels[TOP].max() == 0
    assert np.abs(film.pixels[20:] - linear(WIDE[20:], 2000, 1500)).max() < 1e-5


def test_padding_outside_the_stored_bits_is_a_whole_word() -> None:
    stored = WIDE.copy()
    stored[TOP] = 65535  # of which 12 bits are 4095, white
    film = film_of(stored, bits_stored=12, PixelPaddingValue=65535)
    assert film.pixels[TOP].max() == 0
    assert np.abs(film.pixels[20:] - full_range(WIDE[20:])).max() < 1e-6


def test_a_film_of_padding_alone_is_shown() -> None:
    film = film_of(WIDE, PixelPaddingValue=0, PixelPaddingRangeLimit=65535)
    assert np.abs(film.pixels - FILM / 255).max() < 1e-6
    assert any("Pixel Padding Value was left aside" in note for note in film.notes)


# Lookup tables


@needs_dcmtk
@pytest.mark.parametrize(
    ("bits", "packed"), [(8, False), (8, True), (10, False), (12, False), (16, False)]
)
@pytest.mark.parametrize("kind", ["VOILUTSequence", "ModalityLUTSequence"])
def test_tables_give_what_another_reader_sees(kind: str, bits: int, packed: bool) -> None:
    data = dicom_file(WIDE, bits_stored=12, **{kind: table(root(bits), bits, packed=packed)})
    options = TABLE if kind == "VOILUTSequence" else OWN_RANGE
    assert np.abs(read_radiograph(data).pixels - rendered(data, options)).mean() < 0.004


@pytest.mark.parametrize(
    ("bits", "packed"), [(8, False), (8, True), (10, False), (12, False), (16, False)]
)
@pytest.mark.parametrize("kind", ["VOILUTSequence", "ModalityLUTSequence"])
def test_tables_of_8_to_16_bits(kind: str, bits: int, packed: bool) -> None:
    film = film_of(WIDE, bits_stored=12, **{kind: table(root(bits), bits, packed=packed)})
    seen = root(bits)[WIDE]
    expected = seen / (2**bits - 1) if kind == "VOILUTSequence" else full_range(seen)
    assert np.abs(film.pixels - expected).max() < 1e-5


def test_a_table_begins_at_its_first_value() -> None:
    ramp = np.arange(1000) * 65
    film = film_of(WIDE, bits_stored=12, VOILUTSequence=table(ramp, 16, first=2000))
    expected = np.clip(WIDE.astype(int) - 2000, 0, 999) * 65 / 65535
    assert np.abs(film.pixels - expected).max() < 1e-5


def test_a_table_of_more_than_its_bits_is_taken_at_its_values() -> None:
    film = film_of(WIDE, bits_stored=12, VOILUTSequence=table(np.arange(4096), 8))
    assert np.abs(film.pixels - WIDE / 4095).max() < 1e-5


@pytest.mark.parametrize("kind", ["VOILUTSequence", "ModalityLUTSequence"])
def test_a_table_that_is_cut_short_is_left_aside(kind: str) -> None:
    sequence = table(np.arange(4096), 12)
    sequence[0].LUTData = sequence[0].LUTData[:3000]
    film = film_of(WIDE, bits_stored=12, **{kind: sequence})
    assert np.abs(film.pixels - FILM / 255).max() < 1e-6
    assert any("LUT Sequence was left aside" in note for note in film.notes)


# Windows


@needs_dcmtk
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("function", ["LINEAR", "SIGMOID"])
@pytest.mark.parametrize(("centre", "width"), [(1500, 1200), (2048, 4096), (8192, 16384)])
def test_windows_give_what_another_reader_sees(
    photometric: str, function: str, centre: int, width: int
) -> None:
    data = dicom_file(
        WIDE,
        photometric=photometric,
        bits_stored=12,
        WindowCenter=centre,
        WindowWidth=width,
        VOILUTFunction=function,
    )
    assert np.abs(read_radiograph(data).pixels - rendered(data, WINDOW)).mean() < 0.004


def test_a_window_is_the_standards_formula() -> None:
    window = {"WindowCenter": 1500, "WindowWidth": 1200}
    values = WIDE.astype(float)
    for function, expected in (
        ("", linear(values, 1500, 1200)),
        ("LINEAR_EXACT", np.clip((values - 1500) / 1200 + 0.5, 0, 1)),
        ("SIGMOID", 1 / (1 + np.exp(-4 * (values - 1500) / 1200))),
    ):
        film = film_of(WIDE, **window, VOILUTFunction=function)
        assert np.abs(film.pixels - expected).max() < 1e-5, function
        assert film.notes == (SHOWN,)


def test_a_window_wider_than_the_film_leaves_it_dim() -> None:
    film = film_of(WIDE, WindowCenter=8192, WindowWidth=16384)
    assert np.abs(film.pixels - linear(WIDE, 8192, 16384)).max() < 1e-5
    assert film.pixels.max() < 0.26 and film.notes == (SHOWN,)
    assert film.unwindowed is None


def test_a_window_below_1_is_of_values_that_are_no_whole_numbers() -> None:
    scale = {"RescaleSlope": 1 / 4080, "RescaleIntercept": 0}
    film = film_of(WIDE, **scale, WindowCenter=0.4, WindowWidth=0.8)
    assert np.abs(film.pixels - np.clip(WIDE / 4080 / 0.8, 0, 1)).max() < 1e-4


@pytest.mark.parametrize(
    "tags",
    [
        {"WindowCenter": 0, "WindowWidth": 0},
        {"WindowCenter": 1500, "WindowWidth": -1200},
        {"WindowCenter": 1500, "WindowWidth": 0.001},
        {"WindowCenter": 1500, "WindowWidth": 1},
        {"WindowCenter": -500, "WindowWidth": 400},
        {"WindowCenter": 60000, "WindowWidth": 400},
        {"WindowCenter": 1500, "WindowWidth": 1e9},
        {"WindowCenter": 1500, "WindowWidth": 1200, "VOILUTFunction": "NONSENSE"},
    ],
)
def test_a_window_that_shows_nothing_is_left_aside(tags: dict[str, Any]) -> None:
    film = film_of(WIDE, **tags)
    assert np.abs(film.pixels - FILM / 255).max() < 1e-6
    [note] = film.notes
    assert ("VOI LUT Function" if "VOILUTFunction" in tags else "Window Width") in note


def test_the_first_window_of_use_is_taken() -> None:
    film = film_of(WIDE, WindowCenter=[-500, 1500], WindowWidth=[0, 1200])
    assert np.abs(film.pixels - linear(WIDE, 1500, 1200)).max() < 1e-5


def test_a_window_past_the_film_s_end_is_the_viewer_s_too() -> None:
    film = film_of(WIDE, WindowCenter=200, WindowWidth=1200)  # from -400
    whole = film.unwindowed
    assert whole is not None
    grey = whole.values() / 65535
    through = np.clip((grey - whole.low) / (whole.high - whole.low), 0, 1)
    assert np.abs(through - film.pixels).max() < 1e-3


# Rescale and polarity


@pytest.mark.parametrize("slope", [0, 1e308, "nonsense"])
def test_a_rescale_that_leaves_nothing_is_left_aside(slope: object) -> None:
    data = dicom_file(WIDE, RescaleSlope="1234567890123456", RescaleIntercept=1)
    film = read_radiograph(data.replace(b"1234567890123456", str(slope).encode().ljust(16)))
    assert np.abs(film.pixels - FILM / 255).max() < 1e-6
    assert any("Rescale Slope was left aside" in note for note in film.notes)


@needs_dcmtk
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("shape", ["IDENTITY", "INVERSE", "LIN OD", ""])
def test_polarity_is_what_another_reader_sees(photometric: str, shape: str) -> None:
    data = dicom_file(WIDE, photometric=photometric, bits_stored=12, PresentationLUTShape=shape)
    assert np.abs(read_radiograph(data).pixels - rendered(data, OWN_RANGE)).mean() < 0.004


def test_a_presentation_lut_shape_that_turns_the_film_is_named() -> None:
    film = film_of(4080 - WIDE, PresentationLUTShape="INVERSE")
    assert np.abs(film.pixels - FILM / 255).max() < 1e-6
    assert film.notes == ("Presentation LUT Shape is INVERSE on MONOCHROME2: shown as it says",)
    usual = film_of(4080 - WIDE, photometric="MONOCHROME1", PresentationLUTShape="INVERSE")
    assert usual.notes == ("stored inverted (MONOCHROME1): turned back",)
