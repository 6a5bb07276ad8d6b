"""Files that were damaged or made to harm, some three hundred, each with a name.

All are made here, of seeds: no binary lies in the tree, and nothing is random.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from PIL import Image

from tests.films import encode, grey_film
from tests.hostile_archives import archives
from tests.hostile_bombs import bombs
from tests.hostile_dicom import dicom_files
from tests.mutants import COLOURS, FILM, seeds, zipped

Made = tuple[str, Callable[[], bytes]]
_SHARES = (0.001, 0.05, 0.2, 0.5, 0.8, 0.99)


def corpus() -> Iterator[Made]:
    """Names, and what makes each file."""
    yield from _damaged()
    yield from _disguised()
    yield from _pictures()
    yield from dicom_files()
    yield from bombs()
    yield from archives()


def _damaged() -> Iterator[Made]:
    for name, data in seeds().items():
        for share in _SHARES:
            yield f"cut-{share}-{name}", partial(_cut, data, share)
        for seed in range(4):
            yield f"flipped-{seed}-{name}", partial(_flipped, data, seed)
    for length in (0, 1, 20, 131, 132, 133, 144, 160):
        yield f"first-{length}.dcm", partial(_cut, seeds()["explicit.dcm"], 0, length)
    for kind in ("plain.jpg", "progressive.jpg"):
        yield f"closed-{kind}", partial(bytes.__add__, _cut(seeds()[kind], 0.5), b"\xff\xd9")


def _cut(data: bytes, share: float, length: int = 0) -> bytes:
    return data[: int(len(data) * share) + length]


def _flipped(data: bytes, seed: int) -> bytes:
    changed, drawing = bytearray(data), np.random.default_rng(seed)
    for place in drawing.integers(0, len(data), 5):
        changed[place] ^= 1 << drawing.integers(8)
    return bytes(changed)


def _disguised() -> Iterator[Made]:
    html = b"<html><script>alert(1)</script><img src=x onerror=alert(1)></html>"
    kinds = {
        "html.png": html,
        "svg.png": b"<svg onload=alert(1)>",
        "pdf.dcm": b"%PDF-1.7\n" * 40,
        "elf.png": b"\x7fELF" + bytes(500),
        "program.jpg": b"MZ" + bytes(500),
        "text.tif": b"II*",
        "gif.png": encode(FILM, "GIF"),
        "bmp.png": encode(FILM, "BMP"),
        "zero.png": bytes(4096),
        "nifti.dcm": b"\x5c\1\0\0" + bytes(348),
        "pickle.png": b"\x80\4\x95" + bytes(99),
        "gzip.png": b"\x1f\x8b\x08" + bytes(99),
        "bigtiff.tif": b"II+\0\x08\0\0\0" + bytes(99),
        "signature.png": b"\x89PNG\r\n\x1a\n",
        "signature.webp": b"RIFF\0\0\0\0WEBP",
    }
    for name, data in kinds.items():
        yield name, partial(_joined, b"", data)
    for name, data in seeds().items():
        yield f"polyglot-{name}", partial(bytes.__add__, data, zipped(("x", b"x")) + html)
        yield f"prefixed-{name}", partial(bytes.__add__, html, data)
    for preamble in (b"MZ", b"\x7fELF", b"#!/bin/sh\n", b"II*\0", b"\x89PNG\r\n\x1a\n", b"PK\3\4"):
        data = seeds()["explicit.dcm"]
        yield f"preamble-{preamble[:4].hex()}.dcm", partial(_joined, preamble, data)


def _joined(start: bytes, data: bytes) -> bytes:
    return start + data[len(start) :]


def _pictures() -> Iterator[Made]:
    more = [Image.fromarray(grey_film(160, 160, seed=1))]
    for kind in ("PNG", "TIFF", "WEBP", "GIF"):
        yield f"animated.{kind}", partial(encode, FILM, kind, save_all=True, append_images=more)
    for side in ((1, 1), (8, 8), (127, 127), (500, 160), (128, 385)):
        for kind in ("PNG", "JPEG", "TIFF", "WEBP"):
            yield f"{side[0]}x{side[1]}.{kind}", partial(encode, Image.new("L", side), kind)
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I", "F", "I;16"):
        for kind in ("PNG", "JPEG", "TIFF"):
            for blank in (True, False):
                name = f"{mode}{'-blank' * blank}.{kind}"
                yield name, partial(_of_mode, mode, kind, blank)
    for value in (np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-45):
        odd = FILM.astype(np.float32)
        odd[40:50, 40:50] = value
        yield f"float-{value}.tif", partial(encode, odd, "TIFF")
        yield f"all-{value}.tif", partial(encode, np.full_like(odd, value), "TIFF")
    for orientation in (0, 3, 6, 8, 9, 65535):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield f"exif-{orientation}.jpg", partial(encode, FILM, "JPEG", exif=exif)


def _of_mode(mode: str, kind: str, blank: bool) -> bytes:
    """In the nearest mode that the format knows."""
    image = Image.fromarray(COLOURS if mode in ("RGB", "RGBA", "CMYK", "YCbCr") else FILM)
    image = Image.new("RGB", (160, 160), (90, 90, 90)) if blank else image
    for way in (mode, "RGB"):
        try:
            return encode(image.convert("L" if mode == "I;16" else "RGB").convert(way), kind)
        except (OSError, ValueError):
            continue
    raise AssertionError(mode)
