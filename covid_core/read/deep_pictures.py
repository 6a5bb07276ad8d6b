"""Colours and transparency of more than 8 bits, which Pillow cuts down to 8.

Pillow takes one byte of each 16-bit sample. So a picture is decoded twice, once for each of its
bytes; a PNG of grey with transparency once, as if it were one of four bytes a pixel.
"""

from __future__ import annotations

import sys
import zlib
from typing import Any

import numpy as np
from PIL import Image

from covid_core.read.limits import BoundedFile
from covid_core.read.radiograph import is_coloured

COLOUR_NOTE = "a colour picture: turned to grey"
TRANSPARENCY_NOTE = "transparency put on black"
_PNG, _TIFF = "PNG", "TIFF"
_PNG_DEPTH, _PNG_COLOURS, _PNG_CRC = 24, 25, 29  # where they stand in the file, as its first chunk
_GREY_ALPHA, _RGBA = 4, 6  # PNG's colour types
_SWAPPED = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
_NATIVE = {
    "I;16BS": "I;16NS",
    "I;32BS": "I;32NS",
    "F;32BF": "F;32NF",
}  # numbers of big-endian files
_PLAIN = ("RGB;16", "RGBX;16", "RGBA;16")
_WEIGHTS = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as Pillow's "L"
_SAMPLE_PX = 128
_BAND_ROWS = 256


def deep_samples(image: Image.Image, data: bytes) -> np.ndarray | None:
    """The 16-bit samples of a colour picture, or of grey with transparency; None for any other.

    They are uint16 (height, width, 2 to 4). `image`: as Pillow opened `data`, not yet loaded.
    """
    if image.format == _PNG and data[_PNG_DEPTH] == 16 and data[_PNG_COLOURS] == _GREY_ALPHA:
        return _grey_alpha(data)
    rawmode = _rawmode(image)
    if not rawmode.startswith(_PLAIN):
        return None
    halves = [_bytes(data, image.format, swapped=swapped) for swapped in (False, True)]
    return halves[0].astype(np.uint16) << 8 | halves[1]


def read_in_native_order(image: Image.Image) -> None:
    """Make Pillow load a compressed TIFF's numbers in the machine's order of bytes.

    libtiff has brought them into it already; Pillow, by the file's order, would turn them back.
    """
    picture: Any = image
    rawmode = _rawmode(image)
    if rawmode in _NATIVE and all(tile.codec_name == "libtiff" for tile in picture.tile):
        picture.tile = [
            tile._replace(args=(_NATIVE[rawmode], *tile.args[1:])) for tile in picture.tile
        ]


def grey_of(samples: np.ndarray, notes: list[str]) -> np.ndarray:
    """The brightness (height, width) of samples (height, width, n), put on black if transparent.

    n is 1 or 2 for grey, 3 or 4 for colours; an even one has transparency. The brightness is one of
    the channels where all are alike, or else float32.
    """
    channels = samples.shape[2]
    if channels < 3 or _is_grey(samples):
        grey = np.ascontiguousarray(samples[..., 0])
    else:
        if _is_coloured(samples):
            notes.append(COLOUR_NOTE)
        grey = np.empty(samples.shape[:2], np.float32)
        for top in range(0, len(samples), _BAND_ROWS):
            band = slice(top, top + _BAND_ROWS)
            grey[band] = samples[band, ..., :3] @ _WEIGHTS
    if channels % 2:
        return grey
    alpha = samples[..., -1]
    if alpha.min() == alpha.max():  # the same everywhere: it hides nothing
        return grey
    notes.append(TRANSPARENCY_NOTE)
    opaque = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "iu" else 1
    on_black: np.ndarray = (grey * (alpha.astype(np.float32) / opaque)).astype(np.float32)
    return on_black


def _is_grey(samples: np.ndarray) -> bool:
    first = samples[..., 0]
    return all(np.array_equal(first, samples[..., i]) for i in (1, 2))


def _is_coloured(samples: np.ndarray) -> bool:
    step = max(min(samples.shape[:2]) // _SAMPLE_PX, 1)
    some = samples[::step, ::step, :3].astype(np.float64)
    lowest = min(some.min(), 0)
    return is_coloured((some - lowest) * (255 / max(some.max() - lowest, 1e-300)))


def _grey_alpha(data: bytes) -> np.ndarray:
    """The samples of a PNG of 16-bit grey and alpha, read as RGBA: both have four bytes a pixel."""
    head = bytearray(data[:_PNG_CRC])
    head[_PNG_DEPTH], head[_PNG_COLOURS] = 8, _RGBA
    check = zlib.crc32(head[12:]).to_bytes(4, "big")
    file = BoundedFile(bytes(head) + check + data[_PNG_CRC + 4 :])
    with Image.open(file, formats=(_PNG,)) as image:
        image.load()
        packed = np.asarray(image)
    samples = np.ascontiguousarray(packed).view(">u2")
    return samples.astype(np.uint16)


def _bytes(data: bytes, kind: str | None, *, swapped: bool) -> np.ndarray:
    """The higher bytes of all samples, uint8 (height, width, 3 or 4), or `swapped` the lower."""
    with Image.open(BoundedFile(data), formats=(str(kind),)) as image:
        if swapped:
            picture: Any = image
            picture.tile = [tile._replace(args=_other(tile.args)) for tile in picture.tile]
        image.load()
        return np.asarray(image)


def _rawmode(image: Image.Image) -> str:
    tiles = getattr(image, "tile", [])
    if image.format not in (_PNG, _TIFF) or not tiles:
        return ""
    args = tiles[0].args
    rawmode = args if isinstance(args, str) else args[0]
    return rawmode if isinstance(rawmode, str) else ""


def _other(args: Any) -> Any:
    """A decoder's arguments, for the other byte of each sample."""
    if isinstance(args, str):
        return args[:-1] + _SWAPPED[args[-1]]
    return (_other(args[0]), *args[1:])
