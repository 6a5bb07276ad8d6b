"""CoronaHack Chest X-Ray Dataset (Govindaraj 2020): a table, `train/` and `test/`.

The table is `Chest_xray_Corona_Metadata.csv`. Compiled from Kermany's films and early COVID-19
ones. Films of `test/` that have no label, in the table or for want of a row, stay unlabelled: they
can be scored, not counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from covid_core.class_names import parse_class
from covid_core.datasets.case import Case, LeftOut, Selection
from covid_core.datasets.layouts.films import (
    films_in,
    folders_in,
    kermany_patient,
    read_rows,
    uneven_rows,
)
from covid_core.findings import CLASSES, Finding

SOURCE = "coronahack"
_METADATA = "Chest_xray_Corona_Metadata.csv"
_NO_CLASS = {"ARDS", "Stress-Smoking"}  # causes of its table that are no pneumonia


def recognises(folder: Path) -> bool:
    """Whether its table is there."""
    return _metadata_of(folder) is not None


def read(folder: Path, selection: Selection) -> Iterator[Case | LeftOut]:
    """Each row's film, and each film without a row."""
    films = {
        (part, path.name): path for part in ("train", "test") for path in _films_of(folder, part)
    }
    without = dict(films)
    metadata = _metadata_of(folder)
    if metadata:
        table = read_rows(metadata)
        yield from uneven_rows(metadata, table, SOURCE)
        for _, row in table.rows:
            part, name = row["Dataset_type"].strip().lower(), row["X_ray_image_name"]
            without.pop((part, name), None)
            path = films.get((part, name))
            if path is None:
                yield LeftOut(folder / part / name, SOURCE, "in the metadata, not on the disk")
            else:
                yield _case(path, row, metadata)
    for path in without.values():
        yield Case(path, None, SOURCE, kermany_patient(path))


def label_of(row: dict[str, str]) -> Finding | str | None:
    """The class; None where the label is held back; the words of a finding that is not mapped."""
    label, cause = row["Label"].strip(), _cause(row)
    if not label:
        return None
    found = parse_class(cause if cause and parse_class(label) is Finding.PNEUMONIA else label)
    words = ", ".join(filter(None, (label, cause)))
    return found if found in CLASSES else words


def _cause(row: dict[str, str]) -> str:
    return row["Label_2_Virus_category"].strip() or row["Label_1_Virus_category"].strip()


def _case(path: Path, row: dict[str, str], metadata: Path) -> Case | LeftOut:
    label = label_of(row)
    if isinstance(label, Finding) or label is None:
        return Case(path, label, SOURCE, kermany_patient(path), _cause(row))
    unknown = "" if _cause(row) in _NO_CLASS else f"{metadata}: {label}"
    return LeftOut(path, SOURCE, f"finding not mapped: {label}", unknown=unknown)


def _films_of(folder: Path, part: str) -> list[Path]:
    return [path for path in films_in(folder) if part in path.relative_to(folder).parts[:-1]]


def _metadata_of(folder: Path) -> Path | None:
    """The table, in the folder or, as the archive unpacks, in one of the folders in it."""
    places = (place / _METADATA for place in (folder, *folders_in(folder)))
    return next((place for place in places if place.is_file()), None)
