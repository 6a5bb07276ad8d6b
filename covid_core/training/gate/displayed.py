"""Films as people pass them on: several in one picture, in a viewer's window, photographed.

Each shows a frontal film, and yet is no picture to judge: which of the films is meant, and which of
the greys are the film's, nobody can say. Everything here is a pure function of some films, uint8
(N, h, w), and a generator, and gives uint8 (SIDE_PX, SIDE_PX). The kinds that do not train are
there to measure with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from string import ascii_letters, digits

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from covid_core.predict.gate import Code
from covid_core.training.gate.negatives import gradient, lattice, text_page, texture
from covid_core.training.gate.other_views import lateral
from covid_core.training.gate.texture import SIDE_PX, clouds, worn

Display = Callable[[np.ndarray, np.random.Generator], np.ndarray]
Box = tuple[float, float, float, float]  # left, top, right, bottom, fractions of the picture
_DRAWN_PX = 2 * SIDE_PX  # of what holds text, before it is made smaller
_CHARACTERS = [*ascii_letters, *digits, " ", " "]


@dataclass(frozen=True, slots=True)
class Displayed:
    """A way to show films: what the gate should call it, and whether it may train."""

    code: Code
    draw: Display
    trains: bool = True


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
    rows = [_in_line(films, drawing, 2) for _ in range(2)]
    joined = np.concatenate(rows).astype(np.uint8)
    return np.asarray(Image.fromarray(joined).resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX))


def dark_viewer(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A workstation's viewer, dark, with its menus and lists."""
    return _viewer(films, drawing, desk=(5, 70), ink=(110, 255))


def light_viewer(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A program's window with light menus around the film."""
    return _viewer(films, drawing, desk=(170, 255), ink=(0, 110))


def web_page(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A browser: an address bar, a heading, text beside or below the film."""
    page = Image.new("L", (_DRAWN_PX, _DRAWN_PX), int(drawing.integers(225, 256)))
    pen = ImageDraw.Draw(page)
    left, top = drawing.uniform(0.05, 0.4), drawing.uniform(0.2, 0.35)
    right, bottom = left + drawing.uniform(0.35, 0.55), drawing.uniform(0.7, 0.95)
    _write(pen, drawing, (0.04, 0.16, 0.96, top), ink=(0, 90), size=(12, 26))
    _write(pen, drawing, (0.04, bottom + 0.02, 0.96, 1), ink=(0, 90), size=(6, 12))
    if left > 0.2:
        _write(pen, drawing, (0.03, top, left - 0.02, bottom), ink=(0, 90), size=(6, 12))
    pen.rectangle(_pixels((0, 0, 1, 0.06)), fill=int(drawing.integers(150, 235)))
    pen.rectangle(_pixels((0, 0.06, 1, 0.13)), fill=int(drawing.integers(200, 256)))
    pen.rounded_rectangle(_pixels((0.15, 0.075, 0.8, 0.115)), 6, fill=240, outline=150)
    _write(pen, drawing, (0.17, 0.08, 0.6, 0.115), ink=(40, 110), size=(8, 10))
    _place(page, _choose(films, drawing), (left, top, min(right, 0.98), bottom))
    return _shrink(page)


def photo_on_light_box(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A photo of a film on a light box, the dark room around it."""
    ground = drawing.uniform(0, 90) + drawing.uniform(2, 25) * clouds(drawing, 1.2)
    box = np.full((SIDE_PX, SIDE_PX), drawing.uniform(190, 255))
    lit, inside = _place_askew(box, drawing, (0.75, 1.15), aspect=(0.7, 1.6))
    ground = np.where(inside, lit + _lighting(drawing, 25), ground)
    return _photograph(ground, _choose(films, drawing), drawing)


def photo_on_desk(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A photo of a film that lies on something, is held to a window, or hangs on a wall."""
    grounds = (_plain_ground, texture, gradient, lattice, text_page)
    ground = grounds[int(drawing.integers(len(grounds)))](drawing).astype(float)
    ground = drawing.uniform(0.3, 1) * ground + drawing.uniform(0, 60)
    return _photograph(ground, _choose(films, drawing), drawing)


def photo_of_screen(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A photo of a monitor: its frame, a wall or a desk behind, the screen's pattern."""
    ground = drawing.uniform(20, 220) + drawing.uniform(2, 30) * clouds(drawing, 1.3)
    ground[int(drawing.uniform(0.75, 0.95) * SIDE_PX) :] *= drawing.uniform(0.3, 0.9)
    monitor = np.full((SIDE_PX, SIDE_PX), drawing.uniform(0, 60))
    screen = drawing.uniform(0, 45) if drawing.random() < 0.7 else drawing.uniform(150, 230)
    edge = int(drawing.uniform(0.02, 0.07) * SIDE_PX)
    monitor[edge:-edge, edge:-edge] = screen
    seen, inside = _place_askew(monitor, drawing, (0.7, 0.98), aspect=(0.75, 1.3))
    ground = np.where(inside, seen, ground)
    return _photograph(ground, _choose(films, drawing), drawing, share=(0.4, 0.62))


def bordered(film: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """One film in a plain border, uint8 (h, w): a picture to judge.

    It is often slightly askew, as a collimator leaves it, or has text in its corners.
    """
    height, width = film.shape
    colour = int(drawing.choice([0, 0, 0, 255, int(drawing.integers(1, 250))]))
    picture = Image.fromarray(film)
    if colour in (0, 255) and drawing.random() < 0.45:
        picture = picture.rotate(
            float(drawing.uniform(-5, 5)), Image.Resampling.BILINEAR, expand=True, fillcolor=colour
        )
    sides = [(1, 1, 1, 1), (1, 0, 1, 0), (0, 1, 0, 1), drawing.integers(0, 2, 4)]
    chosen = np.array(sides[int(drawing.integers(len(sides)))]) * drawing.uniform(0, 0.27, 4)
    if drawing.random() < 0.6:
        chosen = np.where(chosen > 0, chosen.max(), 0)
    left, top, right, bottom = (chosen * (width, height, width, height)).astype(int).tolist()
    size = (picture.width + left + right, picture.height + top + bottom)
    canvas = Image.new("L", size, colour)
    canvas.paste(picture, (left, top))
    if drawing.random() < 0.25:
        _write_in_corners(canvas, drawing, 255 if colour < 128 else 0)
    return np.asarray(canvas.resize((width, height), Image.Resampling.BILINEAR))


def _in_line(films: np.ndarray, drawing: np.random.Generator, count: int) -> np.ndarray:
    """Films beside each other, of like or unlike size, with or without a gap and a margin."""
    colour = int(drawing.choice([0, 0, 0, 255, 255, int(drawing.integers(0, 256))]))
    sheet = Image.new("L", (_DRAWN_PX, _DRAWN_PX), colour)
    gap = drawing.uniform(0, 0.06) if drawing.random() < 0.75 else 0
    margin = drawing.uniform(0, 0.18, 2) if drawing.random() < 0.5 else np.zeros(2)
    even = drawing.random() < 0.5
    widths = np.ones(count) if even else drawing.uniform(0.6, 1.4, count)
    widths *= (1 - 2 * margin[0] - gap * (count - 1)) / widths.sum()
    x, low = margin[0], margin[1]
    chosen = [_choose(films, drawing) for _ in range(count)]
    chosen[-1] = _partner(chosen[0], chosen[-1], drawing)
    for film, width in zip(chosen, widths, strict=True):
        high = 1 - 2 * low
        if not even and drawing.random() < 0.5:
            high *= drawing.uniform(0.6, 1)
        top = low + (1 - 2 * low - high) * drawing.choice([0, 0.5, 1])
        _place(sheet, film, (x, top, x + width, top + high))
        x += width + gap
    if drawing.random() < 0.25:
        _write_in_corners(sheet, drawing, 255 if colour < 128 else 0)
    return worn(_shrink(sheet).astype(float), drawing)


def _partner(first: np.ndarray, other: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """What stands beside a film: another, a lateral view, or the same film once more."""
    kind = drawing.random()
    if kind < 0.04:
        return _fit(lateral(drawing), *other.shape)
    if kind > 0.3:
        return other
    if kind < 0.2:
        return 255 - first
    return _vary_contrast(first[:, ::-1] if drawing.random() < 0.3 else first, drawing)


def _viewer(
    films: np.ndarray, drawing: np.random.Generator, desk: tuple[int, int], ink: tuple[int, int]
) -> np.ndarray:
    """A program's window: bars and panels around a viewport with a film in it."""
    base = int(drawing.integers(*desk))
    window = Image.new("L", (_DRAWN_PX, _DRAWN_PX), base)
    pen = ImageDraw.Draw(window)

    def side(share: float, low: float, high: float) -> float:
        return drawing.uniform(low, high) if drawing.random() < share else 0.0

    left, right = side(0.75, 0.06, 0.3), side(0.35, 0.05, 0.25)
    top, bottom = side(0.85, 0.04, 0.16), side(0.4, 0.02, 0.1)
    if left + right + top + bottom < 0.12:
        left, top = drawing.uniform(0.1, 0.25), drawing.uniform(0.05, 0.12)

    def face() -> int:
        return int(np.clip(base + drawing.integers(-25, 40), 0, 255))

    view = (left, top, 1 - right, 1 - bottom)
    black = int(drawing.integers(0, 30)) if drawing.random() < 0.85 else base
    pen.rectangle(_pixels(view), fill=black)
    _place_fitting(window, _choose(films, drawing), view, drawing)
    if drawing.random() < 0.6:
        _write_in_corners(window, drawing, int(drawing.integers(120, 256)), view)
    for panel in ((0, top, left, 1 - bottom), (1 - right, top, 1, 1 - bottom)):
        if panel[2] > panel[0]:
            pen.rectangle(_pixels(panel), fill=face())
            if drawing.random() < 0.25:
                _place_thumbnails(window, films, panel, drawing)
            else:
                _write(pen, drawing, panel, ink=ink, size=(6, 13))
    for bar in ((0, 0, 1, top), (0, 1 - bottom, 1, 1)):
        if bar[3] > bar[1]:
            pen.rectangle(_pixels(bar), fill=face())
            _draw_buttons(pen, bar, drawing, ink)
    return _shrink(window)


def _draw_buttons(
    pen: ImageDraw.ImageDraw, bar: Box, drawing: np.random.Generator, ink: tuple[int, int]
) -> None:
    """Draw the buttons or words of a menu bar."""
    if drawing.random() < 0.3:
        return _write(pen, drawing, bar, ink=ink, size=(7, 13))
    grey, outlined = int(drawing.integers(40, 230)), drawing.random() < 0.3
    wide = drawing.uniform(0.01, 0.08)
    step = wide * drawing.uniform(1.1, 2)
    x, inset = bar[0] + step / 2, 0.15 * (bar[3] - bar[1])
    last = drawing.uniform(0.3, 1)
    while x + wide < last:
        box = _pixels((x, bar[1] + inset, x + wide, bar[3] - inset))
        pen.rectangle(box, fill=None if outlined else grey, outline=grey)
        x += step
    return None


def _place_thumbnails(
    window: Image.Image, films: np.ndarray, panel: Box, drawing: np.random.Generator
) -> None:
    """Place small films below each other into a panel."""
    wide = panel[2] - panel[0]
    y = panel[1] + 0.02
    while y + wide < panel[3] and drawing.random() < 0.85:
        box = (panel[0] + 0.1 * wide, y, panel[2] - 0.1 * wide, y + 0.9 * wide)
        _place(window, _choose(films, drawing), box)
        y += wide * 1.1


def _place_fitting(
    window: Image.Image, film: np.ndarray, view: Box, drawing: np.random.Generator
) -> None:
    """Place a film into a viewport, as a screen of some aspect shows it."""
    screen = float(drawing.choice([16 / 9, 16 / 10, 4 / 3, 21 / 9, 1, 9 / 16]))
    aspect = drawing.uniform(0.8, 1.25) / screen  # width by height, in fractions of the screen
    high = (view[3] - view[1]) * drawing.uniform(0.7, 1)
    wide = high * aspect
    if wide > view[2] - view[0]:
        wide = view[2] - view[0]
        high = wide / aspect
    x = view[0] + (view[2] - view[0] - wide) * drawing.choice([0.5, 0.5, 0.5, drawing.random()])
    y = view[1] + (view[3] - view[1] - high) / 2
    _place(window, film, (x, y, x + wide, y + high))


def _write(
    pen: ImageDraw.ImageDraw,
    drawing: np.random.Generator,
    box: Box,
    ink: tuple[int, int],
    size: tuple[int, int],
) -> None:
    """Write lines of text into a box."""
    points = int(drawing.integers(*size))
    font, fill = ImageFont.load_default(points), int(drawing.integers(*ink))
    left, top, right, bottom = _pixels(box)
    spacing = points * drawing.uniform(1.2, 2.5)
    for y in np.arange(top + 2, max(bottom - points, top + 3), spacing):
        most = max(2, int((right - left) / points * 1.6))
        length = int(drawing.integers(max(1, most // 4), most + 1))
        pen.text((left + 4, y), "".join(drawing.choice(_CHARACTERS, length)), fill=fill, font=font)


def _write_in_corners(
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


def _photograph(
    ground: np.ndarray,
    film: np.ndarray,
    drawing: np.random.Generator,
    share: tuple[float, float] = (0.5, 0.88),
) -> np.ndarray:
    """A film on a ground as a hand-held camera sees it, askew and unevenly lit.

    It may reflect a lamp, and show the pattern of two grids over each other.
    """
    sheet = _vary_contrast(_fit(film, SIDE_PX, SIDE_PX), drawing).astype(float)
    if drawing.random() < 0.5:  # the sheet is wider than what was exposed
        edge, shade = int(drawing.uniform(2, 14)), drawing.uniform(0, 50)
        sheet[:edge], sheet[-edge:], sheet[:, :edge], sheet[:, -edge:] = (shade,) * 4
    sheet = sheet * drawing.uniform(0.45, 1) + drawing.uniform(0, 60)
    seen, inside = _place_askew(sheet, drawing, share, aspect=(0.75, 1.3))
    picture = np.where(inside, seen, ground) * np.exp(_lighting(drawing, 60) / 100)
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX] / SIDE_PX
    if drawing.random() < 0.35:
        waves = drawing.uniform(10, 60) * (x + drawing.uniform(-1, 1) * y)
        bent = drawing.uniform(0, 8) * (x**2 + y**2)
        picture += drawing.uniform(2, 12) * np.sin(2 * np.pi * (waves + bent)) * inside
    for _ in range(int(drawing.integers(0, 3))):
        cx, cy, wide, high = *drawing.uniform(0, 1, 2), *drawing.uniform(0.02, 0.15, 2)
        spot = np.exp(-(((x - cx) / wide) ** 2) - ((y - cy) / high) ** 2)
        picture += drawing.uniform(30, 200) * spot
    return worn(picture, drawing)


def _place_askew(
    sheet: np.ndarray,
    drawing: np.random.Generator,
    share: tuple[float, float],
    aspect: tuple[float, float],
) -> tuple[np.ndarray, np.ndarray]:
    """A sheet, float (SIDE_PX, SIDE_PX), in perspective somewhere in a picture, and where it is."""
    side, ratio = drawing.uniform(*share), np.sqrt(drawing.uniform(*aspect))
    wide, high = min(side * ratio, 1.1) / 2, min(side / ratio, 1.1) / 2
    corners = np.array([[-wide, -high], [wide, -high], [wide, high], [-wide, high]])
    turn = np.radians(drawing.uniform(-10, 10))
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    middle = 0.5 + drawing.uniform(-0.08, 0.08, 2)
    placed = corners @ rotation + middle + drawing.uniform(-0.05, 0.05, (4, 2))
    terms = _perspective(placed * SIDE_PX, np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * SIDE_PX)
    size, way = (SIDE_PX, SIDE_PX), Image.Transform.PERSPECTIVE
    seen = Image.fromarray(sheet.astype(np.float32)).transform(
        size, way, terms, Image.Resampling.BILINEAR
    )
    inside = Image.new("L", size, 255).transform(size, way, terms)
    return np.asarray(seen), np.asarray(inside) > 127


def _perspective(placed: np.ndarray, corners: np.ndarray) -> list[float]:
    """The eight terms with which PIL finds a place of the sheet for one of the picture."""
    rows, wanted = [], []
    for (x, y), (u, v) in zip(placed, corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    return np.linalg.solve(np.array(rows), np.array(wanted)).tolist()


def _plain_ground(drawing: np.random.Generator) -> np.ndarray:
    """A table or a wall, of one grey but for its grain and the light on it."""
    grain = drawing.uniform(0, 4) * clouds(drawing, 1.0)
    return drawing.uniform(30, 235) + grain + _lighting(drawing, 60)


def _lighting(drawing: np.random.Generator, strength: float) -> np.ndarray:
    """Uneven light, from -strength to strength, float (SIDE_PX, SIDE_PX)."""
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX] / SIDE_PX - 0.5
    across, down = drawing.uniform(-strength, strength, 2)
    return x * across + y * down


def _vary_contrast(film: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A film with another contrast, uint8."""
    return (255 * (film / 255) ** np.exp(drawing.uniform(-0.4, 0.4))).astype(np.uint8)


def _choose(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    film = films[int(drawing.integers(len(films)))]
    return _vary_contrast(film, drawing) if drawing.random() < 0.5 else film


def _place(picture: Image.Image, film: np.ndarray, box: Box) -> None:
    """Place a film into a box of a picture."""
    left, top, right, bottom = _pixels(box)
    size = (max(1, right - left), max(1, bottom - top))
    picture.paste(Image.fromarray(film).resize(size, Image.Resampling.BILINEAR), (left, top))


def _pixels(box: Box) -> tuple[int, int, int, int]:
    left, top, right, bottom = (round(float(edge) * _DRAWN_PX) for edge in box)
    return left, top, right, bottom


def _fit(film: np.ndarray, height: int, width: int) -> np.ndarray:
    return np.asarray(Image.fromarray(film).resize((width, height), Image.Resampling.BILINEAR))


def _shrink(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX))


DISPLAYED: dict[str, Displayed] = {
    "two films side by side": Displayed(Code.SEVERAL_FILMS, side_by_side),
    "two films stacked": Displayed(Code.SEVERAL_FILMS, stacked),
    "three films in a row": Displayed(Code.SEVERAL_FILMS, in_a_row, trains=False),
    "four films in a square": Displayed(Code.SEVERAL_FILMS, in_a_square, trains=False),
    "dark viewer": Displayed(Code.SCREENSHOT, dark_viewer),
    "light viewer": Displayed(Code.SCREENSHOT, light_viewer),
    "film in a web page": Displayed(Code.SCREENSHOT, web_page, trains=False),
    "photo of a film on a light box": Displayed(Code.PHOTO, photo_on_light_box),
    "photo of a film on a desk": Displayed(Code.PHOTO, photo_on_desk),
    "photo of a screen": Displayed(Code.PHOTO, photo_of_screen, trains=False),
}
