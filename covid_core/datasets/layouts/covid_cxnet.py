"""COVID-CXNet (Haghanifar et al. 2020): `covid19/`, all COVID-19; patients for some of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from covid_core.datasets.case import Case, LeftOut, Selection, parse_age, parse_sex
from covid_core.datasets.layouts.films import films_in, has_other_classes, read_rows, uneven_rows
from covid_core.findings import Finding
from covid_core.read.anatomy_words import parse_view

SOURCE = "covid-cxnet"
_FILMS = "covid19"


def recognises(folder: Path) -> bool:
    """Whether films lie right in its one folder.

    A dataset of one's own may be called covid19, or have a class folder of that name.
    """
    own = folder / _FILMS
    if not own.is_dir() or has_other_classes(folder, {_FILMS}):
        return False
    return any(path.parent == own for path in films_in(own))


def read(folder: Path, selection: Selection) -> Iterator[Case | LeftOut]:
    """Each film, with what its row says of it."""
    table = read_rows(folder / "metadata.csv")
    yield from uneven_rows(folder / "metadata.csv", table, SOURCE)
    rows = {row["filename"]: row for _, row in table.rows}
    for path in films_in(folder / _FILMS):
        row = rows.get(path.name, {})
        yield Case(
            path,
            Finding.COVID,
            SOURCE,
            row.get("patient_id") or None,
            row.get("label") or "",
            parse_view(row.get("view")),
            parse_age(row.get("age")),
            parse_sex(row.get("sex")),
        )
