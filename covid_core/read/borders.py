"""Borders around a radiograph: bars of one colour, padding, frames, the collimator's shadow.

They hold no anatomy, differ between hospitals, and change every grey of a picture whose histogram
is equalised. `find_crop` finds the part inside them from the greys alone.

A line of pixels belongs to a border if it has the border's colour from end to end; so dark air
beside a patient is none as long as a shoulder, an arm or a gradient crosses it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from covid_core.crop import Crop
from covid_core.read.grey_levels import Film, Levels, part_of

MOST = 0.4  # of the film's width or height that is cut off at each side
_LINES = 256  # of a side that are looked at
_LEAST_PX = 32  # of a side that is left
_SPARSE = 4  # of these, for the range of grey
_ROUNDS = 24  # one side each: borders inside borders, and lines inside them
_SPOTLESS, _CLEAN = 0.995, 0.97  # share of a line in the border's colour
_MARKED = 0.7  # the same where a marker's letter or a text lies on it
_THIN = 2  # lines of another colour, as frames have them
_CLEAN_LINES = 0.2  # share of a border's lines that nothing lies on
_STILL = 0.006  # of the film's range of grey: how far a plain border strays, 1.5 of 255
_NOISE, _NOISY = (0.02, 0.08), 0.02  # tolerance, least and most, and noise of a noisy border
_DEVIATIONS = 4.0  # of the noise
_EDGE_SHARE, _EDGE_LINES = 0.2, (1, 4)  # of a noisy border: so much of the lines beyond differs
_EDGE_DEVIATIONS = 5.0
_RANGE = (0.5, 99.5)  # percentiles
_LEFT, _TOP, _RIGHT, _BOTTOM = range(4)


@dataclass(frozen=True, slots=True)
class _Border:
    """A border: the lines from a side inwards that have one colour within `tolerance`.

    `depth`: how many lines are looked at; `clean`: the share of a line that must have the colour.
    """

    depth: int
    colour: float
    tolerance: float
    clean: float

    def shares(self, greys: np.ndarray) -> np.ndarray:
        """The share of each line, (lines, across), in its colour: float64 (lines,)."""
        share: np.ndarray = (np.abs(greys - self.colour) <= self.tolerance).mean(axis=1)
        return share


@dataclass(frozen=True, slots=True)
class _Side:
    """What is seen from one side inwards.

    `greys`: of its lines, (lines, across), the outermost first. `span`: the film's range of grey.
    `still`: the colours, of those of the outermost lines, that one of these may have throughout.
    """

    greys: np.ndarray
    span: float
    still: tuple[float, ...]

    @classmethod
    def of(cls, greys: np.ndarray, span: float) -> _Side:
        """The side with its colours, which most films have none of: then little else is done."""
        outermost = greys[: _THIN + 1]
        colours = np.median(outermost, axis=1)
        apart = np.abs(outermost - colours[:, np.newaxis, np.newaxis])
        shares = (apart <= _STILL * span).mean(axis=2).max(axis=1)
        return cls(greys, span, tuple(colours[shares >= _MARKED].tolist()))


def crop_film(film: Film, crop: Crop) -> Film:
    """The part of a film, its pixels not copied."""
    return film if crop.is_whole else part_of(film, *crop.slices(*film.shape))


def find_crop(film: Film) -> Crop:
    """The part of a film inside its borders; the whole film if it has none.

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


def _cut(film: Film, box: list[int]) -> bool:
    """Whether any side of the box, in pixels, was moved inwards."""
    columns, rows = _places(box)
    greys = _greys_at(film, rows, columns)
    low, high = np.percentile(greys[::_SPARSE, ::_SPARSE], _RANGE)
    sides = [_Side.of(_from_side(greys, side), float(high - low)) for side in range(4)]
    moved = False
    for find_border in _KINDS:
        for side, seen in enumerate(sides):
            border = find_border(seen)
            if border and _move(film, box, side, _innermost(film, rows, columns, side, border)):
                moved = True
                if border.clean < _SPOTLESS:
                    return True
        if moved:
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


def _still_border(side: _Side, clean: float) -> _Border | None:
    """A border of one exact colour; None if there is none."""
    for colour in side.still:
        border = _Border(0, colour, _STILL * side.span, clean)
        depth = _depth(side.greys, border)
        if depth:
            return replace(border, depth=depth)
    return None


def _noisy_border(side: _Side) -> _Border | None:
    """A border with noise in it, that ends at an edge; None if there is none."""
    greys, span = side.greys, side.span
    outermost = greys[: _THIN + 1]
    colour = float(np.median(outermost))
    noise = 1.4826 * float(np.median(np.abs(outermost - colour)))
    if noise > _NOISY * span:
        return None
    tolerance = float(np.clip(_DEVIATIONS * noise, _NOISE[0] * span, _NOISE[1] * span))
    border = _Border(0, colour, tolerance, _CLEAN)
    depth = _depth(greys, border)
    first, last = (depth + step for step in _EDGE_LINES)
    if not depth or first >= len(greys):
        return None
    beyond = np.abs(greys[first:last].mean(axis=0) - colour)
    is_edge = (beyond > max(2 * _NOISE[0] * span, _EDGE_DEVIATIONS * noise)).mean() >= _EDGE_SHARE
    return replace(border, depth=depth) if is_edge else None


def _depth(greys: np.ndarray, border: _Border) -> int:
    """How many lines from the outermost are the border's: up to the last clean one.

    Thin lines of another colour, and lines on which letters lie, are passed over where enough clean
    ones follow.
    """
    if border.shares(greys[: _THIN + 1]).max() < _MARKED:
        return 0
    shares = border.shares(greys)
    foreign = (shares < _MARKED).astype(np.intp)
    runs = np.convolve(foreign, np.ones(_THIN + 1, np.intp), "valid") > _THIN
    reach = int(np.argmax(runs)) if runs.any() else len(shares)
    clean = shares[:reach] >= border.clean
    balance = np.where(clean, 1 - _CLEAN_LINES, -_CLEAN_LINES).cumsum()
    # At its highest so far, all stretches that end there have clean lines enough, however long the
    # border is before them.
    ends = np.nonzero(clean & (balance >= np.maximum.accumulate(balance.clip(min=0))))[0]
    return int(ends[-1]) + 1 if len(ends) else 0


def _innermost(
    film: Film, rows: np.ndarray, columns: np.ndarray, side: int, border: _Border
) -> int:
    """The border's innermost line, to the pixel."""
    is_column = side in (_LEFT, _RIGHT)
    lines = columns if is_column else rows
    lines = lines[::-1] if side in (_RIGHT, _BOTTOM) else lines
    known = int(lines[border.depth - 1])
    if border.depth == len(lines):
        return known
    step = 1 if lines[border.depth] > known else -1
    between = np.arange(known + step, int(lines[border.depth]), step)
    if not len(between):
        return known
    where = (rows, between) if is_column else (between, columns)
    greys = _greys_at(film, *where)
    clean = border.shares(greys.T if is_column else greys) >= border.clean
    return known + step * (len(clean) if clean.all() else int(np.argmin(clean)))


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


# The spotless first: a border at the ends of a film's lines makes them seem cleaner than they are.
_KINDS: tuple[Callable[[_Side], _Border | None], ...] = (
    partial(_still_border, clean=_SPOTLESS),
    partial(_still_border, clean=_CLEAN),
    _noisy_border,
)
