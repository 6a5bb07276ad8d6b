"""Films with a part covered, for tests of what an answer depends on.

The audits use them, and so do the checks beside a single film.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from covid_core.crop import WHOLE, Crop

LEAST_LUNG = 0.05  # of the film's area; with less, no lungs were found to cover
_MARGIN = 4 / 128  # how far a mask is widened, of the film's side, so that no edge remains
_GAP = 6 / 128  # half of the widest gap that is closed: dense consolidation tears masks apart
_LEAST_WEIGHT = 1e-6  # of the surroundings: far inside a very large lung
_BLUR = 0.1  # standard deviation, of the side: no opacity is left, and no edge is made


def lungs_out(film: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    """The film, uint8 (h, w), black where the mask has lungs."""
    return np.where(lungs, 0, film).astype(np.uint8)


def lungs_only(film: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    """The film's lungs, uint8 (h, w), black around them."""
    return np.where(lungs, film, 0).astype(np.uint8)


def painted_over(film: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    """The film, uint8 (h, w), its lungs filled from what surrounds them, smoother inwards.

    Neither lungs nor a hole are seen (normalised convolution: Knutsson and Westin 1993).
    """
    from scipy.ndimage import gaussian_filter  # slow to import, and the empty page shows no film

    deviation = _BLUR * len(film)
    weight = gaussian_filter((~lungs).astype(np.float64), deviation)
    around = gaussian_filter(np.where(lungs, 0.0, film), deviation)
    filled = np.rint(around / np.maximum(weight, _LEAST_WEIGHT))
    return np.where(lungs, filled, film).astype(np.uint8)


def widened(mask: np.ndarray, shape: tuple[int, ...], crop: Crop = WHOLE) -> np.ndarray:
    """A lung mask, bool of a shape, with gaps and holes closed and a little wider on all sides.

    `mask`: over a whole film, bool (m, m). `shape`: of the film, or of its crop.
    """
    if not mask.any():
        return np.zeros(shape, bool)
    middle = round(float(np.nonzero(mask)[1].mean()))
    on_one_side = np.arange(len(mask)) < middle
    # One lung at a time, or the gap between them would be closed too.
    wide = _grown(mask & on_one_side) | _grown(mask & ~on_one_side)
    height, width = shape
    side = len(mask)
    box = (crop.left * side, crop.top * side, crop.right * side, crop.bottom * side)
    return np.asarray(Image.fromarray(wide).resize((width, height), Image.Resampling.NEAREST, box))


def blurred(picture: np.ndarray) -> np.ndarray:
    """A picture, uint8 (S, S), so blurred that no opacity is left."""
    from scipy.ndimage import gaussian_filter  # slow to import, and the empty page shows no film

    found: np.ndarray = gaussian_filter(picture, _BLUR * len(picture), mode="nearest")
    return found


def place_in_line(cells: np.ndarray, side_px: int) -> np.ndarray:
    """The share of pixels that are hotter than each pixel of a map, from 0 to below 1.

    `cells`: the map, (h, w); the answer is float64 (side_px, side_px).
    """
    heat = Image.fromarray(cells.astype(np.float32))
    fine = np.asarray(heat.resize((side_px, side_px), Image.Resampling.BICUBIC))
    place = np.empty(fine.size)
    place[np.argsort(-fine, axis=None, kind="stable")] = np.arange(fine.size) / fine.size
    return place.reshape(fine.shape)


def _grown(mask: np.ndarray) -> np.ndarray:
    from scipy.ndimage import binary_fill_holes, distance_transform_edt

    if not mask.any():
        return mask
    side, room = len(mask), len(mask) // 8  # what lies beyond the film is no edge
    grown = distance_transform_edt(~np.pad(mask, room)) <= (_GAP + _MARGIN) * side
    closed = binary_fill_holes(distance_transform_edt(grown) > _GAP * side)
    return np.asarray(closed[room:-room, room:-room])
