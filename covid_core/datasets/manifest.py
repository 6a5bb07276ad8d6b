"""The manifest: one table, one row a film, that training and evaluation trust.

In memory a pandas table of the columns below with absolute paths; on disk Parquet or CSV, by the
file's ending, with paths relative to the manifest's folder, so that both move together. Text is
empty where a dataset does not tell.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pandas as pd

from covid_core.errors import DatasetError
from covid_core.findings import CLASSES

COLUMNS: dict[str, tuple[str, str]] = {
    "path": ("str", "the film's file"),
    "label": ("str", "normal, pneumonia or covid: the dataset's own label; empty where held back"),
    "source": ("str", "the dataset or institution"),
    "patient": ("str", "the patient, unique within the source"),
    "finding": ("str", "the dataset's own words for it: bacteria, SARS, Lung_Opacity, …"),
    "view": ("str", "PA, AP or unknown"),
    "age": ("float64", "years"),
    "sex": ("str", "F or M"),
    "width": ("int64", "px"),
    "height": ("int64", "px"),
    "sha256": ("str", "hex digest of the file's bytes"),
    "duplicate_group": ("int64", "the same number for films that are the same picture"),
    "split": ("str", "train, validation, test or held out; or why the film is in none of these"),
}


def write_manifest(table: pd.DataFrame, path: Path) -> None:
    """Write a manifest, whole or not at all. Raises DatasetError."""
    suffix = _suffix(path)
    folder = path.resolve().parent
    stored = table[list(COLUMNS)].copy()
    stored["path"] = [_relative(film, folder) for film in stored["path"]]
    partial = path.with_name(path.name + ".partial")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if suffix == ".csv":
            stored.to_csv(partial, index=False)
        else:
            stored.to_parquet(partial, index=False)
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise DatasetError(
            f"the manifest can't be written ({error.strerror})",
            "Give a folder with room that you may write to",
            file=str(path),
        ) from error


def read_manifest(path: Path) -> pd.DataFrame:
    """A manifest as written. Raises DatasetError where it is none."""
    suffix = _suffix(path)
    try:
        if suffix == ".csv":
            types = {name: kind for name, (kind, _) in COLUMNS.items()}
            table = pd.read_csv(path, dtype=types, keep_default_na=False, na_values={"age": [""]})
        else:
            table = pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's and pandas' own errors are ValueErrors
        raise _no_manifest(path, "it can't be read as a manifest") from error
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise _no_manifest(path, f"it has no column {', '.join(missing)}")
    unknown = sorted(set(table["label"]) - {"", *(finding.value for finding in CLASSES)})
    if unknown:
        raise _no_manifest(path, f"it has labels that are none: {', '.join(map(str, unknown[:3]))}")
    folder = path.resolve().parent
    table["path"] = [str(Path(os.path.normpath(folder / film))) for film in table["path"]]
    return table


def _relative(film: str, folder: Path) -> str:
    try:
        return Path(os.path.relpath(film, folder)).as_posix()
    except ValueError:  # another drive
        return film


def _suffix(path: Path) -> str:
    if path.suffix not in (".csv", ".parquet"):
        raise DatasetError("a manifest is a .parquet or a .csv file", "Name it so", file=str(path))
    return path.suffix


def _no_manifest(path: Path, problem: str) -> DatasetError:
    return DatasetError(
        problem, "Make one with: python -m covid_core manifest DIR --out FILE", file=str(path)
    )
