"""A plain folder of one's own: class folders by any name of `covid_core.class_names`.

They lie in the folder itself, or in its parts, `train/`, `val/`, `test/`, which are read as one. A
folder below a class folder is taken as the patient, but for `images/`; pictures in `masks/` are no
films. Two folders may name the same class.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from covid_core.class_names import is_lung_opacity, parse_class
from covid_core.datasets.case import Case, LeftOut, Selection
from covid_core.datasets.layouts.films import films_in, folders_in, kermany_patient
from covid_core.findings import Finding
from covid_core.sources import is_public

SOURCE = None  # the folder's own name
OPACITY = "lung opacity of any cause"
_PARTS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})
_NO_PATIENTS = _PARTS | {"images", "image"}
_NIH_PATIENT = re.compile(r"(\d{8})_\d{3}$")  # as collections that took these films in have kept


@dataclass(frozen=True, slots=True)
class ClassFolder:
    """A folder named by a class. `label`: None of lung opacity, which names no class."""

    path: Path
    label: Finding | None


def recognises(folder: Path) -> bool:
    """Whether folders in it name two classes or more."""
    return len({one.label for one in class_folders(folder)}) >= 2


def read(folder: Path, selection: Selection) -> Iterator[Case | LeftOut]:
    """Each film of the class folders, and of folders beside them."""
    source = f"{folder.name} (own)" if is_public(folder.name) else folder.name
    named = class_folders(folder)
    for one in named:
        label = one.label
        if label is Finding.NOT_COVID and Finding.PNEUMONIA in {other.label for other in named}:
            label = Finding.NORMAL  # by definition: neither of the two
        if label is None and selection.lung_opacity:
            label = Finding.PNEUMONIA
        for path in _films_of(one.path):
            if label is None:
                yield LeftOut(path, source, OPACITY)
            elif label is Finding.NOT_COVID:
                yield _unknown(path, source, one.path)
            else:
                patient = _patient(path.relative_to(one.path))
                yield Case(path, label, source, patient, one.path.name)
    paths = {one.path for one in named}
    for other in (child for place in _places(folder) for child in folders_in(place)):
        if other not in paths and other.name.lower() not in _PARTS:
            for path in _films_of(other):
                yield _unknown(path, source, other)


def class_folders(folder: Path) -> list[ClassFolder]:
    """The folders that name a class, in a folder or its parts."""
    children = [child for place in _places(folder) for child in folders_in(place)]
    return [
        ClassFolder(child, parse_class(child.name))
        for child in children
        if parse_class(child.name) or is_lung_opacity(child.name)
    ]


def _places(folder: Path) -> list[Path]:
    """The folder and its parts."""
    return [folder, *(child for child in folders_in(folder) if child.name.lower() in _PARTS)]


def _films_of(folder: Path) -> list[Path]:
    """The films below a folder that are no masks."""
    return [path for path in films_in(folder) if not _is_mask(path.relative_to(folder))]


def _is_mask(path: PurePath) -> bool:
    return any("mask" in part.lower() for part in path.parts[:-1])


def _patient(path: PurePath) -> str | None:
    """The patient of a film, by the folder that it lies in, else by its name."""
    folders = [part for part in path.parts[:-1] if part.lower() not in _NO_PATIENTS]
    match = _NIH_PATIENT.match(path.stem)
    return next(iter(folders), match.group(1) if match else kermany_patient(path))


def _unknown(path: Path, source: str, folder: Path) -> LeftOut:
    reason = f"its folder's name is not that of one class: {folder.name}"
    return LeftOut(path, source, reason, unknown=str(folder))
