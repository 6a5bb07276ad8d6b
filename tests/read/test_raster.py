"""PNG, JPEG, TIFF and WebP: each mode's trap, and a refusal for what is no single film."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from covid_core.errors import RefusedFile
from covid_core.read.radiograph import MAX_RICH_PIXELS
from covid_core.read.raster import decode_numbers
from covid_core.read.reading import read_radiograph
from tests.films import encode, grey_film, with_pages

FILM = grey_film()
EXACT = FILM / 255
LEVEL = 1 / 255


def pixels_of(data: bytes) -> np.ndarray:
    return read_radiograph(data).pixels


def notes_of(data: bytes) -> str:
    return " ".join(read_radiograph(data).notes)


def refusal(data: bytes) -> RefusedFile:
    with pytest.raises(RefusedFile) as refused:
        read_radiograph(data)
    return refused.value


@pytest.mark.parametrize(
    ("kind", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("JPEG", {"quality": 95}, 6),
    ],
)
def test_eight_bits_come_back_as_they_are(
    kind: str, options: dict[str, object], tolerance: int
) -> None:
    radiograph = read_radiograph(encode(FILM, kind, **options))
    assert np.abs(radiograph.pixels - EXACT).max() <= tolerance * LEVEL + 1e-6
    assert radiograph.source_format == kind
    assert radiograph.notes == ()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("factor", [257, 16], ids=["16 bit", "12 bit in 16"])
def test_sixteen_bits_are_scaled_by_their_own_range(kind: str, factor: int) -> None:
    """Pillow's own way to 8 bits clips all above 255: a film becomes a white sheet."""
    data = encode(FILM.astype(np.uint16) * factor, kind)
    assert np.abs(pixels_of(data) - EXACT).max() < 1e-4
    assert "own range" in notes_of(data)


def test_float_tiff() -> None:
    assert np.abs(pixels_of(encode(FILM.astype(np.float32) * 7 - 300, "TIFF")) - EXACT).max() < 1e-5


def test_large_numbers_with_a_small_range_keep_it() -> None:
    """float32 has 24 bits: near 2**30 it knows every 64th number only."""
    assert np.abs(pixels_of(encode(FILM.astype(np.int32) + 2**30, "TIFF")) - EXACT).max() < 1e-6


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_float_tiff_that_is_not_finite(bad: float) -> None:
    film = FILM.astype(np.float32)
    film[5, 5] = bad
    assert refusal(encode(film, "TIFF")).code == "not_finite"


def test_float_range_that_overflows_is_refused() -> None:
    film = ((EXACT - 0.5) * 6e38).astype(np.float32)
    assert np.isfinite(film).all()
    assert refusal(encode(film, "TIFF")).code == "not_finite"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_tiff_with_white_at_zero_is_turned_back(dtype: type) -> None:
    data = bytearray(encode((255 - FILM).astype(dtype) * dtype(1), "TIFF"))
    place = data.index(struct.pack("<HHI", 0x0106, 3, 1)) + 8
    assert data[place] == 1
    data[place] = 0  # WhiteIsZero
    assert np.abs(pixels_of(bytes(data)) - EXACT).max() < 1e-4
    assert ("inverted" in notes_of(bytes(data))) == (dtype != np.uint8)


def test_a_tiff_of_signed_bytes_keeps_their_order() -> None:
    """Pillow takes them as without a sign: the darker half would be the brighter."""
    signed = (FILM.astype(np.int16) - 128).astype(np.int8)
    data = encode(signed.view(np.uint8), "TIFF", tiffinfo={0x0153: 2})
    assert np.abs(pixels_of(data) - EXACT).max() < 1e-4
    assert "with a sign" in notes_of(data) and "more than 8 bits" not in notes_of(data)


@pytest.mark.parametrize(("orientation", "turns"), [(3, 2), (6, -1), (8, 1)])
@pytest.mark.parametrize("kind", ["PNG", "16-bit PNG", "JPEG"])
def test_exif_orientation_is_applied_and_said(kind: str, orientation: int, turns: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    film = FILM.astype(np.uint16) * 257 if kind == "16-bit PNG" else FILM
    data = encode(film, kind.split()[-1], exif=exif, quality=98)
    difference = np.abs(pixels_of(data) - np.rot90(EXACT, turns)).max()
    assert difference <= (3 * LEVEL if kind == "JPEG" else 1e-6)
    assert "upright" in notes_of(data)


def test_transparency_is_composited_on_black() -> None:
    alpha = np.full(FILM.shape, 255, np.uint8)
    alpha[:30] = 0
    for layers in ([FILM, alpha], [FILM, FILM, FILM, alpha]):
        data = encode(np.dstack(layers), "PNG")
        assert pixels_of(data)[:30].max() == 0
        assert np.abs(pixels_of(data)[30:] - EXACT[30:]).max() <= LEVEL
        assert "transparency" in notes_of(data)


def test_palette_and_ink_give_the_grey_they_stand_for() -> None:
    grey = Image.fromarray(FILM)
    for image, kind in ((grey.convert("P"), "PNG"), (grey.convert("RGB").convert("CMYK"), "TIFF")):
        assert np.abs(pixels_of(encode(image, kind)) - EXACT).max() <= 3 * LEVEL


def test_transparent_palette_colour_is_composited_on_black() -> None:
    film = np.full(FILM.shape, 100, np.uint8)
    film[:30] = 7
    image = Image.fromarray(film, "L").convert("P")
    pixels = pixels_of(encode(image, "PNG", transparency=7))
    assert pixels[:30].max() == 0
    assert np.abs(pixels[30:] - 100 / 255).max() <= LEVEL


def test_one_bit_is_black_and_white() -> None:
    image = Image.fromarray(FILM).convert("1", dither=Image.Dither.NONE)
    assert np.array_equal(pixels_of(encode(image, "PNG")), (FILM > 127).astype(np.float32))


def test_colour_is_noted_and_grey_stored_as_colour_is_not() -> None:
    grey = np.dstack([FILM] * 3)
    assert notes_of(encode(grey, "JPEG")) == ""
    coloured = grey.copy()
    coloured[40:120, 40:120] = (200, 30, 30)
    assert "colour" in notes_of(encode(coloured, "PNG"))


@pytest.mark.parametrize(("side", "colour"), [(10, False), (40, False), (90, True)])
def test_a_coloured_mark_makes_no_colour_picture(side: int, colour: bool) -> None:
    """A tenth of the area decides."""
    marked = np.dstack([FILM] * 3)
    marked[:side, :side] = (30, 160, 40)
    share = side**2 / FILM.size
    assert (share > 0.1) == colour
    for kind in ("PNG", "JPEG"):
        assert read_radiograph(encode(marked, kind)).coloured == colour


@pytest.mark.parametrize("kind", ["TIFF", "WEBP", "PNG"])
def test_several_pictures_in_one_file_are_refused(kind: str) -> None:
    more = [Image.fromarray(grey_film(seed=1))]
    assert refusal(encode(FILM, kind, save_all=True, append_images=more)).code == "multi_frame"


def test_pages_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting takes Pillow time by the square of the pages."""
    monkeypatch.setattr(TiffImageFile, "n_frames", property(lambda _: pytest.fail("counted")))
    with pytest.raises(RefusedFile) as refused:
        decode_numbers(with_pages(encode(FILM, "TIFF"), 20))
    assert refused.value.code == "multi_frame"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_one_value_everywhere_is_blank(kind: str) -> None:
    assert refusal(encode(np.full((150, 150), 90, np.uint8), kind)).code == "blank"


@pytest.mark.parametrize(
    ("size", "code"),
    [((1, 1), "too_small"), ((127, 300), "too_small"), ((900, 200), "bad_shape")],
)
def test_sizes_that_are_no_film(size: tuple[int, int], code: str) -> None:
    assert refusal(encode(Image.effect_noise(size, 50), "PNG")).code == code


@pytest.mark.parametrize("side", [7000, 13_000, 13_376, 60_000, 2**31 - 1])
def test_bombs_are_refused_from_their_header(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_: ImageFile.ImageFile) -> None:
        raise AssertionError("it went on to the pixels")

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)
    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    assert refusal(data + chunk(b"IEND", b"")).code == "too_large"


def test_a_jpeg_that_was_cut_and_closed_is_read_with_a_note() -> None:
    data = encode(FILM, "JPEG")
    assert "cut short" in notes_of(data[: len(data) // 2] + b"\xff\xd9")
    assert notes_of(data) == ""


def test_colours_may_have_fewer_pixels_than_greys() -> None:
    side = int(MAX_RICH_PIXELS**0.5) + 1
    refused = refusal(encode(Image.new("RGB", (side, side)), "PNG"))
    assert refused.code == "too_large" and "in colours" in refused.problem


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.9])
def test_cut_files_are_refused(kind: str, share: float) -> None:
    data = encode(FILM, kind)
    assert refusal(data[: int(len(data) * share)]).code in ("corrupt", "unknown_format")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_flipped_bits_only_ever_give_a_film_or_a_refusal(kind: str) -> None:
    data, drawing = encode(FILM, kind), np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        changed = bytearray(data)
        headers = drawing.integers(0, 60, 2) * drawing.choice([-1, 1], 2)  # at either end
        for place in [*headers, *drawing.integers(0, len(data), 6)]:
            changed[place] ^= 1 << drawing.integers(8)
        try:
            assert np.isfinite(pixels_of(bytes(changed))).all()
        except RefusedFile as error:
            refused += 1
            assert error.sentence
    assert refused > 0
