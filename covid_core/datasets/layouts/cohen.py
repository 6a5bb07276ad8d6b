"""COVID-19 image data collection (Cohen et al. 2020): `images/` and `metadata.csv`.

Frontal radiographs only: laterals and CT are left out, and so is a finding that the table below
does not map ("todo", or ARDS of no stated cause).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from covid_core.datasets.case import Case
from covid_core.findings import Finding

SOURCE = "covid-chestxray"
PROVENANCE = (
    "COVID-19 image data collection (Cohen et al. 2020); a licence an image, in its metadata"
)
_COLUMNS = {"finding", "view", "modality", "filename", "patientid"}
_NOT_FRONTAL = {"L", "LATERAL", "AXIAL", "CORONAL"}
_PNEUMONIAS = (
    "Aspiration", "Bacterial", "Chlamydophila", "E.Coli", "Fungal", "H1N1", "Herpes", "Influenza",
    "Klebsiella", "Legionella", "Lipoid", "MERS-CoV", "MRSA", "Mycoplasma",
    "Mycoplasma Bacterial Pneumonia", "Nocardia", "Pneumocystis", "Pneumonia", "SARS",
    "Staphylococcus", "Streptococcus", "Varicella", "Viral", "Aspergillosis",
)  # fmt: skip
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
    with metadata.open(newline="", encoding="utf-8") as lines:
        return set(next(csv.reader(lines), [])) >= _COLUMNS


def read(folder: Path) -> Iterator[Case]:
    with (folder / "metadata.csv").open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            label = label_of(row["finding"])
            path = folder / "images" / row["filename"]
            frontal = row["view"].upper() not in _NOT_FRONTAL
            if label and frontal and row["modality"] == "X-ray" and path.is_file():
                yield Case(path, label, SOURCE, row["patientid"] or None)


def label_of(finding: str) -> Finding | None:
    """The class of a `finding` cell, which newer copies write as `Pneumonia/Viral/COVID-19`."""
    return _LABELS.get(finding.strip().rsplit("/", 1)[-1])
