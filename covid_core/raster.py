"""PNG, JPEG, TIFF and WebP to grey, by Pillow, with the traps of each mode closed."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from covid_core.errors import RefusedFile
from covid_core.levels import Film, Stored
from covid_core.radiograph import check_bounds, grey_from_counts, is_coloured

FORMATS = ("PNG", "JPEG", "TIFF", "WEBP")
_EXIF_ORIENTATION = 0x0112
_TIFF_PHOTOMETRIC = 0x0106
_SAMPLE_PX = 128  # the side at which colour is looked for
_COLOUR_NOTE = "a colour picture: turned to grey"
_RANGE_MODES = ("I", "F")  # and I;16*: Pillow's own convert("L") clips these to white


class Grey(NamedTuple):
    """A decoded picture, what decoding had to do, and whether it was a colour picture."""

    film: Film
    source_format: str
    notes: tuple[str, ...]
    coloured: bool


def decode_raster(data: bytes) -> Grey:
    """Decode one still picture.

    16-bit and float pictures are scaled by their own range, transparency is laid on black, palettes
    and CMYK are resolved, and the EXIF orientation is applied. Raises RefusedFile.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            # Not n_frames: counting a TIFF's pages takes Pillow time by their square.
            check_bounds(*image.size, frames=1 + bool(getattr(image, "is_animated", False)))
            image.load()
            notes: list[str] = []
            upright: Image.Image = image
            if image.getexif().get(_EXIF_ORIENTATION, 1) != 1:
                upright = ImageOps.exif_transpose(image)
                notes.append("turned upright by its EXIF orientation")
            if _has_range(upright):
                film = _by_own_range(upright, notes, inverted=_is_inverted(image))
            else:
                film = _eight_bits(upright, notes)
            return Grey(film, image.format or "picture", tuple(notes), _COLOUR_NOTE in notes)
    except RefusedFile:
        raise
    except Image.DecompressionBombError as error:
        raise RefusedFile(
            "too_large", "its header promises a huge picture", "Export it at a lower resolution"
        ) from error
    # Pillow's plugins raise all of these on damaged files; nothing else may pass as an answer.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError) as error:
        raise _corrupt() from error
    except (MemoryError, OverflowError, ArithmeticError, RuntimeError) as error:
        raise _corrupt() from error


def _corrupt() -> RefusedFile:
    return RefusedFile(
        "corrupt", "it is cut short or damaged, and can't be decoded", "Copy or export it again"
    )


def _has_range(image: Image.Image) -> bool:
    return image.mode in _RANGE_MODES or image.mode.startswith("I;16")


def _is_inverted(image: Image.Image) -> bool:
    """Whether 0 is white in a TIFF of more than 8 bits; up to 8, Pillow turns them itself."""
    return getattr(image, "tag_v2", {}).get(_TIFF_PHOTOMETRIC) == 0


def _by_own_range(image: Image.Image, notes: list[str], *, inverted: bool) -> Film:
    notes.append("more than 8 bits a pixel: scaled by the picture's own range")
    stored = Stored.of(np.asarray(image))
    greys = grey_from_counts(stored.values)
    if inverted:
        greys = np.float32(1) - greys
        notes.append("stored inverted (WhiteIsZero): turned back")
    return stored.film(greys)


def _eight_bits(image: Image.Image, notes: list[str]) -> Film:
    if image.mode in ("P", "PA", "LA", "La", "RGBA", "RGBa") or "transparency" in image.info:
        layer = image.convert("RGBA")
        if np.asarray(layer.getchannel("A")).min() < 255:
            notes.append("transparency laid on black")
        image = Image.alpha_composite(Image.new("RGBA", layer.size, (0, 0, 0, 255)), layer)
    if image.mode not in ("L", "1"):
        image = image if image.mode == "RGB" else image.convert("RGB")
        if _is_coloured(image):
            notes.append(_COLOUR_NOTE)
    stored = Stored.of(np.asarray(image if image.mode == "L" else image.convert("L")))
    if stored.values.size == 1:
        grey_from_counts(stored.values)  # refuses it as blank
    return stored.film(stored.values.astype(np.float32) / np.float32(255))


def _is_coloured(image: Image.Image) -> bool:
    size = (_SAMPLE_PX, _SAMPLE_PX)
    return is_coloured(np.asarray(image.resize(size, Image.Resampling.BOX)))
