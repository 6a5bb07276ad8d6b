"""Adults of NIH ChestX-ray8 in the folders of DarkCovidNet: `No_findings/`, `Pneumonia/`.

Files are named `PATIENT_STUDY`. The labels were mined from reports by text, so some are wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from covid_core.datasets.case import Case, LeftOut, Selection
from covid_core.datasets.layouts.films import films_in, has_other_classes
from covid_core.findings import Finding
from covid_core.read.film_files import films_below

SOURCE = "nih"
_LABELS = {"No_findings": Finding.NORMAL, "Pneumonia": Finding.PNEUMONIA}
_NAME = re.compile(r"\d+_\d+")
_LOOKED_AT = 20  # films of each class


def recognises(folder: Path) -> bool:
    """Whether it has its two folders, no others of classes, and its films their names."""
    if not all((folder / name).is_dir() for name in _LABELS) or has_other_classes(folder, _LABELS):
        return False
    films = [p for name in _LABELS for p in islice(films_below(folder / name), _LOOKED_AT)]
    return bool(films) and all(_NAME.fullmatch(path.stem) for path in films)


def read(folder: Path, selection: Selection) -> Iterator[Case | LeftOut]:
    """Each film, its patient by its name."""
    for name, label in _LABELS.items():
        for path in films_in(folder / name):
            yield Case(path, label, SOURCE, path.stem.split("_")[0])
