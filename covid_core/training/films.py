"""A data folder as arrays that training can draw from: pictures, labels, split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from covid_core.datasets.cache import cached_pictures
from covid_core.datasets.case import Case
from covid_core.datasets.duplicates import twin_pairs
from covid_core.datasets.layouts import read_cases
from covid_core.datasets.split import Split, assign_splits, groups_of
from covid_core.errors import DatasetError
from covid_core.findings import CLASSES
from covid_core.preprocess import Preprocess


@dataclass(frozen=True, slots=True, eq=False)
class Films:
    """All arrays have one entry a film.

    `pictures` uint8 (N, S, S); `labels` int64, index into CLASSES; `groups` int, films of one
    patient or of one picture; `sources` and `splits` text. `refused`: (file, reason) of the films
    that can't be read, which are in none of the arrays.
    """

    pictures: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    sources: np.ndarray
    splits: np.ndarray
    names: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]

    def part(self, split: Split) -> np.ndarray:
        """The indices of one part of the split."""
        return np.nonzero(self.splits == split.value)[0]

    def counts(self) -> dict[str, dict[str, dict[str, int]]]:
        """How many films: split, then source, then class."""
        table: dict[str, dict[str, dict[str, int]]] = {}
        rows = zip(self.splits, self.sources, self.labels, strict=True)
        for (split, source, label), count in sorted(Counter(rows).items()):
            table.setdefault(str(split), {}).setdefault(str(source), {})[CLASSES[label]] = count
        return table


def load_films(
    root: Path,
    preprocess: Preprocess,
    cache: Path,
    *,
    seed: int,
    held_out: Collection[str],
    workers: int,
) -> Films:
    """Read, decode, group and split the films of a data folder. Raises DatasetError."""
    found = read_cases(root)
    unknown = sorted(set(held_out) - {case.source for case in found})
    if unknown:
        raise DatasetError(
            f"there is no source named {', '.join(unknown)} in it",
            f"Hold out one of {', '.join(sorted({case.source for case in found}))}",
            file=str(root),
        )
    pictures, refused = cached_pictures(found, preprocess, cache, workers=workers)
    readable = np.array([i for i in range(len(found)) if i not in refused], np.int64)
    if not len(readable):
        raise DatasetError(
            f"none of its {len(found)} films can be read; the first: {refused[0]}",
            "Check that the download is whole",
            file=str(root),
        )
    cases: Sequence[Case] = [found[i] for i in readable]
    # Only where a film was refused do the rows differ: the memory map is kept as it is otherwise.
    kept = pictures if not refused else pictures[readable]
    # Copies differ in aspect, so twins are looked for among squashed films, whatever is trained on.
    squashed, _ = cached_pictures(found, replace(preprocess, fit="squash"), cache, workers=workers)
    twins = twin_pairs(squashed[readable])
    return Films(
        pictures=kept,
        labels=np.array([CLASSES.index(case.label) for case in cases], np.int64),
        groups=groups_of(cases, twins),
        sources=np.array([case.source for case in cases]),
        splits=np.array(
            [split.value for split in assign_splits(cases, twins, seed=seed, held_out=held_out)]
        ),
        names=tuple(str(case.path.relative_to(root)) for case in cases),
        refused=tuple((str(found[i].path), reason) for i, reason in refused.items()),
    )
