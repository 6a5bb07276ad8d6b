"""How many radiographs have borders that would be cut off, how much of them, and in what time.

python -m benchmarks.borders MANIFEST [--films 300]
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.arguments import parser_of
from covid_core.datasets.manifest import read_manifest
from covid_core.present import markdown
from covid_core.read.borders import find_crop
from covid_core.read.reading import read_file

HEADER = (
    "Source",
    "Radiographs",
    "Cut at all",
    "Cut by more than 1%",
    "Median of those cut",
    "95th percentile of all",
    "ms, median",
    "ms, 95th percentile",
)
_REPEATS = 3  # the quickest counts


def measure(paths: Sequence[Path]) -> tuple[np.ndarray, np.ndarray]:
    """The share that is cut off each, 0 to 1, and the milliseconds that finding it took."""
    shares, times = [], []
    for path in paths:
        film, spent = read_file(path).film, []
        for _ in range(_REPEATS):
            start = time.perf_counter()
            crop = find_crop(film)
            spent.append(1000 * (time.perf_counter() - start))
        shares.append(crop.share)
        times.append(min(spent))
    return np.array(shares), np.array(times)


def row(source: str, shares: np.ndarray, times: np.ndarray) -> list[str]:
    """The cells of one source in the table of HEADER."""
    cut = shares[shares > 0]
    return [
        source,
        str(len(shares)),
        str(len(cut)),
        str((shares > 0.01).sum()),
        f"{np.median(cut):.3f}" if len(cut) else "",
        f"{np.percentile(shares, 95):.3f}",
        f"{np.median(times):.1f}",
        f"{np.percentile(times, 95):.1f}",
    ]


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--films", type=int, default=300, help="of each source")
    options = parser.parse_args()
    rows = []
    for source, own in read_manifest(options.manifest).groupby("source"):
        chosen = own.sample(min(options.films, len(own)), random_state=1)
        rows.append(row(str(source), *measure([Path(path) for path in chosen["path"]])))
    print(markdown.table(list(HEADER), rows))


if __name__ == "__main__":
    main()
