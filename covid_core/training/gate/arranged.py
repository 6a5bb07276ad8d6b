"""Films on a plain ground: one in a border, or several in one picture."""

from __future__ import annotations

import numpy as np
from PIL import Image

from covid_core.training.gate.other_views import lateral
from covid_core.training.gate.sheets import (
    DRAWN_PX,
    choose,
    fit_to,
    place,
    shrink,
    vary_contrast,
    write_in_corners,
)
from covid_core.training.gate.texture import SIDE_PX, worn


def bordered(film: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """One film in a plain border, uint8 (h, w): a picture to judge.

    It is often slightly askew, as a collimator leaves it, or has text in its corners.
    """
    height, width = film.shape
    colour = int(drawing.choice([0, 0, 0, 255, 255, int(drawing.integers(1, 250))]))
    picture = Image.fromarray(film)
    if colour in (0, 255) and drawing.random() < 0.45:
        picture = picture.rotate(
            float(drawing.uniform(-5, 5)), Image.Resampling.BILINEAR, expand=True, fillcolor=colour
        )
    sides = [(1, 1, 1, 1), (1, 1, 1, 1), (1, 0, 1, 0), (0, 1, 0, 1), drawing.integers(0, 2, 4)]
    chosen = np.array(sides[int(drawing.integers(len(sides)))]) * drawing.uniform(0, 0.27, 4)
    if drawing.random() < 0.6:
        chosen = np.where(chosen > 0, chosen.max(), 0)
    left, top, right, bottom = (chosen * (width, height, width, height)).astype(int).tolist()
    size = (picture.width + left + right, picture.height + top + bottom)
    canvas = Image.new("L", size, colour)
    canvas.paste(picture, (left, top))
    if drawing.random() < 0.25:
        write_in_corners(canvas, drawing, 255 if colour < 128 else 0)
    framed = np.asarray(canvas.resize((width, height), Image.Resampling.BILINEAR))
    if drawing.random() < 0.6:
        return framed
    # Scatter and the detector leave some noise under a collimator: noise alone makes no photo.
    noisy = framed + drawing.normal(0, drawing.uniform(0, 2), framed.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def side_by_side(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """Two films beside each other: two patients, two dates, two views, a film and its copy."""
    return _in_line(films, drawing, 2)


def stacked(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """Two films above each other."""
    return _in_line(films.swapaxes(1, 2), drawing, 2).T.copy()


def in_a_row(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """Three films beside each other."""
    return _in_line(films, drawing, 3)


def in_a_square(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """Two rows of two films."""
    return _in_two_rows(films, drawing, 2)


def six_in_two_rows(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """Two rows of three films."""
    return _in_two_rows(films, drawing, 3)


def _in_two_rows(films: np.ndarray, drawing: np.random.Generator, count: int) -> np.ndarray:
    """Two rows of `count` films each, squashed to a square."""
    joined = np.concatenate([_in_line(films, drawing, count) for _ in range(2)])
    return np.asarray(Image.fromarray(joined).resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX))


def _in_line(films: np.ndarray, drawing: np.random.Generator, count: int) -> np.ndarray:
    """Films beside each other, of like or unlike size, with or without a gap and a margin."""
    colour = int(drawing.choice([0, 0, 0, 255, 255, int(drawing.integers(0, 256))]))
    sheet = Image.new("L", (DRAWN_PX, DRAWN_PX), colour)
    gap = drawing.uniform(0, 0.06) if drawing.random() < 0.75 else 0
    margin = drawing.uniform(0, 0.18, 2) if drawing.random() < 0.5 else np.zeros(2)
    even = drawing.random() < 0.5
    widths = np.ones(count) if even else drawing.uniform(0.6, 1.4, count)
    widths *= (1 - 2 * margin[0] - gap * (count - 1)) / widths.sum()
    x, low = margin[0], margin[1]
    chosen = [choose(films, drawing) for _ in range(count)]
    chosen[-1] = _partner(chosen[0], chosen[-1], drawing)
    for film, width in zip(chosen, widths, strict=True):
        high = 1 - 2 * low
        if not even and drawing.random() < 0.5:
            high *= drawing.uniform(0.6, 1)
        top = low + (1 - 2 * low - high) * drawing.choice([0, 0.5, 1])
        place(sheet, film, (x, top, x + width, top + high))
        x += width + gap
    if drawing.random() < 0.25:
        write_in_corners(sheet, drawing, 255 if colour < 128 else 0)
    return worn(shrink(sheet).astype(float), drawing)


def _partner(first: np.ndarray, other: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """What stands beside a film: another, a lateral view, or the same film once more."""
    kind = drawing.random()
    if kind < 0.04:
        return fit_to(lateral(drawing), *other.shape)
    if kind > 0.3:
        return other
    if kind < 0.2:
        return 255 - first
    return vary_contrast(first[:, ::-1] if drawing.random() < 0.3 else first, drawing)
