"""Valid films, one for each way that a reader goes, and mutants of them, drawn by seed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from random import Random
from typing import Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLosslessSV1

from tests.deep_files import png, tiff
from tests.films import dicom_file, encode, grey_film

FILM = grey_film(160, 160)
COLOURS = np.dstack([FILM, 255 - FILM, FILM // 2])
CANARY = "Canary"  # stands in patients' tags, and must stand nowhere else


@cache
def seeds() -> dict[str, bytes]:
    """Valid films, one for each way that a reader goes."""
    wide = FILM.astype(np.uint16) * 16
    patient: dict[str, Any] = {"PatientName": CANARY, "PatientID": CANARY}
    window: dict[str, Any] = {"WindowCenter": 900, "WindowWidth": 900}
    return {
        "grey.png": encode(FILM, "PNG"),
        "wide.png": encode(wide, "PNG"),
        "palette.png": encode(Image.fromarray(COLOURS).quantize(64), "PNG", transparency=3),
        "plain.jpg": encode(FILM, "JPEG"),
        "progressive.jpg": encode(COLOURS, "JPEG", progressive=True),
        "deflated.tif": encode(wide, "TIFF", compression="tiff_adobe_deflate"),
        "film.webp": encode(FILM, "WEBP", lossless=True),
        "explicit.dcm": dicom_file(wide, bits_stored=12, **window, **patient),
        "implicit.dcm": dicom_file(FILM, syntax=ImplicitVRLittleEndian, **patient),
        "bare.dcm": dicom_file(wide, syntax=ImplicitVRLittleEndian, **patient)[132:],
        "padded.dcm": dicom_file(
            wide, PixelPaddingValue=3000, PixelPaddingRangeLimit=65535, **patient
        ),
        "turned.dcm": dicom_file(
            wide, bits_stored=12, PatientOrientation="F\\R", PixelAspectRatio=[3, 2], **patient
        ),
        "table.dcm": dicom_file(wide, bits_stored=12, VOILUTSequence=voi_table(), **patient),
        "deep.png": png(np.dstack([wide, wide // 2, wide])),
        "deep-alpha.png": png(np.dstack([wide, wide])),
        "deep.tif": tiff(np.dstack([wide] * 3), photometric=2, big=True),
        "real.tif": tiff(FILM.astype(np.float64)[..., np.newaxis], deflated=True),
        "deflated.dcm": dicom_file(FILM, syntax=DeflatedExplicitVRLittleEndian, **patient),
        "lossless.dcm": dicom_file(wide, bits_stored=12, syntax=JPEGLosslessSV1, **patient),
        "films.zip": zipped(("a.png", encode(FILM, "PNG")), ("b.dcm", dicom_file(FILM))),
    }


def voi_table() -> Sequence:
    """A lookup table of 8 bits in bytes, for values of 12."""
    item = Dataset()
    item.LUTDescriptor = [4096, 0, 8]
    item.LUTData = (np.sqrt(np.arange(4096) / 4095) * 255).astype("u1").tobytes()
    item["LUTData"].VR = "OW"
    return Sequence([item])


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return file.getvalue()


def mutants(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """So many mutants with names of their own."""
    drawing = Random(seed)
    for number in range(count):
        name, data = mutant(drawing)
        yield f"{seed}.{number}-{name}", data


def mutant(drawing: Random) -> tuple[str, bytes]:
    """A valid file's name, and its bytes with some flipped, cut out, put in, doubled or taken from
    another."""
    valid = list(seeds().items())
    name, data = drawing.choice(valid)
    for _ in range(drawing.randint(1, 3)):
        data = _mutated(data, drawing.choice(valid)[1], drawing)
    return name, data


def _mutated(data: bytes, other: bytes, drawing: Random) -> bytes:
    # Headers are short and decide the most: half of all places lie in the first 600 bytes.
    end = len(data) if drawing.random() < 0.5 else min(len(data), 600)
    at, length = drawing.randrange(max(end, 1)), int(2 ** drawing.uniform(0, 10))
    some = data[at : at + length]
    kinds: tuple[Callable[[], bytes], ...] = (
        lambda: bytes(byte ^ 1 << drawing.randrange(8) for byte in some[:8]),
        lambda: b"",
        lambda: some + drawing.randbytes(length),
        lambda: some + some * drawing.randint(1, 8),
        lambda: other[at : at + length],
        lambda: drawing.choice([b"\0", b"\xff", b"\x7f"]) * min(len(some), 4),
    )
    return data[:at] + drawing.choice(kinds)() + data[at + length :]
