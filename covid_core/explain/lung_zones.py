"""Which part of the evidence lies in which of six lung zones.

The zones are those of the Brixia score (Borghesi and Maroldi 2020): upper, middle and lower of each
lung. Brixia draws their borders at the aortic arch and at the inferior pulmonary veins, which
nothing here looks for: each lung's outline is cut in thirds of its height instead. And a zone's
share says where the network looked, not how ill that zone is.

Everything that distinguishes the sides is counted in whole numbers or summed exactly, so that a
mirrored film has the mirrored table, to the last bit.
"""

from __future__ import annotations

from math import fsum

import numpy as np

from covid_core.model.saliency import Saliency

ZONES: tuple[str, ...] = ("A", "B", "C", "D", "E", "F")
ZONE_TITLES: dict[str, str] = {
    "A": "right upper",
    "B": "right middle",
    "C": "right lower",
    "D": "left upper",
    "E": "left middle",
    "F": "left lower",
}  # the patient's right lies at the film's left
ATTENTION_NOTE = "Saliency map, not a lesion outline."
OPACITY_NOTE = "The model's own map, not a radiologist's outline."
_LEAST_LUNG = 0.01  # of the film's area; less is no lung


def attention_by_zone(saliency: Saliency, lungs: np.ndarray) -> tuple[float, ...] | None:
    """The share of a class's evidence in the lungs that is in each of ZONES, summing to 1.

    `lungs`: where they are over the whole film, bool (h, w). None where there are no two lungs, or
    no evidence for the class in them.
    """
    zones = zone_masks(lungs)
    if zones is None:
        return None
    evidence = saliency.positive(*lungs.shape).astype(np.float64)
    found = [fsum(evidence[zone].tolist()) for zone in zones]
    total = fsum(found)
    return tuple(one / total for one in found) if total > 0 else None


def zone_masks(lungs: np.ndarray) -> np.ndarray | None:
    """Where each of ZONES is, bool (6, h, w), of lungs, bool (h, w); None where there are no two.

    What lies exactly on the line between two lungs that touch is in no zone.
    """
    right, left = _sides(lungs)
    if min(right.sum(), left.sum()) < _LEAST_LUNG * lungs.size:
        return None
    return np.stack([*_thirds(right), *_thirds(left)])


def _thirds(lung: np.ndarray) -> list[np.ndarray]:
    """Upper, middle and lower third of one lung's height."""
    rows = np.nonzero(lung.any(axis=1))[0]
    third = 3 * (np.arange(len(lung)) - rows[0]) // (rows[-1] - rows[0] + 1)
    return [lung & (third == one)[:, np.newaxis] for one in range(3)]


def _sides(lungs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lung at the film's left, and that at its right.

    Each island goes to its own side as a whole, for a turned patient's lungs overlap from side to
    side; but lungs that touch are one island, and are parted at their waist.
    """
    from scipy.ndimage import label  # slow to import, and the empty page shows no film

    islands, _ = label(lungs)
    sizes = np.bincount(islands.ravel())
    sizes[0] = 0  # what is no island
    if not sizes.any():
        return lungs, lungs
    largest = islands == sizes.argmax()
    if 4 * sizes.max() > 3 * sizes.sum() and 2 * _width(largest) > lungs.shape[1]:
        side = np.sign(_across(lungs.shape[1]) - _waist(lungs))[np.newaxis]
    else:
        side = _by_island(islands, sizes)
    return lungs & (side < 0), lungs & (side > 0)


def _by_island(islands: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """-1, 0 or 1 by pixel: on which side of the middle of all islands the middle of its own is."""
    across = np.broadcast_to(_across(islands.shape[1]), islands.shape)
    sums = np.zeros(len(sizes), np.int64)
    np.add.at(sums, islands.ravel(), across.ravel())
    sums[0] = 0
    sides: np.ndarray = np.sign(sums * sizes.sum() - sums.sum() * sizes)[islands]
    return sides


def _across(width: int) -> np.ndarray:
    """Where columns lie, in halves of one from the film's middle: int64 (width,)."""
    return 2 * np.arange(width) - (width - 1)


def _width(mask: np.ndarray) -> int:
    columns = np.nonzero(mask.any(axis=0))[0]
    return int(columns[-1] - columns[0]) + 1


def _waist(lungs: np.ndarray) -> int:
    """Where lungs that touch are thinnest, in the middle half of their width: as `_across`."""
    columns = np.nonzero(lungs.any(axis=0))[0]
    aside = _width(lungs) // 4
    first, last = columns[0] + aside, columns[-1] - aside
    counts = lungs[:, first : last + 1].sum(axis=0)
    thinnest = first + np.nonzero(counts == counts.min())[0]
    across = _across(lungs.shape[1])
    return int(across[thinnest[0]] + across[thinnest[-1]]) // 2
