"""How well and how fast twins are found: against plain correlation, near the limit, at scale.

    python -m benchmarks.duplicates DIR [--sheet borderline.png] [--scale 100000]

DIR: datasets, as for `python -m covid_core manifest`. The sheet, for the eye, holds radiographs.
"""

from __future__ import annotations

import os
import resource
import time
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.arguments import parser_of
from covid_core.datasets import duplicates
from covid_core.datasets.case import Case
from covid_core.datasets.layouts import read_cases
from covid_core.datasets.survey import survey

PLAIN = 0.99
_ROWS = 2048
_SHOWN = 26  # pairs on each side of the limit
_FILM_PX = 150


def plain_pairs(thumbnails: np.ndarray) -> np.ndarray:
    """All pairs whose 32 px thumbnails correlate above 0.99, by comparing each with each."""
    points = duplicates.unit_rows(duplicates.halved(thumbnails))
    found = []
    for start in range(0, len(points), _ROWS):
        rows, columns = np.nonzero(points[start : start + _ROWS] @ points[start:].T > PLAIN)
        later = columns > rows
        found.append(np.stack([rows[later], columns[later]], axis=1) + start)
    return np.concatenate(found)


def by_sources(pairs: np.ndarray, sources: np.ndarray) -> Counter[str]:
    return Counter(" and ".join(sorted((sources[a], sources[b]))) for a, b in pairs)


def larger(thumbnails: np.ndarray, count: int) -> np.ndarray:
    """Strangers enough: crops, some mirrored, of the films there are."""
    drawing = np.random.default_rng(0)
    many = np.empty((count, 64, 64), np.uint8)
    for i in range(count):
        film = Image.fromarray(thumbnails[i % len(thumbnails)])
        left, top = drawing.uniform(0, 16, 2)
        side = drawing.uniform(40, 48)
        crop = film.resize((64, 64), Image.Resampling.BICUBIC, (left, top, left + side, top + side))
        picture = np.asarray(crop)
        many[i] = picture[:, ::-1] if drawing.random() < 0.5 else picture
    return many


def sheet(cases: list[Case], pairs: np.ndarray, likeness: np.ndarray, path: Path) -> None:
    """The pairs nearest the limit, on either side."""
    order = np.argsort(likeness)
    limit = int(np.searchsorted(likeness[order], duplicates.SAME))
    chosen = order[max(0, limit - _SHOWN) : limit + _SHOWN]
    columns, row = 4, _FILM_PX + 14
    canvas = Image.new("L", (columns * 2 * _FILM_PX, -(-len(chosen) // columns) * row))
    drawing = ImageDraw.Draw(canvas)
    for k, which in enumerate(chosen):
        x, y = (k % columns) * 2 * _FILM_PX, k // columns * row
        for offset, film in zip((0, _FILM_PX), pairs[which], strict=True):
            picture = Image.open(cases[film].path).convert("L").resize((_FILM_PX - 2,) * 2)
            canvas.paste(picture, (x + offset, y))
        drawing.text((x, y + _FILM_PX), f"{likeness[which]:.2f}", fill=255)
    canvas.save(path)


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--scale", type=int, default=0)
    parser.add_argument("--cache", type=Path, default=Path("runs/cache"))
    options = parser.parse_args()

    cases = list(read_cases([options.folder]).cases)
    seen = survey([case.path for case in cases], options.cache, workers=os.cpu_count() or 1)
    readable = np.nonzero(seen.reason == "")[0]
    cases, seen = [cases[i] for i in readable], seen[readable]
    sources = np.array([case.source for case in cases])

    start = time.perf_counter()
    twins = duplicates.find_twins(seen.thumbnails, seen.sha256)
    seconds = time.perf_counter() - start
    groups = duplicates.group(len(cases), twins.pairs)
    plain = plain_pairs(seen.thumbnails)
    held = groups[plain[:, 0]] == groups[plain[:, 1]]
    found, known = by_sources(twins.pairs, sources), by_sources(plain, sources)
    print(f"{len(cases)} films, {len(twins.pairs)} pairs of twins in {seconds:.1f} s")
    print(f"{held.sum()} of {len(plain)} pairs that correlate above {PLAIN} are in one group\n")
    print("pairs found, and of them by correlation alone")
    for pair, count in found.most_common():
        print(f"{count:6} {known[pair]:6}  {pair}")

    alike = duplicates.pairs_alike(seen.thumbnails)
    likeness = duplicates.detail_likeness(seen.thumbnails, alike)
    print(f"\npairs alike at 32 px, by likeness of detail (the limit is {duplicates.SAME})")
    films, edges = np.histogram(likeness, 20, (0, 1))
    for low, count in zip(edges, films, strict=False):
        print(f"{low:5.2f} {count:6}")
    if options.sheet:
        sheet(cases, alike, likeness, options.sheet)
    if options.scale:
        many = larger(seen.thumbnails, options.scale)
        start = time.perf_counter()
        pairs = duplicates.find_twins(many).pairs
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        print(f"\n{options.scale} films: {len(pairs)} pairs in {seconds:.0f} s, {peak:.1f} GiB")


if __name__ == "__main__":
    main()
