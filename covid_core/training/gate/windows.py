"""Films in the window of a program: a viewer's, dark or light, or a browser's."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from covid_core.training.gate.sheets import (
    DRAWN_PX,
    Box,
    choose,
    pixels_of,
    place,
    shrink,
    write,
    write_in_corners,
)


def dark_viewer(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A workstation's viewer, dark, with its menus and lists."""
    return _viewer(films, drawing, desk=(5, 70), ink=(110, 255))


def light_viewer(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A program's window with light menus around the film."""
    return _viewer(films, drawing, desk=(170, 255), ink=(0, 110))


def web_page(films: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """A browser: an address bar, a heading, text beside or below the film."""
    page = Image.new("L", (DRAWN_PX, DRAWN_PX), int(drawing.integers(225, 256)))
    pen = ImageDraw.Draw(page)
    left, top = drawing.uniform(0.05, 0.4), drawing.uniform(0.2, 0.35)
    right, bottom = left + drawing.uniform(0.35, 0.55), drawing.uniform(0.7, 0.95)
    write(pen, drawing, (0.04, 0.16, 0.96, top), ink=(0, 90), size=(12, 26))
    write(pen, drawing, (0.04, bottom + 0.02, 0.96, 1), ink=(0, 90), size=(6, 12))
    if left > 0.2:
        write(pen, drawing, (0.03, top, left - 0.02, bottom), ink=(0, 90), size=(6, 12))
    pen.rectangle(pixels_of((0, 0, 1, 0.06)), fill=int(drawing.integers(150, 235)))
    pen.rectangle(pixels_of((0, 0.06, 1, 0.13)), fill=int(drawing.integers(200, 256)))
    pen.rounded_rectangle(pixels_of((0.15, 0.075, 0.8, 0.115)), 6, fill=240, outline=150)
    write(pen, drawing, (0.17, 0.08, 0.6, 0.115), ink=(40, 110), size=(8, 10))
    place(page, choose(films, drawing), (left, top, min(right, 0.98), bottom))
    return shrink(page)


def _viewer(
    films: np.ndarray, drawing: np.random.Generator, desk: tuple[int, int], ink: tuple[int, int]
) -> np.ndarray:
    """A program's window: bars and panels around a viewport with a film in it."""
    base = int(drawing.integers(*desk))
    window = Image.new("L", (DRAWN_PX, DRAWN_PX), base)
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
    pen.rectangle(pixels_of(view), fill=black)
    _place_fitting(window, choose(films, drawing), view, drawing)
    if drawing.random() < 0.6:
        write_in_corners(window, drawing, int(drawing.integers(120, 256)), view)
    for panel in ((0, top, left, 1 - bottom), (1 - right, top, 1, 1 - bottom)):
        if panel[2] > panel[0]:
            pen.rectangle(pixels_of(panel), fill=face())
            if drawing.random() < 0.25:
                _place_thumbnails(window, films, panel, drawing)
            else:
                write(pen, drawing, panel, ink=ink, size=(6, 13))
    for bar in ((0, 0, 1, top), (0, 1 - bottom, 1, 1)):
        if bar[3] > bar[1]:
            pen.rectangle(pixels_of(bar), fill=face())
            _draw_buttons(pen, bar, drawing, ink)
    return shrink(window)


def _draw_buttons(
    pen: ImageDraw.ImageDraw, bar: Box, drawing: np.random.Generator, ink: tuple[int, int]
) -> None:
    """Draw the buttons or words of a menu bar."""
    if drawing.random() < 0.3:
        write(pen, drawing, bar, ink=ink, size=(7, 13))
        return
    grey, outlined = int(drawing.integers(40, 230)), drawing.random() < 0.3
    wide = drawing.uniform(0.01, 0.08)
    step = wide * drawing.uniform(1.1, 2)
    x, inset = bar[0] + step / 2, 0.15 * (bar[3] - bar[1])
    last = drawing.uniform(0.3, 1)
    while x + wide < last:
        box = pixels_of((x, bar[1] + inset, x + wide, bar[3] - inset))
        pen.rectangle(box, fill=None if outlined else grey, outline=grey)
        x += step


def _place_thumbnails(
    window: Image.Image, films: np.ndarray, panel: Box, drawing: np.random.Generator
) -> None:
    """Place small films below each other into a panel."""
    wide = panel[2] - panel[0]
    y = panel[1] + 0.02
    while y + wide < panel[3] and drawing.random() < 0.85:
        box = (panel[0] + 0.1 * wide, y, panel[2] - 0.1 * wide, y + 0.9 * wide)
        place(window, choose(films, drawing), box)
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
    place(window, film, (x, y, x + wide, y + high))
