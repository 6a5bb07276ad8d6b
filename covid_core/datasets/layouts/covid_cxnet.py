"""COVID-CXNet (Haghanifar et al. 2020): `covid19/`, all COVID-19; patients for some of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from covid_core.datasets.case import Case
from covid_core.datasets.layouts.films import films_in
from covid_core.findings import Finding

SOURCE = "covid-cxnet"
PROVENANCE = "COVID-CXNet (Haghanifar et al. 2020); see its repository"


def recognises(folder: Path) -> bool:
    # Films lie directly in it: a dataset of one's own, with class folders, may be called covid19.
    own = folder / "covid19"
    return any(path.parent == own for path in films_in(own))


def read(folder: Path) -> Iterator[Case]:
    patients = _patients(folder / "metadata.csv")
    for path in films_in(folder / "covid19"):
        yield Case(path, Finding.COVID, SOURCE, patients.get(path.name))


def _patients(metadata: Path) -> dict[str, str]:
    if not metadata.is_file():
        return {}
    with metadata.open(newline="", encoding="utf-8") as lines:
        return {
            row["filename"]: row["patient_id"] for row in csv.DictReader(lines) if row["patient_id"]
        }
