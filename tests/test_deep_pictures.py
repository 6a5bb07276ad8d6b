"""Pictures of more than 8 bits a sample: as their 16-bit grey twins."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from covid_core.errors import RefusedFile
from covid_core.reading import read_radiograph
from tests.films import encode, grey_film

FILM = grey_film()
EXACT = FILM / 255
TWELVE = FILM.astype(np.uint16) * 16
DEEP = FILM.astype(np.uint16) * 257
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
DEPTH_NOTE = "more than 8 bits a pixel: scaled by the picture's own range"


def png(samples: np.ndarray, *, filters: bool = True, chunks: bytes = b"") -> bytes:
    """A PNG of uint16 (height, width, 1 to 4), by the standard's filters 0 and 2 in turn."""
    rows = [np.ascontiguousarray(row, ">u2").view(np.uint8).ravel() for row in samples]
    packed = bytearray()
    for i, row in enumerate(rows):
        up = filters and i % 2
        packed += bytes([2 if up else 0]) + (row - rows[i - 1] if up else row).tobytes()
    height, width, channels = samples.shape
    header = struct.pack(">IIBBBBB", width, height, 16, COLOUR_TYPES[channels], 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunks
        + chunk(b"IDAT", zlib.compress(bytes(packed))) + chunk(b"IEND", b"")
    )  # fmt: skip


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def tiff(
    samples: np.ndarray, *, big: bool = False, deflated: bool = False, photometric: int = 1,
    orientation: int = 1, extra: bool = False,
) -> bytes:  # fmt: skip
    """A TIFF of one strip, of any type of number, (height, width, n)."""
    order, head = (">", b"MM\0*") if big else ("<", b"II*\0")
    height, width, channels = samples.shape
    data = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
    data = zlib.compress(data) if deflated else data
    number = {"u": 1, "i": 2, "f": 3}[samples.dtype.kind]
    bits = 8 * samples.dtype.itemsize
    lists = struct.pack(f"{order}{channels}H", *[bits] * channels) + struct.pack(
        f"{order}{channels}H", *[number] * channels
    )
    at = 8 + len(data)
    long = channels > 2  # longer than the four bytes of an entry

    def short(tag: int, *values: int) -> bytes:
        return struct.pack(f"{order}HHI", tag, 3, len(values)) + struct.pack(
            f"{order}{len(values)}H", *values
        ).ljust(4, b"\0")

    def repeated(tag: int, value: int, offset: int) -> bytes:
        if not long:
            return short(tag, *[value] * channels)
        return struct.pack(f"{order}HHII", tag, 3, channels, offset)

    def word(tag: int, value: int) -> bytes:
        return struct.pack(f"{order}HHII", tag, 4, 1, value)

    entries = [
        word(256, width), word(257, height), repeated(258, bits, at), short(259, 8 if deflated else 1),
        short(262, photometric), word(273, 8), short(274, orientation), short(277, channels),
        word(278, height), word(279, len(data)), short(284, 1),
        *([short(338, 2)] if extra else []), repeated(339, number, at + 2 * channels),
    ]  # fmt: skip
    directory = struct.pack(f"{order}H", len(entries)) + b"".join(entries) + bytes(4)
    return head + struct.pack(f"{order}I", at + len(lists)) + data + lists + directory


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
    [("u4", 2**24, 0), ("u4", 1, 2**31), ("i4", 2**22, -(2**29)), ("f8", 1e30, -5e29),
     ("f8", 1e-6, 1e3), ("u8", 2**40, 0), ("f2", 8, -100), ("f4", 3, 7), ("i2", 100, -9000)],
)  # fmt: skip
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
def test_transparency_is_laid_on_black(channels: int) -> None:
    samples = stacked(DEEP, channels)
    samples[:20, :, -1] = 0
    read = read_radiograph(png(samples))
    assert read.pixels[:20].max() == 0 and np.abs(read.pixels[20:] - EXACT[20:]).max() < 1e-2
    assert "transparency laid on black" in read.notes


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
