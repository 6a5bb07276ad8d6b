"""Chest X-Ray Images (Pneumonia), Kermany et al. 2018: `train|test|val/NORMAL|PNEUMONIA/`.

Children of one to five years. `personN_bacteria_M` and `personN_virus_M` carry the patient and the
cause, `IM-N-M` of the normal ones the patient. Whether the numbers start anew in `test/` is not
known, so films of one number count as one patient across the parts: too strict splits no patient.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from covid_core.datasets.case import Case, LeftOut, Selection
from covid_core.datasets.layouts.films import (
    films_in,
    has_other_classes,
    kermany_cause,
    kermany_patient,
)
from covid_core.findings import Finding
from covid_core.read.film_files import films_below

SOURCE = "chest_xray"
_LABELS = {"NORMAL": Finding.NORMAL, "PNEUMONIA": Finding.PNEUMONIA}
_PARTS = ("train", "val", "test")
_LOOKED_AT = 20  # films of each class


def recognises(folder: Path) -> bool:
    """Whether it has its folders, no others of classes, and its films their names.

    Of a film taken for one of these it would be said that it is a child's.
    """
    train = folder / "train"
    if not all((train / name).is_dir() for name in _LABELS):
        return False
    parts = [folder / part for part in _PARTS if (folder / part).is_dir()]
    if any(has_other_classes(place, _LABELS) for place in (folder, *parts)):
        return False
    films = [p for name in _LABELS for p in islice(films_below(train / name), _LOOKED_AT)]
    return bool(films) and all(kermany_patient(path) for path in films)


def read(folder: Path, selection: Selection) -> Iterator[Case | LeftOut]:
    """Each film of the three parts."""
    for part in _PARTS:
        for name, label in _LABELS.items():
            for path in films_in(folder / part / name):
                yield Case(path, label, SOURCE, kermany_patient(path), kermany_cause(path))
