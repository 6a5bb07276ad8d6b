"""COVID-CXNet (Haghanifar et al. 2020): `covid19/`, all COVID-19; patients for some of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from covid_core.datasets.case import Case, LeftOut, Selection, age_of, sex_of
from covid_core.datasets.layouts.films import films_in
from covid_core.findings import Finding
from covid_core.read.anatomy_words import parse_view

SOURCE = "covid-cxnet"


def recognises(folder: Path) -> bool:
    # Films lie directly in it: a dataset of one's own, with class folders, may be called covid19.
    own = folder / "covid19"
    return any(path.parent == own for path in films_in(own))


def read(folder: Path, selection: Selection) -> Iterator[Case | LeftOut]:
    rows = _metadata(folder / "metadata.csv")
    for path in films_in(folder / "covid19"):
        row = rows.get(path.name, {})
        yield Case(
            path,
            Finding.COVID,
            SOURCE,
            row.get("patient_id") or None,
            row.get("label") or "",
            parse_view(row.get("view")),
            age_of(row.get("age")),
            sex_of(row.get("sex")),
        )


def _metadata(path: Path) -> dict[str, dict[str, str]]:
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8-sig") as lines:
        return {row["filename"]: row for row in csv.DictReader(lines)}
