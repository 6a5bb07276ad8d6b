"""A plain folder of one's own: `normal/`, `pneumonia/`, `covid/`, in any case of letters.

A subfolder of the class folder, where there is one, is taken as the patient.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from covid_core.datasets.case import Case
from covid_core.datasets.layouts.films import films_in
from covid_core.findings import CLASSES

SOURCE = None  # the folder's own name
PROVENANCE = "a folder of one's own"


def recognises(folder: Path) -> bool:
    return len(_class_folders(folder)) >= 2


def read(folder: Path) -> Iterator[Case]:
    for name, class_folder in _class_folders(folder).items():
        label = next(finding for finding in CLASSES if finding.value == name)
        for path in films_in(class_folder):
            patient = (
                path.relative_to(class_folder).parts[0] if path.parent != class_folder else None
            )
            yield Case(path, label, folder.name, patient)


def _class_folders(folder: Path) -> dict[str, Path]:
    names = {finding.value for finding in CLASSES}
    children = (child for child in folder.iterdir() if child.is_dir())
    return {child.name.lower(): child for child in sorted(children) if child.name.lower() in names}
