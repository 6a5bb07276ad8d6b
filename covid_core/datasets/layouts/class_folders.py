"""A plain folder of one's own: `normal/`, `pneumonia/`, `covid/`, in any case of letters.

A subfolder of the class folder, where there is one, is taken as the patient.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from covid_core.datasets.case import Case, LeftOut, Selection
from covid_core.datasets.layouts.films import films_in
from covid_core.findings import CLASSES, Finding

SOURCE = None  # the folder's own name


def recognises(folder: Path) -> bool:
    return len({label for label, _ in _class_folders(folder)}) >= 2


def read(folder: Path, selection: Selection) -> Iterator[Case | LeftOut]:
    for label, class_folder in _class_folders(folder):
        for path in films_in(class_folder):
            patient = (
                path.relative_to(class_folder).parts[0] if path.parent != class_folder else None
            )
            yield Case(path, label, folder.name, patient)


def _class_folders(folder: Path) -> list[tuple[Finding, Path]]:
    names = {finding.value: finding for finding in CLASSES}
    children = sorted(child for child in folder.iterdir() if child.is_dir())
    return [(names[c.name.lower()], c) for c in children if c.name.lower() in names]
