"""RSNA Pneumonia Detection (Shih et al. 2019): NIH's radiographs of 2018 and before, with boxes.

`stage_2_train_images/ID.dcm`, or resized copies as `.jpg` or `.png`; `stage_2_train_labels.csv` has
the boxes, in pixels of 1,024, and `stage_2_detailed_class_info.csv` the three kinds. A radiograph
that shows no lung opacity but is not normal shows no pneumonia. View, age and sex are from
`metadata.csv`, where it is, or from the DICOM file. ID, the tables' `patientId`, is of an image:
NIH's patients have several, and which of them are one person's the tables do not say.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from covid_core.datasets.case import Case, LeftOut, Selection, Sex, parse_age, parse_sex
from covid_core.datasets.layouts.dicom_header import read_header
from covid_core.datasets.layouts.films import (
    boxes_in,
    films_by_name,
    films_in,
    read_rows,
    uneven_rows,
)
from covid_core.datasets.readings import READINGS
from covid_core.read.anatomy_words import parse_view
from covid_core.read.film_files import film_stem
from covid_core.read.radiograph import View

SOURCE = "rsna-pneumonia"
_LABELS, _KINDS = "stage_2_train_labels.csv", "stage_2_detailed_class_info.csv"
_METADATA = "metadata.csv"
_TRAIN, _TEST = "stage_2_train_images", "stage_2_test_images"
_SIDE_PX = 1024  # of every original image


def recognises(folder: Path) -> bool:
    """Whether its two tables are there."""
    return all((folder / name).is_file() for name in (_LABELS, _KINDS))


def read(folder: Path, selection: Selection) -> Iterator[Case | LeftOut]:
    """Each radiograph of the table of kinds, and each without a row there."""
    tables = {name: read_rows(folder / name) for name in (_KINDS, _LABELS, _METADATA)}
    for name, table in tables.items():
        yield from uneven_rows(folder / name, table, SOURCE)
    # An image has a row for each of its boxes, all of one kind.
    kinds = {(row["patientId"], row["class"]): None for _, row in tables[_KINDS].rows}
    pixels: dict[str, list[tuple[float, ...]]] = {}
    for _, row in tables[_LABELS].rows:
        pixels.setdefault(row["patientId"], []).extend(_pixels(row))
    metadata = {row.get("patientId", ""): row for _, row in tables[_METADATA].rows}
    images = films_by_name(folder / _TRAIN)
    unnamed = dict(images)
    for name, words in kinds:
        path = images.get(name)
        unnamed.pop(name, None)
        if path is None:
            yield LeftOut(folder / _TRAIN / name, SOURCE, "in the tables, not on the disk")
        elif words not in READINGS:
            unknown = f"{folder / _KINDS}: {words}"
            yield LeftOut(path, SOURCE, f"finding not mapped: {words}", unknown=unknown)
        elif name not in pixels:
            yield LeftOut(path, SOURCE, f"no row in {_LABELS}")
        else:
            boxes = boxes_in(pixels[name], _SIDE_PX, _SIDE_PX)
            label = READINGS[words].label
            yield Case(path, label, SOURCE, None, words, *_person(path, metadata), None, boxes)
    for path in (*unnamed.values(), *films_in(folder / _TEST)):
        yield Case(path, None, SOURCE, None, "", *_person(path, metadata))


def _person(
    path: Path, metadata: Mapping[str, Mapping[str, str]]
) -> tuple[View, float | None, Sex | None]:
    """View, age and sex, by the table, else by the file's own tags."""
    row, header = metadata.get(film_stem(path.name), {}), read_header(path)
    view = parse_view(row.get("view"))
    return (
        header.view if view is View.UNKNOWN else view,
        parse_age(row["age"]) if row.get("age") else header.age,
        parse_sex(row["sex"]) if row.get("sex") else header.sex,
    )


def _pixels(row: dict[str, str]) -> list[tuple[float, ...]]:
    """Left, top, right, bottom of a row's opacity in pixels; none where it marks no opacity."""
    if row["Target"].strip() != "1":
        return []
    try:
        left, top, width, height = (float(row[name]) for name in ("x", "y", "width", "height"))
    except ValueError as error:
        raise csv.Error(f"{_LABELS}, {row['patientId']}: a box that is no numbers") from error
    return [(left, top, left + width, top + height)]
