"""Films that are the same picture, within a dataset and between datasets.

First by hash, then by eye, as it were: copies are resized, squashed, compressed again, brightened,
written on. Two steps, so that 100,000 films never make a table of all pairs:

1. An index. Thumbnails of 32 px, centred and of length 1, correlate above 0.94 where they lie
   closer than sqrt(2 (1 - 0.94)). Principal components only ever bring points closer, so a k-d
   tree over the first 48 gives every such pair and few others, which the full thumbnails sift.
2. The detail. Many chests look alike at 32 px. Ribs and vessels distinguish them: at 64 px, with
   the coarse shapes and the borders taken away, at the best shift of up to two pixels, copies
   correlate above 0.6 and strangers below. What lies near that limit is, looked at, mostly the
   same person on another day, and belongs on one side of a split as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.fft import irfft2, rfft2
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

METHOD = "1"  # raised whenever what counts as a twin changes
ALIKE = 0.94
SAME = 0.6
_COMPONENTS = 48
_DETAIL_SIGMA_PX = 1.2
_BORDER_PX = 7  # of 64: markers, borders and collimation lie there
_SHIFT_PX = 2
_OUTLIER = 2.0  # standard deviations; arrows and letters weigh no more than that
_FOURIER_PX = 54  # room for the shift round the 50 px that are left
_AT_ONCE = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Twins:
    """Pairs of the same picture, and how alike they are.

    `pairs`: int64 (P, 2), the lower index first; `likeness`: float32 (P,), 1 for one file.
    """

    pairs: np.ndarray
    likeness: np.ndarray


def find_twins(thumbnails: np.ndarray, sha256: np.ndarray | None = None) -> Twins:
    """Pairs of same pictures among thumbnails, uint8 (N, 64, 64), and hashes, text (N,)."""
    hashed = np.empty((0, 2), np.int64) if sha256 is None else same_key(sha256)
    alike = pairs_alike(thumbnails)
    likeness = detail_likeness(thumbnails, alike)
    same = likeness > SAME
    pairs = np.concatenate([hashed, alike[same]])
    values = np.concatenate([np.ones(len(hashed), np.float32), likeness[same]])
    unique, first = np.unique(pairs, axis=0, return_index=True)
    return Twins(unique.reshape(-1, 2), values[first])


def group(count: int, pairs: np.ndarray) -> np.ndarray:
    """Pairs that belong together, int (pairs, 2), to a group number for each of `count` items."""
    ones = np.ones(len(pairs), bool)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1]


def same_key(keys: np.ndarray) -> np.ndarray:
    """Pairs of each item with the first of its key, int64 (pairs, 2); a missing key has none.

    A chain is enough to make a group.
    """
    codes, _ = pd.factorize(keys)
    known = np.nonzero(codes >= 0)[0]
    _, first, which = np.unique(codes[known], return_index=True, return_inverse=True)
    pairs = np.stack([known[first[which]], known], axis=1)
    return pairs[pairs[:, 0] != pairs[:, 1]]


def pairs_alike(thumbnails: np.ndarray) -> np.ndarray:
    """Pairs whose 32 px thumbnails correlate above ALIKE, int64 (pairs, 2)."""
    points = unit_rows(halved(thumbnails))
    centred = points - points.mean(axis=0)
    components = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :_COMPONENTS]
    tree = cKDTree(centred @ components)
    near = tree.query_pairs(np.sqrt(2 * (1 - ALIKE)), output_type="ndarray")
    sifted = [
        some[np.einsum("ij,ij->i", points[some[:, 0]], points[some[:, 1]]) > ALIKE]
        for some in _in_parts(near)
    ]
    return np.concatenate(sifted) if sifted else np.empty((0, 2), np.int64)


def detail_likeness(thumbnails: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """The correlation of fine detail at its best shift, float32 (pairs,)."""
    films, where = np.unique(pairs, return_inverse=True)
    where = where.reshape(pairs.shape)
    spectra = np.empty((len(films), _FOURIER_PX, _FOURIER_PX // 2 + 1), np.complex64)
    for start in range(0, len(films), _AT_ONCE):
        block = slice(start, start + _AT_ONCE)
        spectra[block] = rfft2(_detail(thumbnails[films[block]]), s=(_FOURIER_PX, _FOURIER_PX))
    shifts = np.r_[0 : _SHIFT_PX + 1, -_SHIFT_PX:0]
    best = []
    for some in _in_parts(where):
        product = spectra[some[:, 0]] * spectra[some[:, 1]].conj()
        correlation = irfft2(product, s=(_FOURIER_PX, _FOURIER_PX))
        best.append(correlation[:, shifts][:, :, shifts].max(axis=(1, 2)).astype(np.float32))
    return np.concatenate(best) if best else np.empty(0, np.float32)


def _detail(thumbnails: np.ndarray) -> np.ndarray:
    """What is left of thumbnails, (N, 64, 64), without coarse shapes and borders: (N, 50, 50)."""
    grey = thumbnails.astype(np.float32)
    fine = grey - gaussian_filter(grey, (0, _DETAIL_SIGMA_PX, _DETAIL_SIGMA_PX))
    fine = fine[:, _BORDER_PX:-_BORDER_PX, _BORDER_PX:-_BORDER_PX]
    spread = fine.std(axis=(1, 2), keepdims=True) + 1e-6
    clipped = np.clip(fine / spread, -_OUTLIER, _OUTLIER)
    return unit_rows(clipped.reshape(len(clipped), -1)).reshape(clipped.shape)


def halved(thumbnails: np.ndarray) -> np.ndarray:
    """uint8 (N, 64, 64) to float32 (N, 1024): means of 2 x 2."""
    count, side = thumbnails.shape[:2]
    halved = np.empty((count, (side // 2) ** 2), np.float32)
    for start in range(0, count, _AT_ONCE):
        some = thumbnails[start : start + _AT_ONCE].astype(np.float32)
        cells = some.reshape(len(some), side // 2, 2, side // 2, 2).mean(axis=(2, 4))
        halved[start : start + len(some)] = cells.reshape(len(some), -1)
    return halved


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Rows centred and of length 1, so that their product is their correlation."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-6)


def _in_parts(pairs: np.ndarray) -> list[np.ndarray]:
    return [pairs[start : start + _AT_ONCE] for start in range(0, len(pairs), _AT_ONCE)]
