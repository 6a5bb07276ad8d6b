"""Adults of NIH ChestX-ray8 in the folders of DarkCovidNet: `No_findings/`, `Pneumonia/`.

Files are named `PATIENT_STUDY`. The labels were mined from reports by text, so some are wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from covid_core.datasets.case import Case, LeftOut, Selection
from covid_core.datasets.layouts.films import films_in
from covid_core.findings import Finding

SOURCE = "nih"
_LABELS = {"No_findings": Finding.NORMAL, "Pneumonia": Finding.PNEUMONIA}


def recognises(folder: Path) -> bool:
    return all((folder / name).is_dir() for name in _LABELS)


def read(folder: Path, selection: Selection) -> Iterator[Case | LeftOut]:
    for name, label in _LABELS.items():
        for path in films_in(folder / name):
            yield Case(path, label, SOURCE, path.stem.split("_")[0])
