"""SIIM-FISABIO-RSNA challenge (Lakhani et al. 2021): radiographs read by radiologists.

Both layouts: DICOM as downloaded, `train/STUDY/SERIES/IMAGE.dcm`, and the widely used resized
copies, `train/IMAGE.jpg` or `.png`; `train_study_level.csv` has each study's appearance, and
`train_image_level.csv` the boxes of opacities, in pixels of the original image. `meta.csv` (image,
patient, original width and height) is a help: without it, and without DICOM's own tags, the study
stands for the patient, and boxes whose image's size is not known are left aside.

Of a study's images often one alone was annotated. An image without boxes in a study that is not
negative, beside one with boxes, has no reading of its own: it may be the worse copy.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from covid_core.boxes import Boxes
from covid_core.datasets.case import Case, LeftOut, Selection
from covid_core.datasets.layouts.dicom_header import Header, read_header
from covid_core.datasets.layouts.films import (
    boxes_in,
    films_by_name,
    films_in,
    read_rows,
    uneven_rows,
)
from covid_core.datasets.readings import READINGS, RadiologistReading
from covid_core.findings import Appearance

SOURCE = "siim-covid19"
_STUDIES, _IMAGES, _META = "train_study_level.csv", "train_image_level.csv", "meta.csv"
_NOT_ANNOTATED = "not annotated, beside an image of its study that was"
_TOKENS = 6  # of a box in the column `label`: name, confidence, left, top, right, bottom


def recognises(folder: Path) -> bool:
    """Whether its two tables are there."""
    return (folder / _STUDIES).is_file() and (folder / _IMAGES).is_file()


def read(folder: Path, selection: Selection) -> Iterator[Case | LeftOut]:
    """Each image of the table of images, and each without a row there."""
    tables = {name: read_rows(folder / name) for name in (_STUDIES, _IMAGES, _META)}
    for name, table in tables.items():
        yield from uneven_rows(folder / name, table, SOURCE)
    readings: dict[str, set[str | None]] = {}
    for _, row in tables[_STUDIES].rows:
        readings.setdefault(row["id"].removesuffix("_study"), set()).add(_words(row))
    meta = {row.get("image_id", ""): row for _, row in tables[_META].rows}
    rows = [row for _, row in tables[_IMAGES].rows]
    boxed = {row["StudyInstanceUID"] for row in rows if _pixels(row)}
    images = films_by_name(folder / "train")
    unnamed = dict(images)
    for row in rows:
        name, study = row["id"].removesuffix("_image"), row["StudyInstanceUID"]
        path = images.get(name)
        unnamed.pop(name, None)
        own = readings.get(study, set())
        words = next(iter(own)) if len(own) == 1 else None
        if path is None:
            yield LeftOut(folder / "train" / name, SOURCE, "in the tables, not on the disk")
        elif words is None:
            yield LeftOut(path, SOURCE, "its study has not one reading in the tables")
        else:
            yield _case(path, row, words, meta.get(name, {}), beside_boxes=study in boxed)
    for path in (*unnamed.values(), *films_in(folder / "test")):
        yield _unlabelled(path)


def _case(
    path: Path, row: dict[str, str], words: str, meta: Mapping[str, str], *, beside_boxes: bool
) -> Case:
    header, reading = read_header(path), READINGS[words]
    negative = reading.appearance is Appearance.NEGATIVE
    if beside_boxes and not negative and not _pixels(row):
        reading, words = RadiologistReading(None), f"{words}, {_NOT_ANNOTATED}"
    return Case(
        path,
        reading.label,
        SOURCE,
        meta.get("patient") or header.patient or row["StudyInstanceUID"],
        words,
        header.view,
        header.age,
        header.sex,
        reading.appearance,
        () if negative else _boxes(row, meta, header),
    )


def _unlabelled(path: Path) -> Case:
    header = read_header(path)
    return Case(
        path, None, SOURCE, header.patient, view=header.view, age=header.age, sex=header.sex
    )


def _words(study: Mapping[str, str]) -> str | None:
    """The one reading that a study's row marks with 1; None where there is not exactly one."""
    marked = [words for words in READINGS if study.get(words, "").strip() == "1"]
    return marked[0] if len(marked) == 1 else None


def _boxes(row: dict[str, str], meta: Mapping[str, str], header: Header) -> Boxes | None:
    """An image's boxes as fractions.

    None where it has none, which says nothing, or where its original size is not known. Raises
    csv.Error for a size that is no number.
    """
    try:
        width = float(meta.get("width") or meta.get("dim1") or header.width)
        height = float(meta.get("height") or meta.get("dim0") or header.height)
    except ValueError as error:
        raise csv.Error(f"{_META}, {row['id']}: a size that is no number") from error
    pixels = _pixels(row)
    if not (pixels and 0 < width < math.inf and 0 < height < math.inf):
        return None
    return boxes_in(pixels, width, height)


def _pixels(row: dict[str, str]) -> list[tuple[float, ...]]:
    """Left, top, right, bottom of each opacity, in pixels of the original image.

    The column `label` holds `opacity 1 x1 y1 x2 y2 opacity …`, or `none 1 0 0 1 1`.
    """
    tokens = row["label"].split()
    whole = range(0, len(tokens) - _TOKENS + 1, _TOKENS)
    boxes = [tokens[i : i + _TOKENS] for i in whole if tokens[i] == "opacity"]
    try:
        return [tuple(map(float, box[2:])) for box in boxes]
    except ValueError as error:
        raise csv.Error(f"{_IMAGES}, {row['id']}: boxes that are no numbers") from error
