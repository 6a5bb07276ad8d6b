"""The manifest: one table, one row a film, that training and evaluation trust.

In memory a pandas table of the columns below with absolute paths; on disk Parquet or CSV, by the
file's ending, with paths relative to the manifest's folder, so that both move together. Text is
empty where a dataset does not say.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from covid_core.class_names import parse_class
from covid_core.datasets.case import LeftOut
from covid_core.datasets.columns import COLUMNS, OPTIONAL
from covid_core.datasets.split import Split
from covid_core.errors import DatasetError, listed
from covid_core.findings import APPEARANCES, CLASSES
from covid_core.storage.atomic import write_whole
from covid_core.storage.tables import original_text, read_table, table_bytes

_NAMED = 5  # lines that a message names
_MISSING_NAMED = 50  # images: where a folder was moved, thousands are missing


def check_name(path: Path) -> None:
    """Raises DatasetError for a file whose ending says nothing of how a manifest is written."""
    if path.suffix not in (".csv", ".parquet"):
        raise DatasetError("a manifest is a .parquet or a .csv file", "Name it so", file=str(path))


def write_manifest(table: pd.DataFrame, path: Path) -> None:
    """Write a manifest, whole or not at all. Raises CovidCoreError."""
    check_name(path)
    folder = path.resolve().parent
    stored = table[list(COLUMNS)].copy()
    stored["path"] = [_relative(film, folder) for film in stored["path"]]
    if path.suffix == ".csv":
        write_whole(path, _csv(stored))
    else:
        data = io.BytesIO()
        stored.to_parquet(data, index=False)
        write_whole(path, data.getvalue())


def write_left_out(left_out: Sequence[LeftOut], path: Path) -> None:
    """Write, as CSV, each file that is in no row, and why. Raises CovidCoreError."""
    rows = [
        {"path": str(left.path), "source": left.source, "reason": left.reason} for left in left_out
    ]
    write_whole(path, table_bytes(("path", "source", "reason"), rows))


def read_manifest(path: Path) -> pd.DataFrame:
    """A manifest as written. Raises DatasetError where it is none."""
    check_name(path)
    try:
        table = _read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    except (OSError, ValueError, csv.Error) as error:  # pyarrow's and pandas' are ValueErrors
        raise _no_manifest(path, "it can't be read as a manifest") from error
    for name in OPTIONAL:
        if name not in table.columns:
            table[name] = ""
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise _no_manifest(path, f"it has no column {', '.join(missing)}")
    table["label"] = table["label"].map(_class_name)
    for name, known in (("label", CLASSES), ("appearance", APPEARANCES), ("split", Split)):
        unknown = sorted(set(table[name]) - {"", *(word.value for word in known)})
        if unknown:
            named = ", ".join(map(str, unknown[:3]))
            raise _no_manifest(path, f"its column {name} has unknown words: {named}")
    folder = path.resolve().parent
    table["path"] = [str(Path(os.path.normpath(folder / film))) for film in table["path"]]
    return table


def film_paths(table: pd.DataFrame) -> list[Path]:
    """The paths of a manifest's images. Raises DatasetError where some are not there."""
    paths = [Path(path) for path in table["path"]]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise DatasetError(
            f"radiographs of the manifest are not there{listed(missing, _MISSING_NAMED)}",
            "Put them, or the manifest, where they were, or make it anew",
        )
    return paths


def _read_csv(path: Path) -> pd.DataFrame:
    """The table of a CSV file, its columns as they are stored.

    Raises DatasetError that names rows of more or fewer cells, and ValueError.
    """
    stored = read_table(path)
    if stored.uneven:
        lines = ", ".join(str(row.line) for row in stored.uneven[:_NAMED])
        raise DatasetError(
            f"{len(stored.uneven)} rows have more or fewer cells than the table has columns, the"
            f" first in lines {lines}",
            "Correct or delete them",
            file=str(path),
        )
    rows = [{name: original_text(cell) for name, cell in row.items()} for _, row in stored.rows]
    table = pd.DataFrame(rows, columns=list(stored.names), dtype=str)
    if "age" in table:
        table["age"] = pd.to_numeric(table["age"].replace("", np.nan))
    return table.astype({name: kind for name, (kind, _) in COLUMNS.items() if name in table})


def _class_name(label: str) -> str:
    """The name that a manifest uses, of a class in any spelling; else the label itself."""
    found = parse_class(label) if label else None
    return found.value if found in CLASSES else label


def write_overruled(table: pd.DataFrame, path: Path) -> None:
    """Write, as CSV, each file whose label a radiologist's reading of the picture contradicts.

    Raises CovidCoreError.
    """
    rows = table[table["split"] == Split.OVERRULED.value][["path", "source", "label"]]
    write_whole(path, _csv(rows))


def _csv(table: pd.DataFrame) -> bytes:
    """The table as a CSV file; a cell is empty where a number is missing."""
    whole = table.astype(object).where(table.notna(), "")
    return table_bytes(list(table.columns), whole.to_dict("records"))


def _relative(film: str, folder: Path) -> str:
    try:
        return Path(os.path.relpath(film, folder)).as_posix()
    except ValueError:  # another drive
        return film


def _no_manifest(path: Path, problem: str) -> DatasetError:
    return DatasetError(
        problem, "Make one with: python -m covid_core manifest DIR --out FILE", file=str(path)
    )
