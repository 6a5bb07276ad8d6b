"""What a picture looks like in 256 bits, alike for copies: sized anew, compressed, brightened.

A hash of the discrete cosine transform's signs, as pHash's (Zauner, Implementation and benchmarking
of perceptual image hash functions, 2010). The lowest four frequencies of each direction, which all
chests share, are left out: what is kept are ribs, vessels, devices. Of 4096 pixels 256 signs stay,
a ghost of the film (`benchmarks.seen_before` draws it), that shows whether two films are alike.
"""

from __future__ import annotations

import numpy as np

from covid_core.prepare.preprocess import Preprocess

PICTURE = Preprocess(size_px=64, fit="squash")  # what is hashed; copies differ in aspect
HASH_BITS = 256
SAME_PICTURE = 40  # bits: where copies end and strangers begin, by `benchmarks.seen_before`
_SHARED, _KEPT = 4, 16  # frequencies of each direction, the lowest first


def hashes_of(pictures: np.ndarray) -> np.ndarray:
    """Pictures that `PICTURE` made, uint8 (N, 64, 64), to hashes, uint8 (N, 32), of 256 bits."""
    waves = _waves(pictures.shape[-1])
    spectrum = waves @ pictures.astype(np.float32) @ waves.T
    return np.packbits((spectrum > 0).reshape(len(pictures), HASH_BITS), axis=1)


def distances(one: np.ndarray, hashes: np.ndarray) -> np.ndarray:
    """How many bits of a hash, (32,), differ from each of some, (N, 32): int64 (N,), 0 to 256."""
    return np.bitwise_count(hashes ^ one).sum(axis=1, dtype=np.int64)


def find_copy(picture: np.ndarray, hashes: np.ndarray) -> tuple[int, int] | None:
    """Which of some hashes, (N, 32), is of the same picture, and how many bits differ; else None.

    `picture`: uint8 (64, 64), as `PICTURE` makes it.
    """
    apart = distances(hashes_of(picture[np.newaxis])[0], hashes)
    nearest = int(apart.argmin())
    return (nearest, int(apart[nearest])) if apart[nearest] <= SAME_PICTURE else None


def _waves(size_px: int) -> np.ndarray:
    """The cosines kept, float32 (16, size_px), of the transform's second kind."""
    frequencies = np.arange(_SHARED, _SHARED + _KEPT)[:, np.newaxis]
    places = 2 * np.arange(size_px) + 1
    return np.cos(np.pi * frequencies * places / (2 * size_px)).astype(np.float32)
