"""The part of a film that a network is shown, and where places of one lie in the other.

Whatever is found in the part is shown on the whole film's own pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Crop:
    """The part of a film inside its borders.

    Sides are fractions of the film's width and height, 0 to 1, from the upper left corner.
    """

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
        """Rows and columns of the part, on a grid of that size over the whole film.

        They are those whose middle lies inside, one at least. A mirrored crop has the mirrored
        columns.
        """
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


WHOLE = Crop()


def _span(low: float, high: float, cells: int) -> tuple[int, int]:
    """First and last + 1 of a grid's cells whose middle lies between two fractions."""
    first = int(np.ceil(low * cells - 0.5 - 1e-6))
    last = int(np.floor(high * cells + 0.5 + 1e-6))
    if last <= first:  # a grid coarser than the part
        first = min(int((low + high) / 2 * cells), cells - 1)
        last = first + 1
    return first, last
