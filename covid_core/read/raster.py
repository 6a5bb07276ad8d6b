"""PNG, JPEG, TIFF and WebP to grey, by Pillow, with the traps of each mode closed."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from covid_core.errors import RefusedFile
from covid_core.read.deep_pictures import (
    COLOUR_NOTE,
    TRANSPARENCY_NOTE,
    deep_samples,
    grey_of,
    read_in_native_order,
)
from covid_core.read.geometry import Turn
from covid_core.read.grey_levels import Film, Stored
from covid_core.read.limits import BoundedFile, too_intricate
from covid_core.read.radiograph import (
    check_bounds,
    flat_below,
    grey_from_counts,
    is_coloured,
    range_of,
)
from covid_core.read.sandbox import Decoded, decode_in_child
from covid_core.read.tiff_numbers import tiff_samples
from covid_core.read.units import Units, ValueRange

FORMATS = ("PNG", "JPEG", "TIFF", "WEBP")
_DECODED_HERE = (b"\x89PNG", b"\xff\xd8")  # a child would take as long as they do
_JPEG_SCAN = b"\xff\xda"
_MAX_SCANS = 1_000_000_000  # times pixels: each scan of a progressive JPEG goes over all of them
_EXIF_ORIENTATION = 0x0112
_TIFF_MAGIC = (b"II*\0", b"MM\0*")
_TIFF_PHOTOMETRIC, _TIFF_BITS, _TIFF_FORMAT = 0x0106, 0x0102, 0x0153
_TURNS = {  # what brings a picture of each EXIF orientation upright
    2: Turn(mirrored=True),
    3: Turn(mirrored=True, flipped=True),
    4: Turn(flipped=True),
    5: Turn(transposed=True),
    6: Turn(transposed=True, mirrored=True),
    7: Turn(transposed=True, mirrored=True, flipped=True),
    8: Turn(transposed=True, flipped=True),
}
_SIGNED_NOTE = "numbers with a sign: scaled by the picture's own range"
_SAMPLE_PX = 128  # the side at which colour is looked for
_RANGE_MODES = ("I", "F")  # and I;16*: Pillow's own convert("L") clips these to white


class Grey(NamedTuple):
    """A decoded picture, what decoding had to do, and whether it was a colour picture."""

    film: Film
    source_format: str
    notes: tuple[str, ...]
    coloured: bool
    units: Units


def decode_raster(data: bytes) -> Grey:
    """Decode one still picture.

    16-bit and float pictures are scaled by their own range, transparency is put on black, palettes
    and CMYK are resolved, and the EXIF orientation is applied. TIFF and WebP, which few films come
    as, are decoded in a child process. Raises RefusedFile.
    """
    here = data.startswith(_DECODED_HERE)
    decoded = decode_numbers(data) if here else decode_in_child(decode_numbers, data)
    if decoded is None:
        raise _corrupt()
    numbers, described = decoded
    stored, notes = Stored.of(numbers), tuple(described["notes"])
    if described["own_range"] or stored.values.size == 1:  # refuses one value everywhere as blank
        greys = grey_from_counts(stored.values)
        values = range_of(stored.values)
    else:
        greys = stored.values.astype(np.float32) / np.float32(255)
        values = ValueRange(0, 255, whole=True)
    film = stored.film(np.float32(1) - greys if described["inverted"] else greys)
    if described["format"] == "JPEG":
        notes += flat_below(film)
    # A resolution in dots per inch is a printer's: the pixels' size in the patient is not known.
    units = Units(values.inverted() if described["inverted"] else values)
    return Grey(film, described["format"], notes, COLOUR_NOTE in notes, units)


def decode_numbers(data: bytes) -> Decoded:
    """A picture's numbers, (height, width) of one real type, upright, and what they are.

    That is: their `format`, whether they have a range of their own (`own_range`) and are
    `inverted`, and `notes` of what was done. Raises RefusedFile.
    """
    try:
        with Image.open(BoundedFile(data), formats=FORMATS) as image:
            _check_bounds(image, data)
            return _numbers(image, data)
    except RefusedFile:
        raise
    except Image.DecompressionBombError as error:
        raise RefusedFile(
            "too_large", "its header promises a huge picture", "Export it at a lower resolution"
        ) from error
    except UnidentifiedImageError as error:
        if not data.startswith(_TIFF_MAGIC):
            raise _corrupt() from error
    except Exception as error:  # Pillow's plugins raise any of Python's own on damaged files
        raise _corrupt() from error
    try:
        samples, photometric, orientation = tiff_samples(data)
    except RefusedFile:
        raise
    except Exception as error:  # of a damaged directory or strip
        raise _corrupt() from error
    notes: list[str] = []
    numbers = _TURNS.get(orientation, Turn()).apply(grey_of(samples, notes))
    return numbers, _describe(
        "TIFF", notes, own_range=True, inverted=photometric == 0, turned=orientation in _TURNS
    )


def _numbers(image: Image.Image, data: bytes) -> Decoded:
    # Pillow turns a TIFF when it loads it, and forgets that it did; a PNG it loads for its EXIF.
    is_tiff = image.format == "TIFF"
    turned_by_pillow = image.tag_v2.get(_EXIF_ORIENTATION, 1) if is_tiff else 1  # type: ignore[attr-defined]
    notes: list[str] = []
    samples = deep_samples(image, data)
    orientation = turned_by_pillow if is_tiff else image.getexif().get(_EXIF_ORIENTATION, 1)
    if samples is not None:
        turn = Turn() if is_tiff else _TURNS.get(orientation, Turn())
        numbers, own_range, inverted = turn.apply(grey_of(samples, notes)), True, False
    else:
        read_in_native_order(image)
        image.load()
        ImageOps.exif_transpose(image, in_place=True)  # else it copies what is upright already
        signed_bytes = _has_signed_bytes(image)
        own_range = signed_bytes or _has_range(image)
        inverted = _has_range(image) and _is_inverted(image)
        numbers = np.asarray(image if own_range else _eight_bits(image, notes))
        if _is_unsigned(image):
            numbers = numbers.view(np.uint32)
        if signed_bytes:
            numbers = numbers.view(np.int8)
            notes.append(_SIGNED_NOTE)
    return numbers, _describe(
        image.format or "picture",
        notes,
        own_range=own_range,
        inverted=inverted,
        turned=orientation in _TURNS,
    )


def _describe(
    kind: str, notes: list[str], *, own_range: bool, inverted: bool, turned: bool
) -> dict[str, Any]:
    """What `decode_numbers` says of a picture beside its numbers."""
    said = (
        (turned, "turned upright by its EXIF orientation"),
        (
            own_range and _SIGNED_NOTE not in notes,
            "more than 8 bits a pixel: scaled by the picture's own range",
        ),
        (inverted, "stored inverted (WhiteIsZero): turned back"),
    )
    notes = [*notes, *(note for is_so, note in said if is_so)]
    return {"own_range": own_range, "inverted": inverted, "notes": notes, "format": kind}


def _check_bounds(image: Image.Image, data: bytes) -> None:
    # Not n_frames: counting a TIFF's pages takes Pillow time by their square.
    frames = 1 + bool(getattr(image, "is_animated", False))
    grey = image.mode in ("1", "L") or image.mode.startswith("I;16")
    check_bounds(*image.size, frames, rich=not grey)
    if image.format == "JPEG" and data.count(_JPEG_SCAN) * image.width * image.height > _MAX_SCANS:
        raise too_intricate()


def _corrupt() -> RefusedFile:
    return RefusedFile(
        "corrupt", "it is cut short or damaged, and can't be decoded", "Copy or export it again"
    )


def _has_range(image: Image.Image) -> bool:
    return image.mode in _RANGE_MODES or image.mode.startswith("I;16")


def _is_unsigned(image: Image.Image) -> bool:
    """Whether a TIFF's 32-bit numbers, which Pillow takes as signed, have no sign."""
    tags = getattr(image, "tag_v2", {})
    return image.mode == "I" and tags.get(_TIFF_BITS) == (32,) and 1 in tags.get(_TIFF_FORMAT, (1,))


def _has_signed_bytes(image: Image.Image) -> bool:
    """Whether a TIFF's bytes, which Pillow takes as without a sign, have one."""
    tags = getattr(image, "tag_v2", {})
    return image.mode == "L" and tags.get(_TIFF_FORMAT) == (2,)


def _is_inverted(image: Image.Image) -> bool:
    """Whether 0 is white in a TIFF of more than 8 bits; up to 8, Pillow turns them itself."""
    return getattr(image, "tag_v2", {}).get(_TIFF_PHOTOMETRIC) == 0


def _eight_bits(image: Image.Image, notes: list[str]) -> Image.Image:
    """A picture in Pillow's mode L, 8 bits of grey, with notes of what that took."""
    if image.mode in ("P", "PA", "LA", "La", "RGBA", "RGBa") or "transparency" in image.info:
        layer = image.convert("RGBA")
        if np.asarray(layer.getchannel("A")).min() < 255:
            notes.append(TRANSPARENCY_NOTE)
        image = Image.alpha_composite(Image.new("RGBA", layer.size, (0, 0, 0, 255)), layer)
    if image.mode not in ("L", "1"):
        image = image if image.mode == "RGB" else image.convert("RGB")
        if _is_coloured(image):
            notes.append(COLOUR_NOTE)
    return image if image.mode == "L" else image.convert("L")


def _is_coloured(image: Image.Image) -> bool:
    size = (_SAMPLE_PX, _SAMPLE_PX)
    return is_coloured(np.asarray(image.resize(size, Image.Resampling.BOX)))
