"""Borders around a radiograph: bars of one colour, padding, frames, the collimator's shadow.

They hold no anatomy, differ between hospitals, and change every grey of a picture whose histogram
is equalised. `find_crop` finds the part inside them from the greys alone, and `Crop` maps places
between that part and the whole film, so that whatever is shown falls on the film's own pixels.

A line of pixels belongs to a border if it has the border's colour from end to end; so dark air
beside a patient is none as long as a shoulder, an arm or a gradient crosses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from covid_core.levels import Film, Levels

MOST = 0.4  # of the film's width or height that is cut off at each side
_LINES = 256  # of a side that are looked at
_LEAST_PX = 32  # of a side that is left
_SPARSE = 4  # of these, for the range of grey
_ROUNDS = 24  # one side each: borders inside borders, and lines inside them
_CLEAN = 0.97  # share of a line in the border's colour
_MARKED = 0.7  # the same where a marker's letter or a text lies on it
_CLEAN_LINES = 0.2  # share of a border's lines that nothing lies on
_STILL = 0.006  # of the film's range of grey: how far a plain border strays, 1.5 of 255
_NOISE, _NOISY = (0.02, 0.08), 0.02  # tolerance, least and most, and noise of a noisy border
_DEVIATIONS = 4.0  # of the noise
_EDGE_SHARE, _EDGE_LINES = 0.2, (1, 4)  # of a noisy border: so much of the lines beyond differs
_EDGE_DEVIATIONS = 5.0
_RANGE = (0.5, 99.5)  # percentiles
_LEFT, _TOP, _RIGHT, _BOTTOM = range(4)


@dataclass(frozen=True, slots=True)
class Crop:
    """The part of a film inside its borders: sides as fractions of the film's width and height, 0
    to 1, its origin the upper left corner."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    @property
    def is_whole(self) -> bool:
        """Whether nothing is cut off."""
        return (self.left, self.top, self.right, self.bottom) == (0, 0, 1, 1)

    @property
    def share(self) -> float:
        """Share of the film's area that is cut off, 0 to 1."""
        return 1 - (self.right - self.left) * (self.bottom - self.top)

    def slices(self, height: int, width: int) -> tuple[slice, slice]:
        """Rows and columns of the part, on a grid of that size over the whole film: those whose
        middle lies inside, one at least. A mirrored crop has the mirrored columns."""
        rows = _span(self.top, self.bottom, height)
        return slice(*rows), slice(*_span(self.left, self.right, width))

    def shape(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of the part, in pixels of a film of that size."""
        rows, columns = self.slices(height, width)
        return rows.stop - rows.start, columns.stop - columns.start

    def of(self, grid: np.ndarray) -> np.ndarray:
        """The part of a film, or of anything (height, width) that lies over it; a view."""
        return grid[self.slices(*grid.shape)]

    def mirrored(self) -> Crop:
        """The crop of the film with left and right swapped."""
        return Crop(1 - self.right, self.top, 1 - self.left, self.bottom)

    def to_part(self, x: float, y: float) -> tuple[float, float]:
        """A point of the whole film as fractions of the part; outside 0 to 1 if cut off."""
        across, down = self.right - self.left, self.bottom - self.top
        return (x - self.left) / across, (y - self.top) / down

    def to_film(self, x: float, y: float) -> tuple[float, float]:
        """A point of the part, fractions of it, as fractions of the whole film."""
        across, down = self.right - self.left, self.bottom - self.top
        return self.left + x * across, self.top + y * down


WHOLE = Crop()


def find_crop(film: Film) -> Crop:
    """The part of a film inside its borders; WHOLE if it has none.

    Some 256 lines each way are looked at, and the pixels around each border's edge. Borders inside
    one another are cut off in turn: first those of one exact colour, wherever they end; then noisy
    ones, such as a collimator's shadow, which must end at an edge. At most MOST of each side.
    """
    height, width = film.shape
    box = [0, 0, width, height]
    for _ in range(_ROUNDS):
        if not _cut(film, box):
            break
    left, top, right, bottom = box
    return Crop(left / width, top / height, right / width, bottom / height)


def crop_film(film: Film, crop: Crop) -> Film:
    """The part of a film, without a copy. Levels keep the whole film's table and counts."""
    if crop.is_whole:
        return film
    if isinstance(film, Levels):
        return Levels(crop.of(film.codes), film.counts, film.tones)
    return crop.of(film)


def _span(low: float, high: float, cells: int) -> tuple[int, int]:
    """First and last + 1 of a grid's cells whose middle lies between two fractions."""
    first = int(np.ceil(low * cells - 0.5 - 1e-6))
    last = int(np.floor(high * cells + 0.5 + 1e-6))
    if last <= first:  # a grid coarser than the part
        first = min(int((low + high) / 2 * cells), cells - 1)
        last = first + 1
    return first, last


def _cut(film: Film, box: list[int]) -> bool:
    """Whether any side of the box, in pixels, was moved inwards."""
    columns, rows = _places(box)
    greys = _greys_at(film, rows, columns)
    low, high = np.percentile(greys[::_SPARSE, ::_SPARSE], _RANGE)
    for find_border in (_still_border, _noisy_border):
        for side in range(4):
            found = find_border(_from_side(greys, side), float(high - low))
            if found and _move(film, box, side, _refined(film, rows, columns, side, *found)):
                return True
    return False


def _places(box: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows of pixels that are looked at, the outermost among them."""
    columns, rows = (
        np.unique(np.linspace(box[i], box[i + 2] - 1, _LINES).round().astype(np.intp))
        for i in (_LEFT, _TOP)
    )
    return columns, rows


def _greys_at(film: Film, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Greys, float32 (rows, columns)."""
    if isinstance(film, Levels):
        return film.tones[film.codes[np.ix_(rows, columns)]]
    return film[np.ix_(rows, columns)]


def _from_side(greys: np.ndarray, side: int) -> np.ndarray:
    """Greys (rows, columns) as lines from a side inwards, the outermost first."""
    lines = greys.T if side in (_LEFT, _RIGHT) else greys
    return lines[::-1] if side in (_RIGHT, _BOTTOM) else lines


def _still_border(greys: np.ndarray, span: float) -> tuple[int, float, float] | None:
    """Lines, colour and tolerance of a border of one exact colour; None if there is none."""
    colour, tolerance = float(np.median(greys[0])), _STILL * float(span)
    depth = _depth(greys, colour, tolerance)
    return (depth, colour, tolerance) if depth else None


def _noisy_border(greys: np.ndarray, span: float) -> tuple[int, float, float] | None:
    """The same of a border with noise in it, that ends at an edge."""
    outermost = greys[:3]
    colour = float(np.median(outermost))
    noise = 1.4826 * float(np.median(np.abs(outermost - colour)))
    if noise > _NOISY * span:
        return None
    tolerance = float(np.clip(_DEVIATIONS * noise, _NOISE[0] * span, _NOISE[1] * span))
    depth = _depth(greys, colour, tolerance)
    first, last = (depth + step for step in _EDGE_LINES)
    if not depth or first >= len(greys):
        return None
    beyond = np.abs(greys[first:last].mean(axis=0) - colour)
    is_edge = (beyond > max(2 * _NOISE[0] * span, _EDGE_DEVIATIONS * noise)).mean() >= _EDGE_SHARE
    return (depth, colour, tolerance) if is_edge else None


def _depth(greys: np.ndarray, colour: float, tolerance: float) -> int:
    """How many lines from the outermost have the colour: up to the last clean one. Lines on which
    letters lie are passed over where enough clean ones follow them."""
    if (np.abs(greys[0] - colour) <= tolerance).mean() < _MARKED:
        return 0
    shares = (np.abs(greys - colour) <= tolerance).mean(axis=1)
    reach = int(np.argmin(shares >= _MARKED)) if shares.min() < _MARKED else len(shares)
    clean = shares[:reach] >= _CLEAN
    balance = np.where(clean, 1 - _CLEAN_LINES, -_CLEAN_LINES).cumsum()
    # At its highest so far, all stretches that end there have clean lines enough, however long the
    # border is before them.
    ends = np.nonzero(clean & (balance >= np.maximum.accumulate(balance.clip(min=0))))[0]
    return int(ends[-1]) + 1 if len(ends) else 0


def _refined(
    film: Film,
    rows: np.ndarray,
    columns: np.ndarray,
    side: int,
    depth: int,
    colour: float,
    tolerance: float,
) -> int:
    """The border's innermost line, to the pixel."""
    lines = columns if side in (_LEFT, _RIGHT) else rows
    lines = lines[::-1] if side in (_RIGHT, _BOTTOM) else lines
    known = int(lines[depth - 1])
    if depth == len(lines):
        return known
    step = 1 if lines[depth] > known else -1
    between = np.arange(known + step, int(lines[depth]), step)
    if not len(between):
        return known
    if side in (_LEFT, _RIGHT):
        greys = _greys_at(film, rows, between).T
    else:
        greys = _greys_at(film, between, columns)
    clean = (np.abs(greys - colour) <= tolerance).mean(axis=1) >= _CLEAN
    more = int(np.argmin(clean)) if not clean.all() else len(clean)
    return known + step * more


def _move(film: Film, box: list[int], side: int, innermost: int) -> bool:
    """Whether the side was moved to beyond the border's innermost line, as far as it may."""
    axis = 1 if side in (_LEFT, _RIGHT) else 0
    size, opposite = film.shape[axis], box[(side + 2) % 4]
    if side in (_LEFT, _TOP):
        new = min(innermost + 1, int(MOST * size), opposite - _LEAST_PX)
        moved = new > box[side]
    else:
        new = max(innermost, size - int(MOST * size), opposite + _LEAST_PX)
        moved = new < box[side]
    if moved:
        box[side] = new
    return moved
