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
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLosslessSV1

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
        "deflated.dcm": dicom_file(FILM, syntax=DeflatedExplicitVRLittleEndian, **patient),
        "lossless.dcm": dicom_file(wide, bits_stored=12, syntax=JPEGLosslessSV1, **patient),
        "films.zip": zipped(("a.png", encode(FILM, "PNG")), ("b.dcm", dicom_file(FILM))),
    }  # fmt: skip


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
