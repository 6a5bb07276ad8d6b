"""Boxes that radiologists drew around opacities: as text in a manifest, and as a mask on a grid.

A box is `(left, top, right, bottom)`, fractions of the film's width and height, 0 to 1, its origin
the upper left corner. A film's boxes are a tuple of them, empty where it was annotated and shows no
opacity, and None where it was not annotated for boxes at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import numpy as np

from covid_core.crop import Crop
from covid_core.errors import DatasetError

Box = tuple[float, float, float, float]
Boxes = tuple[Box, ...]


def parse_boxes(text: str) -> Boxes | None:
    """The boxes in a manifest's cell; None for "", a film that was not annotated for boxes.

    Raises DatasetError for text that is no JSON list of boxes, or a box that is empty or leaves the
    film.
    """
    if not text:
        return None
    try:
        boxes = check_boxes(json.loads(text))
    except (TypeError, ValueError) as error:
        raise DatasetError(
            f"boxes are lists of left, top, right and bottom, fractions from 0 to 1; not {text}",
            "Make the manifest anew from its folders",
        ) from error
    return boxes


def check_boxes(boxes: Iterable[Sequence[float]]) -> Boxes:
    """The boxes as a tuple.

    Raises TypeError or ValueError for what is no box, and for one that leaves the film.
    """
    return tuple(_check(box) for box in boxes)


def format_boxes(boxes: Sequence[Sequence[float]] | None) -> str:
    """Boxes as a manifest's cell: the JSON text that `parse_boxes` reads, to six digits."""
    if boxes is None:
        return ""
    return json.dumps([[round(float(side), 6) for side in box] for box in boxes])


def crop_boxes(boxes: Boxes | None, crop: Crop) -> Boxes | None:
    """Boxes over a film as boxes over its crop, cut at its edges.

    Those that lie outside are left out; None stays None.
    """
    if boxes is None or crop.is_whole:
        return boxes
    moved = []
    for left, top, right, bottom in boxes:
        corners = (*crop.to_part(left, top), *crop.to_part(right, bottom))
        x0, y0, x1, y1 = (min(max(side, 0.0), 1.0) for side in corners)
        if x0 < x1 and y0 < y1:
            moved.append((x0, y0, x1, y1))
    return tuple(moved)


def place_boxes(
    boxes: Boxes | None, placement: tuple[int, int, int, int], size_px: int
) -> Boxes | None:
    """Boxes over a film as boxes over the square that it lies in; None stays None.

    `placement`: top, left, height and width of the film there, in pixels; `size_px`: the square's.
    """
    if boxes is None:
        return None
    top, left, height, width = (side / size_px for side in placement)
    return tuple(
        (left + width * x0, top + height * y0, left + width * x1, top + height * y1)
        for x0, y0, x1, y1 in boxes
    )


def union_mask(boxes: Sequence[Sequence[float]], height: int, width: int) -> np.ndarray:
    """The share of each cell of a grid over the film that lies inside any box.

    Float32 (height, width), 0 to 1. Its mean is the boxes' share of the film's area, exactly:
    overlaps count once.
    """
    corners = np.clip(np.array(boxes, np.float64).reshape(-1, 4), 0, 1)
    left, top, right, bottom = corners.T
    rows, columns = _edges([*top, *bottom], height), _edges([*left, *right], width)
    middle_y, middle_x = (rows[1:] + rows[:-1]) / 2, (columns[1:] + columns[:-1]) / 2
    inside = np.zeros((len(middle_y), len(middle_x)), bool)  # of the pieces between all edges
    for i in range(len(corners)):
        own_rows = (middle_y > top[i]) & (middle_y < bottom[i])
        own_columns = (middle_x > left[i]) & (middle_x < right[i])
        inside |= own_rows[:, np.newaxis] & own_columns
    down, across = _shares(rows, height), _shares(columns, width)
    return (down @ inside @ across.T).clip(0, 1).astype(np.float32)


def _edges(of_boxes: Sequence[float], cells: int) -> np.ndarray:
    """The edges of a grid's cells along one side of the film and those of boxes, in order."""
    return np.unique(np.concatenate([np.linspace(0, 1, cells + 1), of_boxes]))


def _shares(edges: np.ndarray, cells: int) -> np.ndarray:
    """Which share of each cell a piece between two edges takes: float64 (cells, pieces)."""
    pieces = np.diff(edges)
    cell = np.minimum(((edges[1:] + edges[:-1]) / 2 * cells).astype(int), cells - 1)
    shares = np.zeros((cells, len(pieces)))
    shares[cell, np.arange(len(pieces))] = pieces * cells
    return shares


def _check(box: Sequence[float]) -> Box:
    """The box, of four floats. Raises TypeError or ValueError."""
    left, top, right, bottom = map(float, box)
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise ValueError(f"{box} is no part of the film")
    return left, top, right, bottom
