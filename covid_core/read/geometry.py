"""How a picture lies: turned as the file says that the patient lies in it, its pixels square.

The standard hanging of a frontal film: the patient's left at its right edge, his feet at its lower.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from covid_core.read.grey_levels import Film, Levels, pixels_of
from covid_core.read.radiograph import Unwindowed

_OPPOSITES = str.maketrans("LRAPHF", "RLPAFH")
_LEAST_UNEQUAL = 0.01  # sides of a pixel that differ by less are as good as equal
MOST_UNEQUAL = 4.0


@dataclass(frozen=True, slots=True)
class Turn:
    """How a picture is turned.

    `transposed`: rows become columns, before the others. `mirrored`: left and right change places.
    `flipped`: top and bottom do.
    """

    transposed: bool = False
    mirrored: bool = False
    flipped: bool = False

    @classmethod
    def from_orientation(cls, orientation: str) -> Turn:
        """The turn that brings a radiograph of this Patient Orientation to the standard hanging.

        "R", "F": along a row to the patient's right, down a column to the feet. No turn for an
        orientation that no frontal radiograph has.
        """
        if not is_frontal(orientation):
            return cls()
        row, column = _leading(orientation)
        transposed = row in "HF"
        if transposed:
            row, column = column, row
        return cls(transposed, row == "R", column == "H")

    def __bool__(self) -> bool:
        return self.transposed or self.mirrored or self.flipped

    def apply(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels (height, width), turned."""
        turned = pixels.T if self.transposed else pixels
        turned = turned[:: -1 if self.flipped else 1, :: -1 if self.mirrored else 1]
        return np.ascontiguousarray(turned)

    def orientation_after(self, orientation: str) -> str:
        """The Patient Orientation of a film that had this one, once it is turned."""
        if not self:
            return orientation
        row, column = orientation.split("\\")
        if self.transposed:
            row, column = column, row
        return "\\".join(
            (
                row.translate(_OPPOSITES) if self.mirrored else row,
                column.translate(_OPPOSITES) if self.flipped else column,
            )
        )


def is_frontal(orientation: str) -> bool:
    """Whether a frontal radiograph can have this Patient Orientation; "" is none."""
    row, column = _leading(orientation)
    return (row in "LR" and column in "HF") or (row in "HF" and column in "LR")


def shown_orientation(orientation: str) -> str:
    """The Patient Orientation of a film as it is shown here, from that of its file."""
    return Turn.from_orientation(orientation).orientation_after(orientation)


def turn_film(film: Film, turn: Turn) -> Film:
    """A film, turned."""
    if isinstance(film, Levels):
        return replace(film, codes=turn.apply(film.codes))
    return turn.apply(film)


def turn_unwindowed(whole: Unwindowed, turn: Turn) -> Unwindowed:
    """All that a file holds, turned."""
    return replace(whole, codes=turn.apply(whole.codes))


def square_size(width: int, height: int, ratio: float) -> tuple[int, int]:
    """The width and height of a picture in square pixels.

    `ratio`: how many times as high as wide its pixels are now. The shorter side of a pixel decides,
    so that none is lost.
    """
    if abs(ratio - 1) < _LEAST_UNEQUAL:
        return width, height
    if ratio > 1:
        return width, max(round(height * ratio), 1)
    return max(round(width / ratio), 1), height


def stretch_film(film: Film, size: tuple[int, int]) -> np.ndarray:
    """A film at another size, (width, height): float32 (height, width), 0 to 1."""
    return _stretched(pixels_of(film), size)


def stretch_unwindowed(whole: Unwindowed, size: tuple[int, int]) -> Unwindowed:
    """All that a file holds, at another size."""
    values = _stretched(whole.values().astype(np.float32), size)
    return replace(whole, codes=np.rint(values).astype(np.uint16), table=None)


def _stretched(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The pixels resized by Pillow's bilinear filter: no value lies beyond those beside it."""
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def _leading(orientation: str) -> tuple[str, str]:
    """The main direction along a row and down a column; "-" where there is none."""
    row, _, column = orientation.partition("\\")
    return row[:1] or "-", column[:1] or "-"
