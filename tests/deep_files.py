"""PNG and TIFF files of samples that Pillow writes none of, written by the formats' own rules."""

from __future__ import annotations

import struct
import zlib

import numpy as np

COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


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
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunks
        + chunk(b"IDAT", zlib.compress(bytes(packed)))
        + chunk(b"IEND", b"")
    )


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def tiff(
    samples: np.ndarray,
    *,
    big: bool = False,
    deflated: bool = False,
    photometric: int = 1,
    orientation: int = 1,
    extra: bool = False,
    bits: int | None = None,
) -> bytes:
    """A TIFF of one strip, of any type of number, (height, width, n).

    `bits`: what it says of a sample, where that is not what a sample takes.
    """
    order, head = (">", b"MM\0*") if big else ("<", b"II*\0")
    height, width, channels = samples.shape
    data = samples.astype(f"{order}{samples.dtype.str[1:]}").tobytes()
    data = zlib.compress(data) if deflated else data
    number = {"u": 1, "i": 2, "f": 3}[samples.dtype.kind]
    bits = bits or 8 * samples.dtype.itemsize
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
        word(256, width),
        word(257, height),
        repeated(258, bits, at),
        short(259, 8 if deflated else 1),
        short(262, photometric),
        word(273, 8),
        short(274, orientation),
        short(277, channels),
        word(278, height),
        word(279, len(data)),
        short(284, 1),
        *([short(338, 2)] if extra else []),
        repeated(339, number, at + 2 * channels),
    ]
    directory = struct.pack(f"{order}H", len(entries)) + b"".join(entries) + bytes(4)
    return head + struct.pack(f"{order}I", at + len(lists)) + data + lists + directory
