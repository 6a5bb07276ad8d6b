"""Sheets that films and text are put on, drawn large and then made smaller.

Films are uint8 (h, w), boxes fractions of the sheet.
"""

from __future__ import annotations

from string import ascii_letters, digits

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from covid_core.training.gate.texture import SIDE_PX

Box = tuple[float, float, float, float]  # left, top, right, bottom
DRAWN_PX = 2 * SIDE_PX  # of what holds text, before it is made smaller
_CHARACTERS = [*ascii_letters, *digits, " ", " "]


def choose(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A film of several, often with another contrast."""
    film = films[int(drawing.integers(len(films)))]
    return vary_contrast(film, drawing) if drawing.random() < 0.5 else film


def vary_contrast(film: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A film with another contrast, uint8."""
    return (255 * (film / 255) ** np.exp(drawing.uniform(-0.4, 0.4))).astype(np.uint8)


def place(picture: Image.Image, film: np.ndarray, box: Box) -> None:
    """Place a film into a box of a picture."""
    left, top, right, bottom = pixels_of(box)
    size = (max(1, right - left), max(1, bottom - top))
    picture.paste(Image.fromarray(film).resize(size, Image.Resampling.BILINEAR), (left, top))


def pixels_of(box: Box) -> tuple[int, int, int, int]:
    """A box in pixels of the sheet."""
    left, top, right, bottom = (round(float(edge) * DRAWN_PX) for edge in box)
    return left, top, right, bottom


def fit_to(film: np.ndarray, height: int, width: int) -> np.ndarray:
    """A film in another size."""
    return np.asarray(Image.fromarray(film).resize((width, height), Image.Resampling.BILINEAR))


def shrink(picture: Image.Image) -> np.ndarray:
    """A drawn sheet as uint8 (SIDE_PX, SIDE_PX)."""
    return np.asarray(picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX))


def write(
    pen: ImageDraw.ImageDraw,
    drawing: np.random.Generator,
    box: Box,
    ink: tuple[int, int],
    size: tuple[int, int],
) -> None:
    """Write lines of text into a box."""
    points = int(drawing.integers(*size))
    font, fill = ImageFont.load_default(points), int(drawing.integers(*ink))
    left, top, right, bottom = pixels_of(box)
    spacing = points * drawing.uniform(1.2, 2.5)
    for y in np.arange(top + 2, max(bottom - points, top + 3), spacing):
        most = max(2, int((right - left) / points * 1.6))
        length = int(drawing.integers(max(1, most // 4), most + 1))
        pen.text((left + 4, y), "".join(drawing.choice(_CHARACTERS, length)), fill=fill, font=font)


def write_in_corners(
    picture: Image.Image, drawing: np.random.Generator, ink: int, view: Box = (0, 0, 1, 1)
) -> None:
    """Write a few short lines into some corners, as viewers and exports do."""
    pen, width, height = ImageDraw.Draw(picture), picture.width, picture.height
    points = max(5, int(drawing.uniform(0.02, 0.04) * height))
    font = ImageFont.load_default(points)
    for right in (False, True):
        for low in (False, True):
            if drawing.random() < 0.5:
                continue
            for i in range(int(drawing.integers(1, 5))):
                text = "".join(drawing.choice(_CHARACTERS, int(drawing.integers(3, 14))))
                long = pen.textlength(text, font) / width
                x = view[2] - long - 0.01 if right else view[0] + 0.01
                line = (1 + i) * 1.2 * points / height
                y = view[3] - line if low else view[1] + line - points / height
                pen.text((x * width, y * height), text, fill=ink, font=font)
