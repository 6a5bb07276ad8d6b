"""Drawn radiographs of other body parts, and other views of the chest.

Bodies are sums of ellipsoids that rays pass through. No patient is in them, and they are far
simpler than one.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, rotate

from covid_core.training.gate.texture import SIDE_PX, clouds, exposed, worn

_Y, _X = np.mgrid[:SIDE_PX, :SIDE_PX] / SIDE_PX


def lateral(drawing: np.random.Generator) -> np.ndarray:
    """A chest from the side: lungs over each other, heart and breastbone in front, spine behind."""
    lean, depth = drawing.uniform(-0.06, 0.06), drawing.uniform(0.26, 0.34)
    middle = 0.5 + lean
    film = 1.1 * _ray(middle, 0.55, depth + 0.14, 0.8)
    film -= drawing.uniform(0.55, 0.8) * _ray(middle, 0.45, depth, drawing.uniform(0.32, 0.4))
    film += drawing.uniform(0.2, 0.5) * _ray(middle - 0.12, 0.6, 0.13, 0.16, 20)  # heart
    for drop in drawing.uniform(0, 0.06, 2):  # both halves of the diaphragm
        film += 0.4 * _ray(middle - 0.03, 1.0 + drop, 0.38, 0.27, softness=1)
    film += drawing.uniform(0.2, 0.6) * _ray(middle - 0.05, 0.02, 0.3, 0.14)  # raised arms
    film += 0.25 * _ray(middle - depth, 0.42, 0.015, 0.25, -12)  # breastbone
    curve = drawing.uniform(-0.5, 0.5)
    for i in range(13):
        y = 0.03 + i * 0.078
        x = middle + depth - 0.03 + curve * (y - 0.45) ** 2
        film += 0.3 * _ray(x, y, 0.045, 0.031, softness=0.8)
        for tilt in drawing.uniform(20, 32, 2):
            film += 0.07 * _ray(x - 0.17, y + 0.08, 0.2, 0.006, tilt, softness=1)
    film = film if drawing.random() < 0.5 else film[:, ::-1]
    return _film(film, drawing)


def ct_slice(drawing: np.random.Generator) -> np.ndarray:
    """A slice across the body at the chest or below it, on black, mostly on its table."""
    wide, high = drawing.uniform(0.36, 0.48), drawing.uniform(0.26, 0.38)
    inside = np.float64(_disc(0.5, 0.5, wide, high))
    slices = 0.45 * inside + 0.2 * _disc(0.5, 0.5, wide - 0.03, high - 0.03)
    window = drawing.random() < 0.5  # of the lung: the rest is white
    if drawing.random() < 0.75:
        for side in (-1, 1):
            lung = _disc(0.5 + side * wide * 0.48, 0.47, wide * 0.38, high * 0.72, side * 8)
            slices = np.where(lung, 0.12 if window else 0.02, slices)
            vessels = clouds(drawing, 1.0) > drawing.uniform(1.6, 2.4)
            slices += 0.4 * (vessels & lung)
        slices = np.where(_disc(0.53, 0.44, wide * 0.3, high * 0.38, 25), 0.68, slices)
    else:
        slices = np.where(_disc(0.36, 0.44, wide * 0.45, high * 0.55, 10), 0.75, slices)
        for side in (-1, 1):
            slices = np.where(_disc(0.5 + side * 0.17, 0.58, 0.06, 0.07), 0.85, slices)
    slices = np.where(_disc(0.5, 0.5 + high * 0.58, 0.06, 0.055), 1, slices)
    for turn in np.linspace(0, 2 * np.pi, int(drawing.integers(8, 16))):
        x, y = 0.5 + (wide - 0.05) * np.cos(turn), 0.5 + (high - 0.05) * np.sin(turn)
        slices = np.where(_disc(x, y, 0.03, 0.012, np.degrees(turn) + 90), 0.95, slices)
    if drawing.random() < 0.7:
        slices += 0.4 * (np.abs(_Y - 0.5 - high - 0.02 - 0.15 * (_X - 0.5) ** 2) < 0.006)
    slices = gaussian_filter(slices, drawing.uniform(0.5, 1.5))
    return worn(255 * np.clip(slices, 0, 1) ** np.exp(drawing.uniform(-0.4, 0.4)), drawing)


def limb(drawing: np.random.Generator) -> np.ndarray:
    """An arm or a leg at any angle: one or two long bones in flesh, mostly with a joint."""
    flesh = drawing.uniform(0.12, 0.3)
    film = drawing.uniform(0.3, 0.7) * _ray(0.5, 0.5, flesh, 1.2)
    joint = drawing.uniform(0.3, 0.7) if drawing.random() < 0.7 else 2.0
    apart = drawing.uniform(0.2, 0.45) * flesh
    for x in (0.5 - apart, 0.5 + apart) if drawing.random() < 0.5 else (0.5,):
        film += _bone(x, joint - 0.62, drawing.uniform(0.03, 0.06), 0.6)
        film += _bone(0.5, joint + 0.62, drawing.uniform(0.05, 0.08), 0.6)
    turned = rotate(film, drawing.uniform(0, 360), reshape=False, order=1, mode="nearest")
    return _film(turned, drawing)


def skull(drawing: np.random.Generator) -> np.ndarray:
    """A head from the front or the side: a bright shell, orbits or a face, teeth, a neck."""
    wide, side = drawing.uniform(0.27, 0.42), drawing.random() < 0.5
    film = 0.5 * _ray(0.5, 0.42, wide + 0.05, 0.42) + 0.5 * _ray(0.5, 0.9, 0.2, 0.4)
    film += 0.8 * (_ray(0.5, 0.4, wide, 0.36) - 0.75 * _ray(0.5, 0.4, wide - 0.03, 0.33))
    for eye in (-0.27,) if side else (-0.13, 0.13):
        film -= 0.25 * _ray(0.5 + eye, 0.45, 0.08, 0.07)
    film += 0.5 * _ray(0.4 if side else 0.5, 0.72, wide * 0.6, 0.1)
    for tooth in np.linspace(-0.1, 0.1, 9):
        film += 0.3 * _ray((0.3 if side else 0.5) + tooth, 0.7, 0.01, 0.03, softness=0.5)
    for i in range(6):
        film += 0.2 * _ray(0.55 if side else 0.5, 0.78 + 0.06 * i, 0.06, 0.025)
    return _film(film if drawing.random() < 0.5 else film[:, ::-1], drawing)


def hand(drawing: np.random.Generator) -> np.ndarray:
    """A hand, fingers up: five rays of bones from a wrist."""
    film = 0.35 * _ray(0.5, 0.7, 0.22, 0.3)
    for angle, length in zip((-48, -20, -5, 10, 25), (0.4, 0.58, 0.64, 0.6, 0.5), strict=True):
        turn = np.radians(angle + drawing.uniform(-4, 4))
        for start, end in ((0.12, 0.42), (0.45, 0.68), (0.7, 0.85), (0.87, 1.0)):
            middle, half = length * (start + end) / 2, length * (end - start) / 2
            x, y = 0.5 + middle * np.sin(turn) * 1.1, 0.78 - middle * np.cos(turn) * 1.1
            film += 0.3 * _ray(x, y, 0.045, half + 0.02, -np.degrees(turn))
            film += _bone(x, y, 0.02, half, -float(np.degrees(turn)))
    return _film(film, drawing)


def pelvis(drawing: np.random.Generator) -> np.ndarray:
    """A pelvis with hips and the last vertebrae."""
    film = 0.7 * _ray(0.5, 0.5, 0.6, 0.9)
    for side in (-1, 1):
        film += 0.4 * _ray(0.5 + side * 0.24, 0.35, 0.15, 0.2, side * 25)
        film += 0.4 * _ray(0.5 + side * 0.3, 0.6, 0.06, 0.06)
        film += _bone(0.5 + side * 0.36, 0.95, 0.05, 0.3, side * 5)
        ring = _ray(0.5 + side * 0.1, 0.75, 0.11, 0.09) - _ray(0.5 + side * 0.1, 0.75, 0.07, 0.05)
        film += 0.4 * ring
    for i in range(6):
        film += 0.3 * _ray(0.5, 0.02 + i * 0.08, 0.055, 0.034)
    film -= 0.15 * np.clip(clouds(drawing, 1.4), 0, 2) * _disc(0.5, 0.3, 0.3, 0.25)  # bowel gas
    return _film(film, drawing)


def _ray(
    x: float, y: float, wide: float, high: float, degrees: float = 0, softness: float = 0.5
) -> np.ndarray:
    """What a ray crosses of an ellipsoid, 0 to 1; `softness`: blur in hundredths of the side."""
    crossed = np.sqrt(np.clip(1 - _within(x, y, wide, high, degrees), 0, None))
    return gaussian_filter(crossed, softness * SIDE_PX / 100)


def _disc(x: float, y: float, wide: float, high: float, degrees: float = 0) -> np.ndarray:
    return _within(x, y, wide, high, degrees) < 1


def _within(x: float, y: float, wide: float, high: float, degrees: float) -> np.ndarray:
    """Squared distance from the middle, 1 on the ellipse's edge."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    u, v = (_X - x) * cos - (_Y - y) * sin, (_X - x) * sin + (_Y - y) * cos
    return (u / wide) ** 2 + (v / high) ** 2


def _bone(x: float, y: float, wide: float, high: float, degrees: float = 0) -> np.ndarray:
    """A long bone: a bright shell that is thicker than its marrow, ends wider than the shaft."""
    shaft = _ray(x, y, wide, high, degrees) - 0.5 * _ray(x, y, wide * 0.6, high * 0.9, degrees)
    turn = np.radians(degrees)
    ends = [
        _ray(
            x + s * high * 0.92 * np.sin(turn),
            y + s * high * 0.92 * np.cos(turn),
            wide * 1.5,
            wide * 1.2,
            degrees,
        )
        for s in (-1, 1)
    ]
    return 0.7 * shaft + 0.35 * (ends[0] + ends[1])


def _film(thickness: np.ndarray, drawing: np.random.Generator) -> np.ndarray:
    """Thickness as a film shows it: scattered light, grain, a marker, some exposure."""
    haze = gaussian_filter(thickness, 0.08 * SIDE_PX) * drawing.uniform(0, 0.5)
    grain = clouds(drawing, drawing.uniform(0.5, 1.2)) * drawing.uniform(0, 0.06)
    film = exposed(thickness + haze + grain * (thickness > 0.05), drawing)
    if drawing.random() < 0.4:
        top, left = (drawing.uniform(0.02, 0.9, 2) * SIDE_PX).astype(int)
        film[top : top + 10, left : left + 8] = 255
    return worn(film, drawing)
