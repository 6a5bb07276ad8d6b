"""Synthetic chest phantoms, drawn from nothing: for demonstration and tests. No patient is in them.

They look enough like a frontal film to show what the program does. What the network answers to one
means nothing.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

KINDS = ("clear", "one-sided opacity", "opacities on both sides")
_GRID = 100  # all shapes below are in hundredths of the side, x to the right, y down
_RIBS = range(10)
# x, y, radius: consolidation of one lobe; patches at the edges of both lungs, as COVID-19 has them.
_OPACITIES = {
    "clear": (),
    "one-sided opacity": ((71, 60, 8), (75, 67, 7), (70, 70, 6)),
    "opacities on both sides": ((22, 58, 6), (25, 70, 7), (77, 54, 6), (76, 68, 7), (30, 45, 4)),
}

Box = tuple[float, float, float, float]


def draw_phantom(kind: str = "clear", *, size_px: int = 1024, seed: int = 0) -> np.ndarray:
    """A phantom as uint8 (size_px, size_px), air dark. `kind`: one of KINDS. `seed`: its grain."""
    drawing = np.random.default_rng(seed)
    lungs = _ellipses(size_px, 1.2, (17, 14, 46, 84), (54, 14, 83, 84))
    domes = _ellipses(size_px, 0.8, (10, 70, 49, 130), (50, 73, 92, 130))  # the diaphragm
    body = _ellipses(size_px, 1.5, (-30, 2, 130, 190), (37, -30, 63, 30))  # trunk and neck
    spine = _ellipses(size_px, 1.5, (43, -10, 57, 110))
    heart = _ellipses(size_px, 1.2, (44, 46, 68, 80))
    lungs *= 1 - domes
    film = 145 * body - 100 * lungs
    film += np.maximum(35 * spine, 105 * heart * lungs)
    film += 24 * _ribs(size_px) * body * (1 - domes) * (1 - 0.6 * heart)
    for x, y, radius in _OPACITIES[kind]:
        patch = _ellipses(size_px, 2.2, (x - radius, y - radius, x + radius, y + radius))
        film += 85 * patch * lungs * (1 - heart)
    film += _blurred(drawing.normal(0, 12, film.shape), 0.8)
    return np.clip(film, 0, 255).astype(np.uint8)


def _ellipses(size_px: int, softness: float, *boxes: Box) -> np.ndarray:
    """Filled ellipses, float (size_px, size_px) 0 to 1, edges blurred by `softness` hundredths."""
    canvas = Image.new("L", (size_px, size_px))
    for box in boxes:
        ImageDraw.Draw(canvas).ellipse(_scaled(box, size_px), fill=255)
    return _blurred(np.asarray(canvas) / 255, softness * size_px / _GRID)


def _ribs(size_px: int) -> np.ndarray:
    """Rib pairs and collar bones as arcs, blurred."""
    canvas = Image.new("L", (size_px, size_px))
    draw = ImageDraw.Draw(canvas)
    width = max(1, round(size_px * 0.018))
    for rib in _RIBS:
        y, spread = 12 + 7.2 * rib, min(36, 22 + 3 * rib)
        for side in (-1, 1):
            edges = sorted((50 + side * 3, 50 + side * (3 + spread)))
            box = _scaled((edges[0], y, edges[1], y + 18), size_px)
            draw.arc(box, 180, 360, fill=170, width=width)
    for box, start, end in (((12, 12, 52, 24), 190, 330), ((48, 12, 88, 24), 210, 350)):
        draw.arc(_scaled(box, size_px), start, end, fill=255, width=width)
    return _blurred(np.asarray(canvas) / 255, 0.5 * size_px / _GRID)


def _scaled(box: Box, size_px: int) -> Box:
    left, top, right, bottom = (side * size_px / _GRID for side in box)
    return left, top, right, bottom


def _blurred(values: np.ndarray, deviation_px: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter  # slow to import, and whoever drops a film needs none

    return gaussian_filter(values, deviation_px)
