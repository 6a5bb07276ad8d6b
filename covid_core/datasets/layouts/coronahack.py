"""CoronaHack Chest X-Ray Dataset (Govindaraj 2020): `Chest_xray_Corona_Metadata.csv`, `train/`,
`test/`.

Compiled from Kermany's films and early COVID-19 ones. Films of `test/` that have no label, in the
table or for want of a row, stay unlabelled: they can be scored, not counted.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from covid_core.datasets.case import Case, LeftOut, Selection
from covid_core.datasets.layouts.films import films_in, kermany_patient
from covid_core.findings import Finding

SOURCE = "coronahack"
_METADATA = "Chest_xray_Corona_Metadata.csv"
_PNEUMONIA = {"Pnemonia", "Pneumonia"}  # its own spelling first
_CAUSES = {  # by Label_2_Virus_category, else Label_1_Virus_category
    "COVID-19": Finding.COVID,
    "SARS": Finding.PNEUMONIA,
    "Streptococcus": Finding.PNEUMONIA,
    "Virus": Finding.PNEUMONIA,
    "bacteria": Finding.PNEUMONIA,
}


def recognises(folder: Path) -> bool:
    return _metadata_of(folder) is not None


def read(folder: Path, selection: Selection) -> Iterator[Case | LeftOut]:
    metadata = _metadata_of(folder)
    rows = _rows(metadata) if metadata else {}
    for part in ("train", "test"):
        films = {path.name: path for path in _films_of(folder, part)}
        for name, row in rows.get(part.upper(), {}).items():
            path = films.pop(name, None)
            if path is None:
                yield LeftOut(folder / part / name, SOURCE, "in the metadata, not on the disk")
            else:
                yield _case(path, row)
        for path in films.values():
            yield Case(path, None, SOURCE, kermany_patient(path))


def label_of(row: dict[str, str]) -> Finding | str | None:
    """The class; None where the label is held back; the words of a finding that is not mapped."""
    label = row["Label"].strip()
    if not label:
        return None
    if label == "Normal":
        return Finding.NORMAL
    cause = _cause(row)
    if label in _PNEUMONIA and not cause:
        return Finding.PNEUMONIA
    return _CAUSES.get(cause, f"{label}, {cause}") if label in _PNEUMONIA else label


def _cause(row: dict[str, str]) -> str:
    return row["Label_2_Virus_category"].strip() or row["Label_1_Virus_category"].strip()


def _case(path: Path, row: dict[str, str]) -> Case | LeftOut:
    label = label_of(row)
    if isinstance(label, Finding) or label is None:
        return Case(path, label, SOURCE, kermany_patient(path), _cause(row))
    return LeftOut(path, SOURCE, f"finding not mapped: {label}")


def _rows(metadata: Path) -> dict[str, dict[str, dict[str, str]]]:
    """Part, then file name, then the row."""
    parts: dict[str, dict[str, dict[str, str]]] = {}
    with metadata.open(newline="", encoding="utf-8-sig") as lines:
        for row in csv.DictReader(lines):
            parts.setdefault(row["Dataset_type"].strip(), {})[row["X_ray_image_name"]] = row
    return parts


def _films_of(folder: Path, part: str) -> list[Path]:
    return [path for path in films_in(folder) if part in path.relative_to(folder).parts[:-1]]


def _metadata_of(folder: Path) -> Path | None:
    """The table, in the folder or, as the archive unpacks, in one of the folders in it."""
    inner = sorted(child for child in folder.iterdir() if child.is_dir())
    places = (place / _METADATA for place in (folder, *inner))
    return next((place for place in places if place.is_file()), None)
