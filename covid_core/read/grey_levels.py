"""A film in the few numbers that its file stores, and the grey that each of them stands for.

A film has millions of pixels, but at most 65,536 levels. What is done to every pixel alike
(rescale, window, inversion) is therefore done to the levels, statistics come from their counts, and
greys are made strip by strip while the film shrinks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

_GAP = 3.0  # down to so many times the size wanted, blocks are averaged; then interpolated
_STRIP_PX = 1 << 17  # its greys stay in a core's cache
_FEW = ("u1", "u2", "i1", "i2")  # types of so few values that a table holds them all


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """A film as stored.

    `codes`: uint8 or uint16 (height, width), read-only. `counts`: int64 (n,), how many pixels hold
    each code. `tones`: float32 (n,), the grey of each, 0 black to 1 white; 0 where no pixel has it.
    """

    codes: np.ndarray
    counts: np.ndarray
    tones: np.ndarray

    def __post_init__(self) -> None:
        self.codes.flags.writeable = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width, in px."""
        return self.codes.shape


Film = Levels | np.ndarray  # the array: pixels, float32 (height, width), 0 black to 1 white


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A file's numbers, before it is known what grey each is.

    `values`: of 8 and 16-bit whole numbers every one that occurs, once, (k,); of other numbers all
    of them, (height, width). `codes`, `counts`: as in Levels; None where `values` are all.
    """

    values: np.ndarray
    codes: np.ndarray | None = None
    counts: np.ndarray | None = None

    @classmethod
    def of(cls, numbers: np.ndarray) -> Stored:
        """The record of real numbers of any type, (height, width)."""
        if numbers.dtype.str[1:] not in _FEW:
            return cls(numbers)
        native = np.ascontiguousarray(numbers, numbers.dtype.newbyteorder("="))
        codes = native.view(f"u{native.itemsize}")
        counts = _counted(codes, 256 if codes.itemsize == 1 else int(codes.max()) + 1)
        held = np.flatnonzero(counts).astype(codes.dtype)
        return cls(held.view(native.dtype), codes, counts)

    def film(self, greys: np.ndarray) -> Film:
        """The film whose `values` have these greys, float32 of their shape, 0 to 1."""
        if self.codes is None or self.counts is None:
            return greys
        return Levels(self.codes, self.counts, self.table(greys))

    def table(self, held: np.ndarray) -> np.ndarray:
        """Anything of each of the `values` as a table by code, (n,): 0 where no pixel has it."""
        assert self.counts is not None
        table = np.zeros(len(self.counts), held.dtype)
        table[self.counts > 0] = held
        return table


def part_of(film: Film, rows: slice, columns: slice) -> Film:
    """Some rows and columns of a film, from one to before another, its pixels not copied."""
    if not isinstance(film, Levels):
        return film[rows, columns]
    codes = film.codes[rows, columns]
    if 2 * codes.size < film.codes.size:
        return Levels(codes, _counted(codes, len(film.counts)), film.tones)
    across = film.codes[rows]
    beyond = (
        film.codes[: rows.start],
        film.codes[rows.stop :],
        across[:, : columns.start],
        across[:, columns.stop :],
    )
    counts = film.counts.copy()
    for piece in filter(np.size, beyond):  # less than is left, so that is what is counted
        counts -= _counted(piece, len(counts))
    return Levels(codes, counts, film.tones)


def pixels_of(film: Film) -> np.ndarray:
    """All greys, float32 (height, width), 0 to 1."""
    return looked_up(film.codes, film.tones) if isinstance(film, Levels) else film


def eight_bits(film: Film) -> np.ndarray:
    """All greys as uint8 (height, width), each to the nearest of 256."""
    if isinstance(film, Levels):
        return looked_up(film.codes, np.rint(film.tones * 255).astype(np.uint8))
    return np.rint(film * 255).astype(np.uint8)


def percentile(film: Film, per_cent: float) -> float:
    """The grey, 0 to 1, below which so many of a hundred pixels lie, as `np.percentile` has it."""
    if not isinstance(film, Levels):
        return float(np.percentile(film, per_cent))
    order = np.argsort(film.tones)
    reached = film.counts[order].cumsum()
    place = (film.codes.size - 1) * per_cent / 100
    around = np.searchsorted(reached, (int(place), int(np.ceil(place))), side="right")
    below, above = (float(tone) for tone in film.tones[order[around]])
    return below + (above - below) * (place % 1)


def share_above(film: Film, grey: float) -> float:
    """Which share of the pixels is whiter than that, 0 to 1."""
    if not isinstance(film, Levels):
        return float((film > grey).mean())
    return float(film.counts[film.tones > grey].sum()) / film.codes.size


def shrunk(film: Film, *sizes: tuple[int, int]) -> list[np.ndarray]:
    """Greys at each of the sizes, (width, height) in pixels: float32 (height, width), 0 to 1.

    By Pillow's bilinear filter, which widens its support when shrinking and so does not alias; to
    the last bit as its `resize(…, reducing_gap=3)` of all greys. But a large film is turned to
    greys, and these to averages of blocks, strip by strip, and once for all sizes.
    """
    blocks = [_block(film.shape, *size) for size in sizes]
    reduced = _reduced(film, set(blocks))
    small = []
    for size, block in zip(sizes, blocks, strict=True):
        box = (0, 0, film.shape[1] / block[0], film.shape[0] / block[1])
        small.append(np.asarray(reduced[block].resize(size, Image.Resampling.BILINEAR, box)))
    return small


def _block(shape: tuple[int, ...], width: int, height: int) -> tuple[int, int]:
    """Columns and rows that become one before the filter."""
    return int(shape[1] / width / _GAP) or 1, int(shape[0] / height / _GAP) or 1


def _reduced(film: Film, blocks: set[tuple[int, int]]) -> dict[tuple[int, int], Image.Image]:
    """The film with each of these blocks averaged."""
    if (1, 1) in blocks:
        whole = _greys(film, 0, film.shape[0])
        return {block: whole if block == (1, 1) else whole.reduce(block) for block in blocks}
    parts: dict[tuple[int, int], list[np.ndarray]] = {block: [] for block in blocks}
    for top, bottom in _strips(film.shape, math.lcm(*(down for _, down in blocks))):
        strip = _greys(film, top, bottom)
        for block, done in parts.items():
            done.append(np.asarray(strip.reduce(block)))
    return {block: Image.fromarray(np.concatenate(done)) for block, done in parts.items()}


def looked_up(codes: np.ndarray, table: np.ndarray) -> np.ndarray:
    """The entries `table[codes]`, (height, width); the codes where that would change none.

    It is made in strips: numpy turns the codes into integers of its own, which so stay in a core's
    cache.
    """
    if table.dtype == codes.dtype and np.array_equal(table, np.arange(len(table))):
        return codes
    found = np.empty(codes.shape, table.dtype)
    for top, bottom in _strips(codes.shape):
        np.take(table, codes[top:bottom].astype(np.intp), out=found[top:bottom], mode="wrap")
    return found


def _greys(film: Film, top: int, bottom: int) -> Image.Image:
    """A strip of rows, as a picture of float32."""
    if not isinstance(film, Levels):
        return Image.fromarray(film[top:bottom])
    strip = film.codes[top:bottom]
    if strip.dtype == np.uint8:
        return Image.fromarray(strip).point(film.tones.tolist(), "F")
    return Image.fromarray(looked_up(strip, film.tones))


def _counted(codes: np.ndarray, length: int) -> np.ndarray:
    """How many pixels hold each code, int64 (length,): 256 for 8 bits, else above the largest."""
    if codes.dtype == np.uint8:
        return np.array(Image.fromarray(codes).histogram(), np.int64)
    counts = np.zeros(length, np.int64)
    for top, bottom in _strips(codes.shape):
        counts += np.bincount(codes[top:bottom].ravel(), minlength=len(counts))
    return counts


def _strips(shape: tuple[int, ...], down: int = 1) -> Iterator[tuple[int, int]]:
    """Top and bottom of strips of about _STRIP_PX, all but the last a multiple of `down` rows."""
    rows = max(_STRIP_PX // shape[1] // down, 1) * down
    for top in range(0, shape[0], rows):
        yield top, min(top + rows, shape[0])
