"""Films held out that are training films, cut otherwise: the search for twins misses them.

    python -m benchmarks.cropped_twins MANIFEST [--weights weights] [--part "held out"]

Twins are sought by whole pictures, shifted by two of 64 px at most. Here each film of the part is
cut by up to a twentieth on every side, or given as much margin, in all 625 ways of five steps, and
its hash is sought among those of the weights' training films. Prints whose nearest is at most 50 of
256 bits away: look at them. Half a second a film.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from covid_core import markdown
from covid_core.datasets.manifest import read_manifest
from covid_core.datasets.split import Split
from covid_core.known_films import KnownFilms
from covid_core.levels import eight_bits
from covid_core.perceptual_hash import HASH_BITS, PICTURE, hashes_of
from covid_core.reading import read_file
from covid_core.weights import WEIGHTS, read_card

LIMIT = 50  # bits; pairs looked at were all of one picture up to here, and strangers from 53 on
STEPS = (-0.05, -0.025, 0, 0.025, 0.05)  # of a side, cut off or added at each edge
_SIDE_PX = 200
_MARGIN_PX = round(_SIDE_PX * max(STEPS))


def cuts(film: np.ndarray) -> np.ndarray:
    """A film, uint8 (H, W), cut in all ways: uint8 (625, 64, 64)."""
    square = Image.fromarray(film).resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BILINEAR)
    wide = Image.fromarray(np.pad(np.asarray(square), _MARGIN_PX, mode="edge"))
    low, high, side = _MARGIN_PX, _MARGIN_PX + _SIDE_PX, PICTURE.size_px
    made = []
    for left, top, right, bottom in product([_SIDE_PX * step for step in STEPS], repeat=4):
        box = (low + left, low + top, high - right, high - bottom)
        made.append(np.asarray(wide.resize((side, side), Image.Resampling.BILINEAR, box)))
    return np.stack(made)


def nearest(pictures: np.ndarray, signs: np.ndarray) -> tuple[int, int]:
    """Bits to, and row of, the nearest of some hashes, given as signs, float32 (N, 256)."""
    apart = (HASH_BITS - as_signs(hashes_of(pictures)) @ signs.T) / 2
    return int(apart.min()), int(apart.argmin()) % len(signs)


def as_signs(hashes: np.ndarray) -> np.ndarray:
    """-1 or 1 for each bit, float32 (N, 256)."""
    return np.unpackbits(hashes, axis=1).astype(np.float32) * 2 - 1


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--part", type=Split, default=Split.HELD_OUT)
    options = parser.parse_args()
    known = KnownFilms.load(options.weights, read_card(options.weights))
    if known is None:
        parser.error("these weights have no index: python -m covid_core index MANIFEST")
    table, signs = read_manifest(options.manifest), as_signs(known.hashes)
    paths = [Path(path) for path in table["path"][table["split"] == options.part.value]]
    found = []
    for path in tqdm(paths, unit="film"):
        bits, row = nearest(cuts(eight_bits(read_file(path).film)), signs)
        if bits <= LIMIT:
            found.append((bits, path.name, known.film(row)))
    rows = [[name, one.reference, one.split, str(bits)] for bits, name, one in sorted(
        found, key=lambda pair: pair[:2]
    )]  # fmt: skip
    print(markdown.table(["Film", "Known film", "Of the part", "Bits"], rows))
    print(f"\n{len(rows)} of {len(paths)} films of the part: {options.part.value}")


if __name__ == "__main__":
    main()
