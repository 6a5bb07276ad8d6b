"""COVID-19 Radiography Database (Chowdhury, Rahman et al. 2020): `COVID/`, `Normal/` and others.

Both its layouts: films directly in the class folder, or in `images/` beside `masks/`. No patients.
`Lung_Opacity` holds opacities of every cause: pneumonia only on request.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from covid_core.datasets.case import Case, LeftOut, Selection
from covid_core.datasets.layouts.films import films_in, has_other_classes
from covid_core.findings import Finding

SOURCE = "radiography"
_LABELS = {
    "COVID": Finding.COVID,
    "Normal": Finding.NORMAL,
    "Viral Pneumonia": Finding.PNEUMONIA,
}
_OPACITY = "Lung_Opacity"
_OWN = {*_LABELS, _OPACITY}


def recognises(folder: Path) -> bool:
    """Whether its films are named by their class, and no other class folders stand beside.

    A folder of one's own may be called COVID just as well, but has others beside, or its films in a
    folder a patient.
    """
    if has_other_classes(folder, _OWN):
        return False
    return all(any(_images(folder / name).glob(f"{name}*.*")) for name in ("COVID", "Normal"))


def read(folder: Path, selection: Selection) -> Iterator[Case | LeftOut]:
    """Each film of the class folders, no mask."""
    for name, label in _LABELS.items():
        for path in films_in(_images(folder / name)):
            yield Case(path, label, SOURCE, finding=name)
    for path in films_in(_images(folder / _OPACITY)):
        if selection.lung_opacity:
            yield Case(path, Finding.PNEUMONIA, SOURCE, finding=_OPACITY)
        else:
            yield LeftOut(path, SOURCE, "lung opacity of any cause")


def _images(class_folder: Path) -> Path:
    images = class_folder / "images"
    return images if images.is_dir() else class_folder
