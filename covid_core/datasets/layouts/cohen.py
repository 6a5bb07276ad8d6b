"""COVID-19 image data collection (Cohen et al. 2020): `images/` and `metadata.csv`.

Frontal radiographs only: laterals and CT are left out, and so is a finding that names none of the
classes ("todo", or ARDS of no stated cause). A row without a modality is one of a radiograph where
it gives a radiograph's view.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from covid_core.class_names import parse_class
from covid_core.datasets.case import Case, LeftOut, Selection, parse_age, parse_sex
from covid_core.datasets.layouts.films import read_rows, uneven_rows
from covid_core.findings import CLASSES
from covid_core.read.anatomy_words import parse_view
from covid_core.read.radiograph import View

SOURCE = "covid-chestxray"
_METADATA = "metadata.csv"
_COLUMNS = {"finding", "view", "modality", "filename", "patientid"}
_SLICES = {"AXIAL", "CORONAL"}
_RADIOGRAPHY = {"xray", "radiograph", "radiography", "cr", "dx", "cxr"}
_NO_CLASS = {
    "",
    "todo",
    "unknown",
    "ards",
    "tuberculosis",
}  # findings of the table, in small letters


def recognises(folder: Path) -> bool:
    """Whether it has the table, with its columns, and the folder of images.

    Raises csv.Error for a table that is empty: a download that was cut off, and no other dataset.
    """
    metadata = folder / _METADATA
    if not (metadata.is_file() and (folder / "images").is_dir()):
        return False
    return set(read_rows(metadata).names) >= _COLUMNS


def read(folder: Path, selection: Selection) -> Iterator[Case | LeftOut]:
    """Each row's film, or why it gives none."""
    table = read_rows(folder / _METADATA)
    yield from uneven_rows(folder / _METADATA, table, SOURCE)
    for _, row in table.rows:
        path = folder / (row.get("folder") or "images") / row["filename"]
        finding = row["finding"].strip()
        label = parse_class(finding)
        reason = _reason(row, path)
        if reason:
            yield LeftOut(path, SOURCE, reason)
        elif label not in CLASSES:
            known = finding.lower() in _NO_CLASS
            unknown = "" if known else f"{folder / _METADATA}: {finding}"
            reason = f"finding not mapped: {finding or 'none'}"
            yield LeftOut(path, SOURCE, reason, unknown=unknown)
        else:
            yield Case(
                path,
                label,
                SOURCE,
                row["patientid"] or None,
                row["finding"],
                parse_view(row["view"]),
                parse_age(row.get("age")),
                parse_sex(row.get("sex")),
            )


def _reason(row: Mapping[str, str], path: Path) -> str | None:
    """Why a row gives no radiograph; None where it does."""
    modality = "".join(filter(str.isalnum, row["modality"])).lower()
    view = parse_view(row["view"])
    if (modality and modality not in _RADIOGRAPHY) or row["view"].strip().upper() in _SLICES:
        return f"not a radiograph: modality {row['modality'] or 'not stated'}, {row['view']}"
    if view is View.LATERAL:
        return "lateral view"
    if not modality and view is View.UNKNOWN:
        return "neither modality nor view is stated"
    return None if path.is_file() else "in the metadata, not on the disk"
