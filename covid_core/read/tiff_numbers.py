"""TIFF pictures of numbers that Pillow does not know: 64 bits, float of 16, grey with transparency.

One page, in strips or tiles, plain or deflated; what else there is says so.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import TiffImagePlugin

from covid_core.errors import RefusedFile
from covid_core.read.limits import BoundedFile
from covid_core.read.radiograph import check_bounds

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _SAMPLES = 256, 257, 258, 259, 277
_STRIPS, _STRIP_ROWS, _STRIP_BYTES, _PLANES, _PREDICTOR = 273, 278, 279, 284, 317
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES, _FORMAT = 322, 323, 324, 325, 339
PHOTOMETRIC, ORIENTATION = 262, 274
_PLAIN, _DEFLATED = 1, (8, 32946)
_KINDS = {1: "u", 2: "i", 3: "f"}
_NUMBERS = ("u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8")
_MOST_SAMPLES = 4


def tiff_samples(data: bytes) -> tuple[np.ndarray, int, int]:
    """A TIFF's samples, its Photometric Interpretation, and its orientation as EXIF counts it.

    The samples are (height, width, n), of the file's own type. Raises RefusedFile, and any error of
    Python's for a damaged file.
    """
    file = BoundedFile(data)
    tags: Any = TiffImagePlugin.ImageFileDirectory_v2(file.read(8))
    file.seek(tags.next)
    tags.load(file)
    width, height = int(tags[_WIDTH]), int(tags[_HEIGHT])
    check_bounds(width, height, 2 if tags.next else 1, rich=True)
    samples = int(tags.get(_SAMPLES, 1))
    kind = _kind(tags, samples)
    if kind is None or not _is_known(tags):
        raise _unknown()
    kind = np.dtype(kind).newbyteorder("<" if data[:2] == b"II" else ">")
    picture = np.zeros((height, width, samples), kind.newbyteorder("="))
    for top, left, block in _blocks(tags, data, (height, width, samples), kind):
        room = picture[top : top + len(block), left : left + block.shape[1]]
        room[...] = block[: room.shape[0], : room.shape[1]]
    return picture, int(tags.get(PHOTOMETRIC, 1)), int(tags.get(ORIENTATION, 1))


def _kind(tags: Any, samples: int) -> np.dtype | None:
    bits, formats = set(tags.get(_BITS, (1,))), set(tags.get(_FORMAT, (1,)))
    if len(bits) != 1 or len(formats) != 1 or not 0 < samples <= _MOST_SAMPLES:
        return None
    size, rest = divmod(bits.pop(), 8)
    name = f"{_KINDS.get(formats.pop(), '?')}{size}"
    return np.dtype(name) if name in _NUMBERS and not rest else None  # 12 bits are packed


def _is_known(tags: Any) -> bool:
    compression = tags.get(_COMPRESSION, _PLAIN)
    return (
        (compression == _PLAIN or compression in _DEFLATED)
        and tags.get(_PLANES, 1) == 1
        and tags.get(_PREDICTOR, 1) == 1
        and tags.get(PHOTOMETRIC, 1) in (0, 1, 2)
    )


def _blocks(
    tags: Any, data: bytes, shape: tuple[int, int, int], kind: np.dtype
) -> Iterator[tuple[int, int, np.ndarray]]:
    """Top, left and samples of each strip or tile."""
    height, width, samples = shape
    tiled = _TILES in tags
    high = int(tags[_TILE_HEIGHT] if tiled else min(tags.get(_STRIP_ROWS, height), height))
    wide = int(tags[_TILE_WIDTH]) if tiled else width
    if high < 1 or wide < 1 or high * wide > 4 * max(height * width, 1):
        raise ValueError("blocks")
    across = -(-width // wide)
    starts, lengths = (
        tags[_TILES if tiled else _STRIPS],
        tags[_TILE_BYTES if tiled else _STRIP_BYTES],
    )
    packed = tags.get(_COMPRESSION, _PLAIN) != _PLAIN
    for number in range(across * -(-height // high)):
        top, left = number // across * high, number % across * wide
        rows = high if tiled else min(high, height - top)
        size = rows * wide * samples * kind.itemsize
        raw = data[starts[number] : starts[number] + lengths[number]]
        raw = zlib.decompressobj().decompress(raw, size) if packed else raw[:size]
        yield top, left, np.frombuffer(raw, kind).reshape(rows, wide, samples)


def _unknown() -> RefusedFile:
    return RefusedFile(
        "undecodable",
        "it is a TIFF of a kind of number, or in a compression, that can't be decoded here",
        "Export it again, as PNG or TIFF of 8 or 16-bit grey",
    )
