"""DICOM files whose tags lie."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from tests.films import dicom_file
from tests.mutants import CANARY, COLOURS, FILM, voi_table

Made = tuple[str, Callable[[], bytes]]
WIDE = FILM.astype(np.uint16) * 16
ENDLESS = bytes.fromhex("08001511 53510000 ffffffff") + bytes.fromhex("feff00e0 ffffffff")
_SYNTAXES = (JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, JPEGBaseline8Bit, RLELossless)
_SCRIPT = "<img src=x onerror=alert(1)>"
# What stands in a header, and what stands there instead.
_LIES: dict[str, tuple[Any, ...]] = {
    "Rows": (0, 1, 64, 161, 300, 65535),
    "Columns": (0, 1, 64, 159, 65535),
    "NumberOfFrames": (0, 2, 2**31 - 1, -1),
    "SamplesPerPixel": (0, 2, 3, 65535),
    "BitsAllocated": (0, 1, 7, 32, 64, 65535),
    "BitsStored": (0, 1, 17, 65535),
    "HighBit": (0, 65535),
    "PixelRepresentation": (1, 2, 65535),
    "PlanarConfiguration": (0, 1, 7),
    "PhotometricInterpretation": ("MONOCHROME1", "RGB", "PALETTE COLOR", "YBR_FULL_422", _SCRIPT),
    "RescaleSlope": ("0", "1e308", "-1", "1e-308"),
    "RescaleIntercept": ("1e308", "-1e308"),
    "WindowWidth": ("0", "-1", "1", "0.001", "1e308", "1e-300"),
    "PixelPaddingValue": (0, 1, 65535),
    "PixelPaddingRangeLimit": (0, 1, 65535),
    "PatientOrientation": ("R\\F", "F\\R", "A\\F", _SCRIPT, "\\"),
    "PixelAspectRatio": ([2, 1], [0, 1], [1, 4], [2**31 - 1, 1], 7),
    "PixelSpacing": ([0.4, 0.2], [0, 0], [-1, 1], ["1e308", "1e-308"]),
    "ImagerPixelSpacing": ([0.1, 0.3],),
    "PresentationLUTShape": ("INVERSE", "IDENTITY", _SCRIPT[:16]),
    "PixelData": (b"", b"\0", bytes(160 * 160), bytes(160 * 160 * 4)),
    "SpecificCharacterSet": ("GARBAGE", "ISO 2022 IR 87", "ISO_IR 192\\ISO_IR 100"),
    "Modality": ("CT", "", _SCRIPT, "X" * 16),
    "BodyPartExamined": (_SCRIPT, "HAND", "A" * 16),
    "ViewPosition": (_SCRIPT, "LL"),
    "PatientName": (_SCRIPT, "![x](http://localhost/p.png)", "=HYPERLINK(1)", "A^" * 5000),
    "VOILUTFunction": ("SIGMOID", "NONSENSE"),
    "StudyDate": ("99999999", _SCRIPT, ""),
}


def dicom_files() -> Iterator[Made]:
    for tag, values in _LIES.items():
        for value in values:
            said = value if not isinstance(value, bytes) else f"{len(value)} bytes"
            yield f"{tag}-{str(said)[:12]}.dcm", partial(_lying, tag, value)
    yield from _odd_numbers()
    for text in (b"NaN", b"inf", b"1e999", b"\xff\xfe\xfd", b"x" * 16, b"1\\2\\3"):
        yield f"slope-{text.decode('latin1')}.dcm", partial(_with_slope, text)
        yield f"window-{text.decode('latin1')}.dcm", partial(_with_window, text)
    for syntax in _SYNTAXES:
        for tag, value in (("Rows", 64), ("Rows", 5000), ("BitsAllocated", 8), ("Columns", 170)):
            yield f"{tag}-{value}-{syntax.name}.dcm", partial(_compressed, syntax, tag, value)
        for share in (0.4, 0.7, 0.95):
            yield f"cut-{share}-{syntax.name}.dcm", partial(_cut, syntax, share)
    for descriptor in ([0, 0, 16], [65535, 0, 16], [256, 60000, 8], [3, 0, 0], [256, 0, 64]):
        yield f"lut-{descriptor}.dcm", partial(_with_table, descriptor)
    for sequence in ("explicit", "deflated"):
        yield f"endless-{sequence}.dcm", partial(_endless, sequence == "deflated", 20_000)
    for depth in (30, 200, 900, 5_000, 50_000):
        yield f"nested-{depth}.dcm", partial(_nested, depth)
    yield "colours-16.dcm", lambda: dicom_file(COLOURS.astype(np.uint16) * 200, photometric="RGB")
    yield "ybr.dcm", lambda: dicom_file(COLOURS, photometric="YBR_FULL")
    yield "no-syntax.dcm", lambda: _spliced(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.9.9.9\0")
    yield "big-endian.dcm", lambda: _spliced(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0")
    yield "said-to-be-deflated.dcm", lambda: _spliced(b".1.2.1\0", b".1.2.1.99")
    yield "said-to-be-jpeg.dcm", lambda: _spliced(b"10008.1.2.1\0", b"10008.1.2.4.70")


def _odd_numbers() -> Iterator[Made]:
    for text in (b"1,5", b"1.000,5", b",", b"-0", b"\\\\"):
        yield f"window-odd-{text.decode()}.dcm", partial(_with_window, text)
        yield f"slope-odd-{text.decode()}.dcm", partial(_with_slope, text)
    for start in (128, 132, 144):
        yield f"bare-{start}.dcm", lambda start=start: dicom_file(WIDE)[start:]  # type: ignore[misc]
    for length in (0, 1, 100, 4096, 4097, 8191, 8193):
        yield f"table-of-{length}.dcm", partial(_with_table_of, length)


def head(data: bytes) -> int:
    """Where a DICOM file's body starts, behind its meta group."""
    return 144 + int.from_bytes(data[140:144], "little")


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    """Of a VR with a long length."""
    return struct.pack("<HH2sxxI", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def _lying(tag: str, value: Any) -> bytes:
    also = {
        "WindowWidth": "WindowCenter",
        "RescaleSlope": "RescaleIntercept",
        "RescaleIntercept": "RescaleSlope",
    }
    tags: dict[str, Any] = {"PatientName": CANARY, "PatientID": CANARY, tag: value}
    if tag in also:
        tags[also[tag]] = 1
    return dicom_file(WIDE, **{"bits_stored": 12} | tags)


def _with_slope(text: bytes) -> bytes:
    data = dicom_file(WIDE, RescaleSlope="1234567890123456", RescaleIntercept=0)
    return data.replace(b"1234567890123456", text.ljust(16))


def _with_window(text: bytes) -> bytes:
    data = dicom_file(WIDE, WindowCenter="1234567890123456", WindowWidth=900)
    return data.replace(b"1234567890123456", text.ljust(16))


def _compressed(syntax: Any, tag: str, value: int) -> bytes:
    """A picture that is another than its header says."""
    data = dicom_file(FILM if syntax == JPEGBaseline8Bit else WIDE, syntax=syntax)
    number = {"Rows": 0x0010, "Columns": 0x0011, "BitsAllocated": 0x0100}[tag]
    place = data.index(struct.pack("<HH2sH", 0x0028, number, b"US", 2)) + 8
    return data[:place] + struct.pack("<H", value) + data[place + 2 :]


def _cut(syntax: Any, share: float) -> bytes:
    """A compressed picture that ends early, in a file that is whole."""
    data = dicom_file(FILM if syntax == JPEGBaseline8Bit else WIDE, syntax=syntax)
    start = data.rindex(b"\xfe\xff\x00\xe0") + 8
    kept = int((len(data) - 8 - start) * share) // 2 * 2
    end = b"\xfe\xff\xdd\xe0\0\0\0\0"
    picture = data[start : start + kept - 2] + b"\xff\xd9"
    return data[: start - 4] + struct.pack("<I", kept) + picture + end


def _with_table(descriptor: list[int]) -> bytes:
    table = Dataset()
    table.LUTDescriptor = descriptor
    table.LUTData = bytes(512)
    table["LUTData"].VR = "OW"
    return dicom_file(FILM, VOILUTSequence=Sequence([table]))


def _with_table_of(length: int) -> bytes:
    """A table of 4096 entries, with so many bytes of data."""
    table = voi_table()
    table[0].LUTData = bytes(length)
    return dicom_file(WIDE, VOILUTSequence=table, ModalityLUTSequence=table)


def _endless(deflated: bool, count: int) -> bytes:
    syntax = DeflatedExplicitVRLittleEndian if deflated else ExplicitVRLittleEndian
    data = dicom_file(FILM, syntax=syntax)
    body = ENDLESS * count
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return data[: head(data)] + (deflater.compress(body) + deflater.flush() if deflated else body)


def _nested(depth: int) -> bytes:
    """A sequence of sequences that are closed again, before a film."""
    closing = bytes.fromhex("feff0de0 00000000 feffdde0 00000000")
    data = dicom_file(FILM)
    body = head(data)
    return data[:body] + ENDLESS * depth + closing * depth + data[body:]


def _spliced(old: bytes, new: bytes) -> bytes:
    """A film whose transfer syntax is another; the meta group's lengths fit."""
    data = dicom_file(WIDE)
    place = data.index(b"\x02\x00\x10\x00UI")
    length = int.from_bytes(data[place + 6 : place + 8], "little")
    uid = data[place + 8 : place + 8 + length].replace(old, new)
    uid += b"\0" * (len(uid) % 2)
    group = struct.pack("<I", int.from_bytes(data[140:144], "little") + len(uid) - length)
    start = data[:140] + group + data[144:place] + data[place : place + 6]
    return start + struct.pack("<H", len(uid)) + uid + data[place + 8 + length :]
