"""The parts of films that a network is measured on: one list for results, baselines and trust."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from covid_core.datasets.split import MEASURED, Split
from covid_core.model.results import TEST
from covid_core.training.films import Films


@dataclass(frozen=True, slots=True, eq=False)
class FilmPart:
    """One part by its name in `Results`. `chosen`: which of the split's films, bool."""

    name: str
    split: Split
    chosen: np.ndarray


def parts_of(films: Films) -> list[FilmPart]:
    """The test part, each of its sources, and each source held out."""
    parts = [FilmPart(TEST, Split.TEST, np.ones(len(films.part(Split.TEST)), bool))]
    for split in MEASURED:
        sources = films.sources[films.part(split)]
        parts += [
            FilmPart(str(source), split, sources == source) for source in sorted(set(sources))
        ]
    return parts
