"""Pictures that are no frontal chest film, drawn from nothing or made of films cut up.

Everything here is a pure function of a generator and gives uint8 (SIDE_PX, SIDE_PX). The kinds that
do not train are there to measure with: a gate that only knows what it was shown is worth little.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from string import ascii_letters

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter, rotate

from covid_core.model.gate_findings import Code
from covid_core.training.gate.other_views import ct_slice, hand, lateral, limb, pelvis, skull
from covid_core.training.gate.sheets import fit_to
from covid_core.training.gate.texture import SIDE_PX, clouds, exposed, uneven_light, worn

Draw = Callable[[np.random.Generator], np.ndarray]
Cut = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of picture: what the gate should call it, and whether it may train."""

    code: Code
    draw: Draw
    trains: bool = True


def text_page(drawing: np.random.Generator) -> np.ndarray:
    """A page: paragraphs, a heading, now and then a figure, dark on light or light on dark."""
    page = Image.new("L", (SIDE_PX, SIDE_PX), int(drawing.integers(200, 256)))
    draw = ImageDraw.Draw(page)
    size = float(drawing.uniform(6, 22))
    font = ImageFont.load_default(size)
    margin, y = drawing.uniform(0, 0.2) * SIDE_PX, drawing.uniform(0, 0.2) * SIDE_PX
    ink = int(drawing.integers(0, 90))
    while y < SIDE_PX * drawing.uniform(0.85, 1.1):
        if drawing.random() < 0.05:
            height = drawing.uniform(20, 60)
            grey = int(drawing.integers(0, 220))
            draw.rectangle((margin, y, SIDE_PX - margin, y + height), fill=grey)
            y += height + size
        words = [drawing.choice([*ascii_letters], drawing.integers(1, 10)) for _ in range(8)]
        line = " ".join(map("".join, words))[: int(drawing.integers(4, 60))]
        if drawing.random() < 0.9:
            draw.text((margin, y), line, fill=ink, font=font)
        y += size * drawing.uniform(1.1, 1.4)
    levels = np.asarray(page, float)
    return worn(255 - levels if drawing.random() < 0.3 else levels, drawing)


def shapes(drawing: np.random.Generator) -> np.ndarray:
    """A few plain shapes on a plain or shaded ground: drawings, logos, icons."""
    canvas = Image.new("L", (SIDE_PX, SIDE_PX), int(drawing.integers(0, 256)))
    draw = ImageDraw.Draw(canvas)
    for _ in range(drawing.integers(1, 12)):
        _shape(draw, drawing, drawing.uniform(0.05, 0.8) * SIDE_PX, int(drawing.integers(0, 256)))
    return worn(np.asarray(canvas, float) + uneven_light(drawing, 40), drawing)


def scene(drawing: np.random.Generator) -> np.ndarray:
    """Dead leaves (Lee, Mumford and Huang 2001), often under a sky.

    Textured shapes of r^-3 sizes that hide each other have the statistics of photographs.
    """
    picture = clouds(drawing, drawing.uniform(0.5, 1.5)) * 60 + drawing.uniform(40, 200)
    for _ in range(int(drawing.integers(20, 160))):
        mask = Image.new("1", (SIDE_PX, SIDE_PX))
        radius = min(0.5, 0.03 * drawing.random() ** -0.5) * 2 * SIDE_PX
        _shape(ImageDraw.Draw(mask), drawing, radius, 1)
        texture = drawing.uniform(0, 50) * clouds(drawing, drawing.uniform(0.2, 1.5))
        picture = np.where(np.asarray(mask), drawing.uniform(0, 255) + texture, picture)
    if drawing.random() < 0.4:
        top = int(drawing.uniform(0.1, 0.6) * SIDE_PX)
        sky = drawing.uniform(120, 250) + np.linspace(0, drawing.uniform(-40, 40), top)[:, None]
        picture[:top] = sky + drawing.uniform(0, 25) * clouds(drawing, 1.5)[:top]
    return worn(picture + uneven_light(drawing, 50), drawing)


def texture(drawing: np.random.Generator) -> np.ndarray:
    """Noise of a 1/f^a spectrum, from white to nearly smooth, sometimes drawn out one way."""
    field = clouds(drawing, drawing.uniform(0, 2.2))
    if drawing.random() < 0.4:
        field = gaussian_filter(field, (drawing.uniform(0, 8), drawing.uniform(0, 8)))
    return worn(exposed(field, drawing) + uneven_light(drawing, 60), drawing)


def gradient(drawing: np.random.Generator) -> np.ndarray:
    """Smooth light: a ramp or a few soft spots, as of an uncovered lens or an empty detector."""
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX] / SIDE_PX
    field = uneven_light(drawing, 100)
    for _ in range(drawing.integers(0, 4)):
        cx, cy, width = drawing.uniform(0, 1), drawing.uniform(0, 1), drawing.uniform(0.1, 0.5)
        spot = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / width**2)
        field += drawing.uniform(-150, 150) * spot
    return worn(exposed(field, drawing), drawing)


def chart(drawing: np.random.Generator) -> np.ndarray:
    """Axes with curves or bars."""
    page = Image.new("L", (SIDE_PX, SIDE_PX), 250)
    draw = ImageDraw.Draw(page)
    left, bottom = 0.12 * SIDE_PX, 0.88 * SIDE_PX
    draw.line((left, 10, left, bottom, SIDE_PX - 8, bottom), fill=0, width=2)
    xs = np.linspace(left + 4, SIDE_PX - 12, 30)
    for _ in range(drawing.integers(1, 5)):
        ys = bottom - np.abs(np.cumsum(drawing.normal(0, 12, 30)) + drawing.uniform(10, 120))
        ink = int(drawing.integers(0, 170))
        if drawing.random() < 0.5:
            draw.line([*zip(xs, ys, strict=True)], fill=ink, width=2)
        else:
            for bar, top in zip(xs[::2], ys[::2], strict=True):
                draw.rectangle((bar, min(top, bottom), bar + 6, bottom), fill=ink)
    return worn(np.asarray(page, float), drawing)


def screen(drawing: np.random.Generator) -> np.ndarray:
    """A desktop: windows with title bars, lines of text and buttons."""
    desk = Image.new("L", (SIDE_PX, SIDE_PX), int(drawing.integers(20, 180)))
    draw = ImageDraw.Draw(desk)
    font = ImageFont.load_default(9.0)
    for _ in range(drawing.integers(1, 5)):
        x, y = drawing.uniform(-0.1, 0.5, 2) * SIDE_PX
        right, low = np.array((x, y)) + drawing.uniform(0.3, 0.8, 2) * SIDE_PX
        face = int(drawing.integers(180, 256))
        draw.rectangle((x, y, right, low), fill=face, outline=60)
        draw.rectangle((x, y, right, y + 12), fill=int(drawing.integers(30, 140)))
        for row in np.arange(y + 18, low - 8, 12):
            text = "".join(drawing.choice([*ascii_letters, " "], int((right - x) / 8)))
            draw.text((x + 5, row), text, fill=20, font=font)
    return worn(np.asarray(desk, float), drawing)


def lattice(drawing: np.random.Generator) -> np.ndarray:
    """A pattern that repeats: bricks, cloth, a test card."""
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX] / SIDE_PX
    angle, turns = drawing.uniform(0, np.pi), drawing.uniform(3, 25)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    waves = np.sin(2 * np.pi * turns * u) + np.sin(2 * np.pi * turns * v * drawing.uniform(0, 2))
    hard = np.sign(waves) if drawing.random() < 0.5 else waves
    return worn(exposed(hard, drawing) + uneven_light(drawing, 60), drawing)


def shuffled(film: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A film, uint8 (h, w), cut into squares that are placed anew: a film's grain, no chest."""
    cells = int(drawing.integers(3, 9))
    side = SIDE_PX // cells
    whole = fit_to(film, cells * side, cells * side).reshape(cells, side, cells, side)
    pieces = whole.swapaxes(1, 2).reshape(-1, side, side)[drawing.permutation(cells**2)]
    mosaic = pieces.reshape(cells, cells, side, side).swapaxes(1, 2).reshape(cells * side, -1)
    return fit_to(mosaic, SIDE_PX, SIDE_PX)


def contact_sheet(film: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A film small on a page, or several on one sheet: a document, and not one film."""
    sheet = text_page(drawing) if drawing.random() < 0.5 else gradient(drawing)
    sheet = sheet.copy()
    across = int(drawing.integers(2, 5))
    side = SIDE_PX // across
    shown = [(i, j) for i in range(across) for j in range(across) if drawing.random() < 0.7]
    small = fit_to(film, side - 4, side - 4)
    for i, j in shown[:1] if drawing.random() < 0.4 else shown:
        sheet[i * side + 2 : (i + 1) * side - 2, j * side + 2 : (j + 1) * side - 2] = small
    return sheet


def swirled(film: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A film turned by more the nearer its middle: a film's greys, no anatomy."""
    whole = fit_to(film, SIDE_PX, SIDE_PX)
    rings = np.hypot(*(np.mgrid[:SIDE_PX, :SIDE_PX] - SIDE_PX / 2)) // (SIDE_PX / 10)
    turned = whole.copy()
    for ring in range(6):
        angle = float(drawing.uniform(60, 300))
        turned[rings == ring] = rotate(whole, angle, reshape=False, order=1)[rings == ring]
    return turned


def _shape(draw: ImageDraw.ImageDraw, drawing: np.random.Generator, size: float, ink: int) -> None:
    x, y = drawing.uniform(-0.1, 1.1, 2) * SIDE_PX
    width, height = size * drawing.uniform(0.3, 1, 2)
    box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    kind = drawing.integers(0, 4)
    if kind == 0:
        draw.ellipse(box, fill=ink)
    elif kind == 1:
        draw.rectangle(box, fill=ink)
    elif kind == 2:
        corners = drawing.uniform(-0.5, 0.5, (int(drawing.integers(3, 7)), 2)) * size + (x, y)
        draw.polygon([tuple(corner) for corner in corners], fill=ink)
    else:
        end = drawing.uniform(0, SIDE_PX, 2)
        draw.line((x, y, *end), fill=ink, width=int(drawing.integers(1, 10)))


KINDS: dict[str, Kind] = {
    "text page": Kind(Code.NOT_A_RADIOGRAPH, text_page),
    "shapes": Kind(Code.NOT_A_RADIOGRAPH, shapes),
    "scene of dead leaves": Kind(Code.NOT_A_RADIOGRAPH, scene),
    "1/f texture": Kind(Code.NOT_A_RADIOGRAPH, texture),
    "gradient": Kind(Code.NOT_A_RADIOGRAPH, gradient),
    "chart": Kind(Code.NOT_A_RADIOGRAPH, chart, trains=False),
    "screen": Kind(Code.NOT_A_RADIOGRAPH, screen, trains=False),
    "lattice": Kind(Code.NOT_A_RADIOGRAPH, lattice, trains=False),
    "limb phantom": Kind(Code.NOT_A_CHEST, limb),
    "skull phantom": Kind(Code.NOT_A_CHEST, skull),
    "hand phantom": Kind(Code.NOT_A_CHEST, hand, trains=False),
    "pelvis phantom": Kind(Code.NOT_A_CHEST, pelvis, trains=False),
    "lateral phantom": Kind(Code.LATERAL_OR_CT, lateral),
    "CT slice phantom": Kind(Code.LATERAL_OR_CT, ct_slice),
}
CUTS: dict[str, tuple[Code, Cut, bool]] = {
    "film in shuffled pieces": (Code.NOT_A_RADIOGRAPH, shuffled, True),
    "films on a sheet": (Code.NOT_A_RADIOGRAPH, contact_sheet, True),
    "film turned in rings": (Code.NOT_A_RADIOGRAPH, swirled, False),
}
