"""COVID-19 image data collection (Cohen et al. 2020): `images/` and `metadata.csv`.

Frontal radiographs only: laterals and CT are left out, and so is a finding that the table below
does not map ("todo", or ARDS of no stated cause).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from covid_core.datasets.case import Case, LeftOut, Selection, age_of, sex_of
from covid_core.findings import Finding
from covid_core.read.anatomy_words import parse_view
from covid_core.read.radiograph import View

SOURCE = "covid-chestxray"
_COLUMNS = {"finding", "view", "modality", "filename", "patientid"}
_SLICES = {"AXIAL", "CORONAL"}
_PNEUMONIAS = (
    "Aspiration",
    "Bacterial",
    "Chlamydophila",
    "E.Coli",
    "Fungal",
    "H1N1",
    "Herpes",
    "Influenza",
    "Klebsiella",
    "Legionella",
    "Lipoid",
    "MERS-CoV",
    "MRSA",
    "Mycoplasma",
    "Mycoplasma Bacterial Pneumonia",
    "Nocardia",
    "Pneumocystis",
    "Pneumonia",
    "SARS",
    "Staphylococcus",
    "Streptococcus",
    "Varicella",
    "Viral",
    "Aspergillosis",
)
_LABELS = {
    "COVID-19": Finding.COVID,
    "COVID-19, ARDS": Finding.COVID,
    "No Finding": Finding.NORMAL,
    **dict.fromkeys(_PNEUMONIAS, Finding.PNEUMONIA),
}


def recognises(folder: Path) -> bool:
    metadata = folder / "metadata.csv"
    if not (metadata.is_file() and (folder / "images").is_dir()):
        return False
    with metadata.open(newline="", encoding="utf-8-sig") as lines:
        header = next(csv.reader(lines), None)
    if header is None:  # a download that was cut off, and no other dataset
        raise csv.Error("metadata.csv is empty")
    return set(header) >= _COLUMNS


def read(folder: Path, selection: Selection) -> Iterator[Case | LeftOut]:
    with (folder / "metadata.csv").open(newline="", encoding="utf-8-sig") as lines:
        for row in csv.DictReader(lines):
            path = folder / (row.get("folder") or "images") / row["filename"]
            reason = _reason(row, path)
            if reason:
                yield LeftOut(path, SOURCE, reason)
                continue
            yield Case(
                path,
                label_of(row["finding"]),
                SOURCE,
                row["patientid"] or None,
                row["finding"],
                parse_view(row["view"]),
                age_of(row.get("age")),
                sex_of(row.get("sex")),
            )


def label_of(finding: str) -> Finding | None:
    """The class of a `finding` cell, which newer copies write as `Pneumonia/Viral/COVID-19`."""
    return _LABELS.get(finding.strip().rsplit("/", 1)[-1])


def _reason(row: dict[str, str], path: Path) -> str | None:
    """Why a row gives no case; None where it does."""
    if row["modality"] != "X-ray" or (row["view"] or "").strip().upper() in _SLICES:
        return "CT, not a radiograph"
    if parse_view(row["view"]) is View.LATERAL:
        return "lateral view"
    if label_of(row["finding"]) is None:
        return f"finding not mapped: {row['finding'] or 'none'}"
    return None if path.is_file() else "in the metadata, not on the disk"
