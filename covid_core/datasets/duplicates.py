"""Films that are the same picture: within a dataset, and between datasets.

Two films are twins where their 32 x 32 grey thumbnails correlate above 0.99. The similarity of
chest films is sharply two-peaked there: copies resized, squashed or compressed again stay above.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

THUMBNAIL_PX = 32
TWIN_CORRELATION = 0.99
_ROWS_AT_ONCE = 2048


def twin_pairs(pictures: np.ndarray, threshold: float = TWIN_CORRELATION) -> np.ndarray:
    """Pictures, uint8 (N, S, S) with S a multiple of 32, to pairs of twins, int (pairs, 2).

    Compares block by block: N^2 time, but never an N x N table in memory.
    """
    count, side = len(pictures), pictures.shape[1]
    cell = side // THUMBNAIL_PX
    found: list[np.ndarray] = [np.empty((0, 2), np.int64)]
    thumbnails = np.empty((count, THUMBNAIL_PX**2), np.float32)
    for start in range(0, count, _ROWS_AT_ONCE):
        block = pictures[start : start + _ROWS_AT_ONCE].astype(np.float32)
        cells = block.reshape(len(block), THUMBNAIL_PX, cell, THUMBNAIL_PX, cell)
        thumbnails[start : start + len(block)] = cells.mean(axis=(2, 4)).reshape(len(block), -1)
    thumbnails -= thumbnails.mean(axis=1, keepdims=True)
    thumbnails /= np.linalg.norm(thumbnails, axis=1, keepdims=True) + 1e-6
    for start in range(0, count, _ROWS_AT_ONCE):
        correlation = thumbnails[start : start + _ROWS_AT_ONCE] @ thumbnails[start:].T
        rows, columns = np.nonzero(correlation > threshold)
        later = columns > rows
        found.append(np.stack([rows[later], columns[later]], axis=1) + start)
    return np.concatenate(found)


def group(count: int, pairs: np.ndarray) -> np.ndarray:
    """Pairs that belong together, int (pairs, 2), to a group number for each of `count` items."""
    ones = np.ones(len(pairs), bool)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1]
