"""Where the patient is in a film, from its greys: nothing is drawn beside or above the body.

Air beside a patient is the darkest of a film's greys. Otsu's threshold (1979), in its form for
three classes (air, lungs and fat, denser tissue), parts it from the rest; what is bright and joined
is the body, and what it encloses belongs to it, above all the lungs. Where a film shows no air the
darkest class is something else, so lungs found otherwise, and what is between them, are always
inside.
"""

from __future__ import annotations

import numpy as np

from covid_core.read.radiograph import Radiograph

_SIDE_PX = 128  # as the lungs' outline has it: its greys are made already
_SOFT_PX = 2.0
_RANGE = (1, 99)  # percentiles: burned-in letters are no part of a film's range
_BINS = 64
_LEAST = 0.35  # of the film inside its borders; less is no chest, and nothing was found


def find_body(radiograph: Radiograph, lungs: np.ndarray) -> np.ndarray:
    """Where the body is, bool (128, 128) over the whole film; nothing outside the film's borders.

    `lungs`: where they are over the whole film, bool (128, 128). The whole film inside its borders
    where no body is distinguished.
    """
    (greys,) = radiograph.shrunk((_SIDE_PX, _SIDE_PX))
    part = radiograph.crop.slices(*greys.shape)
    body = np.zeros(greys.shape, bool)
    body[part] = _body_inside(greys[part], lungs[part])
    return body


def _body_inside(greys: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    """The body in a film without borders, float32 (h, w) and the lungs in it: bool (h, w)."""
    from scipy.ndimage import gaussian_filter, label  # slow to import, and many films need none

    low, high = np.percentile(greys, _RANGE)
    if high <= low:
        return np.ones(greys.shape, bool)
    soft = gaussian_filter(np.clip((greys - low) / (high - low), 0, 1), _SOFT_PX)
    parts, _ = label((soft >= _air_below(soft)) | _filled_across(lungs))
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0  # what is no part
    body = _filled_across(parts == sizes.argmax())  # and so without holes
    return body if body.mean() >= _LEAST else np.ones(greys.shape, bool)


def _air_below(greys: np.ndarray) -> float:
    """The lower of the two thresholds that part greys, 0 to 1, into three classes best.

    That is, with the most variance between the classes (Otsu 1979).
    """
    counts, edges = np.histogram(greys, _BINS, (0, 1))
    weight = np.concatenate([[0], np.cumsum(counts)]).astype(np.float64)
    first = np.concatenate([[0], np.cumsum(counts * np.arange(_BINS))]).astype(np.float64)
    # between[i, j]: what bins i to j - 1 as one class add to the variance, but for a constant.
    total = np.maximum(weight[np.newaxis] - weight[:, np.newaxis], 1)
    between = (first[np.newaxis] - first[:, np.newaxis]) ** 2 / total
    both = between[0, :, np.newaxis] + between + between[:, -1]
    both[np.tril_indices(_BINS + 1)] = -1  # the second threshold lies above the first
    lower, _ = np.unravel_index(int(both.argmax()), both.shape)
    return float(edges[lower])


def _filled_across(mask: np.ndarray) -> np.ndarray:
    """Each row of a mask, bool (h, w), filled from its first place to its last."""
    since_left = np.maximum.accumulate(mask, axis=1)
    since_right = np.maximum.accumulate(mask[:, ::-1], axis=1)[:, ::-1]
    filled: np.ndarray = since_left & since_right
    return filled
