"""Small files that unfold into gigabytes, and large ones of millions of parts."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from covid_core.read.reading import MAX_FILE_BYTES
from tests.films import dicom_file, encode, with_pages
from tests.hostile_dicom import ENDLESS, element, head
from tests.mutants import FILM

Made = tuple[str, Callable[[], bytes]]
MIB = 1024 * 1024
_ROOM = MAX_FILE_BYTES - MIB  # of a file as large as is taken
# Each is refused only when it has had all the time or memory that is allowed: for the benchmark.
SLOW = {
    "texts-before.png",
    "texts-after.png",
    "profiles-before.png",
    "profiles-after.png",
    "chunks-after.png",
    "exif.jpg",
    "resources.jpg",
    "strips.tif",
    "fields.tif",
    "items.dcm",
}
_TEXT = b"zTXt", b"a\0\0" + zlib.compress(bytes(MIB - 1))
_PROFILE = b"iCCP", b"a\0\0" + zlib.compress(bytes(MIB - 1))


def bombs() -> Iterator[Made]:
    for side in (7_000, 13_376, 60_000, 2**31 - 1):
        yield f"{side}.png", partial(png, side)
        yield f"{side}.tif", partial(_tiff_of_size, side)
    for side in (13_000, 65_500):
        yield f"{side}.jpg", partial(_jpeg_of_size, side)
    yield "text.png", lambda: png(160, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(70 * MIB))))
    for name, part in (("texts", _TEXT), ("profiles", _PROFILE), ("chunks", (b"prIv", b""))):
        yield f"{name}-before.png", partial(_png_full_of, part, after=False)
        yield f"{name}-after.png", partial(_png_full_of, part, after=True)
    yield "comments.jpg", partial(_jpeg_full_of, b"\xff\xfe\0\2")
    yield "filling.jpg", partial(_jpeg_full_of, b"\xff")
    resources = b"Photoshop 3.0\0" + b"8BIM\4\4\0\0\0\0\0\0" * 5_400
    segment = b"\xff\xed" + struct.pack(">H", len(resources) + 2) + resources
    yield "resources.jpg", partial(_jpeg_full_of, segment)
    exif = b"Exif\0\0" + bytes(65_000)
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    yield "exif.jpg", partial(_jpeg_full_of, segment)
    yield "scans.jpg", partial(_scans, 20_000)
    yield "pages.tif", lambda: with_pages(encode(FILM, "TIFF"), 20_000)
    yield "strips.tif", partial(_strips, 4_000_000)
    yield "fields.tif", partial(_fields, 65_535)
    yield from _dicom_bombs()


def _dicom_bombs() -> Iterator[Made]:
    yield "inflates.dcm", partial(_deflated, bytes(MIB), 160)
    yield "inflates-tiny.dcm", partial(_deflated, b"\x08\0\0\0UN\0\0\0\0\0\0" * MIB, 10)
    tiny = b"".join(struct.pack("<HH2sH", 9, number, b"SH", 0) for number in range(65_535))
    yield "tiny-elements.dcm", partial(_full_of, tiny)
    yield "many-endless.dcm", partial(_full_of, ENDLESS)
    item = b"\xfe\xff\x00\xe0\0\0\0\0"
    sequence = bytes.fromhex("08001511 53510000 ffffffff")
    yield "items.dcm", partial(_full_of, item, sequence)
    for tag, vr in ((0x00280010, b"UN"), (0x00080060, b"UC"), (0x00181020, b"UT")):
        yield f"long-{tag:08x}.dcm", partial(_with_element, tag, vr, b"1\\", _ROOM // 2)
    for tag in (0x00281053, 0x00281050, 0x00283010, 0x00100010, 0x00080060, 0x00280010):
        for vr in (b"SQ", b"OB", b"UN", b"UC", b"OD"):
            yield f"{vr.decode()}-{tag:08x}.dcm", partial(_with_element, tag, vr, tiny, 30)
    for syntax in (JPEGBaseline8Bit, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless):
        yield f"inside-{syntax.name}.dcm", partial(_larger_inside, syntax)
    yield "fragments.dcm", partial(_fragments, item)
    yield "rle-frames.dcm", partial(_rle, 1_000_000)


def chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def png(side: int, before: bytes = b"", after: bytes = b"") -> bytes:
    """With chunks before and after its pixels; these are a film's where it is 160 a side."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in FILM) if side == 160 else bytes(1000)
    pixels = chunk(b"IDAT", zlib.compress(rows))
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + before + pixels + after + chunk(b"IEND", b"")


def _png_full_of(part: tuple[bytes, bytes], *, after: bool) -> bytes:
    many = chunk(*part) * (_ROOM // (len(part[1]) + 12))
    return png(160, after=many) if after else png(160, many)


def _jpeg_of_size(side: int) -> bytes:
    data = encode(FILM, "JPEG")
    start = data.index(b"\xff\xc0") + 5
    return data[:start] + struct.pack(">HH", side, side) + data[start + 4 :]


def _jpeg_full_of(segment: bytes) -> bytes:
    data = encode(FILM, "JPEG")
    return data[:2] + segment * (_ROOM // len(segment)) + data[2:]


def _scans(count: int, side: int = 4_000) -> bytes:
    """A progressive JPEG whose last scan, of some bytes, is there so many times."""
    data = encode(np.full((side, side), 90, np.uint8), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * count + data[-2:]


def _tiff(entries: list[tuple[int, int, int, int]], rest: bytes = b"") -> bytes:
    fields = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + fields + bytes(4) + rest


def _fields_of(width: int, height: int) -> list[tuple[int, int, int, int]]:
    return [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (277, 3, 1, 1),
        (278, 4, 1, 1),
    ]


def _tiff_of_size(side: int) -> bytes:
    return _tiff([*_fields_of(side, side), (273, 4, 1, 8), (279, 4, 1, 100)], bytes(100))


def _strips(count: int) -> bytes:
    entries = [*_fields_of(4_000, 4_000), (273, 4, count, 200), (279, 4, count, 200 + 4 * count)]
    return _tiff(entries).ljust(200, b"\0") + struct.pack("<I", 8) * count * 2


def _fields(count: int) -> bytes:
    known = {entry[0]: entry for entry in [*_fields_of(160, 160), (273, 4, 1, 8), (279, 4, 1, 9)]}
    return _tiff([known.get(tag, (tag, 1, 60 * MIB, 8)) for tag in range(count)], bytes(_ROOM))


def _deflated(part: bytes, times: int) -> bytes:
    data = dicom_file(FILM, syntax=DeflatedExplicitVRLittleEndian)
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    parts = [deflater.compress(part) for _ in range(times)]
    return data[: head(data)] + b"".join(parts) + deflater.flush()


def _full_of(part: bytes, start: bytes = b"") -> bytes:
    """A film behind as many such tags as fit."""
    data = dicom_file(FILM)
    body = start + part * (_ROOM // len(part))
    return data[: head(data)] + body + data[head(data) :]


def _with_element(tag: int, vr: bytes, part: bytes, times: int) -> bytes:
    data = dicom_file(FILM)
    return data[: head(data)] + element(tag, vr, part * times) + data[head(data) :]


def _larger_inside(syntax: UID) -> bytes:
    """A header that says 160 x 160, and a picture that says 30,000 x 30,000."""
    grey = syntax == JPEGBaseline8Bit
    data = dicom_file(FILM if grey else FILM.astype(np.uint16) * 16, syntax=syntax)
    start = data.rindex(b"\xfe\xff\x00\xe0") + 8
    side = struct.pack(">H", 160)
    if syntax == JPEG2000Lossless:
        picture = data[start:].replace(
            struct.pack(">II", 160, 160), struct.pack(">II", 30_000, 30_000)
        )
    else:
        picture = data[start:].replace(side + side, struct.pack(">HH", 30_000, 30_000), 1)
    return data[:start] + picture


def _fragments(item: bytes) -> bytes:
    data = dicom_file(FILM, syntax=RLELossless)
    start = data.index(b"\xfe\xff\x00\xe0")
    return data[:start] + item * (_ROOM // len(item)) + data[start:]


def _rle(frames: int) -> bytes:
    said = f"{frames:08d}".encode()
    return dicom_file(FILM, syntax=RLELossless, NumberOfFrames=1).replace(
        b"IS\x02\x001 ", b"IS\x08\x00" + said
    )
