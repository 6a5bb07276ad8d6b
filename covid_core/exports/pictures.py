"""A film under its heat, as a picture that still says what it is when it travels alone."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from covid_core.present.overlay import blend, outline_layer, png
from covid_core.present.result import Result
from covid_core.present.sentences import DISCLAIMER

WARNING = f"{DISCLAIMER} Model attention, not a lesion outline."
_OPACITY = 0.5
_LEAST_WIDTH_PX = 512  # narrower, the words beneath could not be read
_LETTERS_A_LINE = 70  # of the words beneath, about
_INK, _PAPER = 255, 0


def overlay_png(result: Result) -> bytes:
    """The film under its heat as a PNG file, captioned; nothing else is in the file."""
    return png(captioned_overlay(result))


def captioned_overlay(result: Result) -> np.ndarray:
    """The overlay above a strip that says what it shows and what it is not: uint8 (H, W, 3).

    The strip is added below: words burned over the film could hide something.
    """
    picture = overlay(result)
    strip = _strip((result.caption, WARNING), picture.shape[1])
    return np.concatenate([picture, strip])


def overlay(result: Result) -> np.ndarray:
    """The film with heat, where its class reaches its threshold, and the lungs' outline: uint8 (H,
    W, 3), of the film's size or, where that is small, enlarged.
    """
    film = _enlarged(result.film)
    heat = result.saliency.heat(*film.shape)
    mixed = blend(film, heat, _OPACITY if result.heat_drawn else 0)
    outline = outline_layer(result.lungs, *film.shape)
    line = outline[..., 3] > 0
    mixed[line] = outline[line][:, :3]
    return mixed


def _enlarged(film: np.ndarray) -> np.ndarray:
    factor = -(-_LEAST_WIDTH_PX // film.shape[1])
    if factor == 1:
        return film
    size = (film.shape[1] * factor, film.shape[0] * factor)
    return np.asarray(Image.fromarray(film).resize(size, Image.Resampling.BICUBIC))


def _strip(sentences: tuple[str, ...], width: int) -> np.ndarray:
    """Sentences in white on black, each from a new line: uint8 (height, width, 3)."""
    size = round(width / _LETTERS_A_LINE * 1.8)
    font = ImageFont.load_default(size)
    margin = size // 2
    lines = [line for text in sentences for line in _lines(text, font, width - 2 * margin)]
    height = round(1.35 * size)
    strip = Image.new("L", (width, height * len(lines) + 2 * margin), _PAPER)
    draw = ImageDraw.Draw(strip)
    for number, line in enumerate(lines):
        draw.text((margin, margin + number * height), line, _INK, font)
    return np.repeat(np.asarray(strip)[..., np.newaxis], 3, axis=2)


def _lines(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """A text broken between words so that each line fits a width in pixels."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
