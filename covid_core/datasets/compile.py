"""Dataset folders to a manifest: read, look at every film, find the twins, split."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from covid_core.boxes import format_boxes
from covid_core.datasets.case import EVERYTHING, Case, LeftOut, Selection
from covid_core.datasets.columns import COLUMNS
from covid_core.datasets.duplicates import METHOD, Twins, find_twins, group
from covid_core.datasets.layouts import read_cases
from covid_core.datasets.split import Split, assign_splits, sides_before
from covid_core.datasets.survey import Survey, survey
from covid_core.errors import DatasetError, listed
from covid_core.findings import CLASSES
from covid_core.storage.arrays import load_arrays, save_arrays
from covid_core.storage.walk import Note, ignore


@dataclass(frozen=True, slots=True, eq=False)
class Compilation:
    """A manifest, and what was seen on the way. `survey` and `twins` go by the table's rows."""

    table: pd.DataFrame
    survey: Survey
    twins: Twins
    left_out: tuple[LeftOut, ...]

    @property
    def damaged(self) -> list[LeftOut]:
        """What should be among the films, and could not be read."""
        return [left for left in self.left_out if left.damaged]


def compile_manifest(
    roots: Sequence[Path],
    cache: Path,
    *,
    workers: int,
    seed: int = 0,
    held_out: Collection[str] = (),
    selection: Selection = EVERYTHING,
    skip_bad: bool = False,
    kept: pd.DataFrame | None = None,
    note: Note = ignore,
) -> Compilation:
    """The manifest of dataset folders.

    `kept`: an earlier manifest, whose films stay on their sides (`split.assign_splits`). `note`
    takes each file that is passed over (`layouts.read_cases`).

    Raises DatasetError where there is nothing to read, a class is left without films, or a source
    to be held out has films on other sides of `kept`; and, unless `skip_bad` leaves them out, where
    files are damaged: it names all that is wrong.
    """
    found = read_cases(roots, selection, note)
    _check_sources(held_out, {case.source for case in found.cases})
    seen = survey([case.path for case in found.cases], cache, workers=workers)
    readable = np.nonzero(seen.reason == "")[0]
    refused = [
        LeftOut(found.cases[i].path, found.cases[i].source, str(seen.reason[i]), damaged=True)
        for i in np.nonzero(seen.reason != "")[0]
    ]
    left_out = (*found.left_out, *refused)
    cases, seen = [found.cases[i] for i in readable], seen[readable]
    _check_whole(cases, [] if skip_bad else [left for left in left_out if left.damaged])
    twins = _twins(seen, cache)
    table = _table(cases, seen, twins)
    before = None if kept is None else sides_before(table, kept)
    if before is not None:
        _check_held_out(table, held_out, before)
    table["split"] = assign_splits(table, seed=seed, held_out=held_out, before=before)
    return Compilation(table, seen, twins, left_out)


def _check_held_out(table: pd.DataFrame, held_out: Collection[str], before: np.ndarray) -> None:
    """Raise DatasetError where a film of a source to be held out was on another side before."""
    elsewhere = ~np.isin(before, ["", Split.HELD_OUT.value])
    for source in held_out:
        films = int((elsewhere & (table["source"] == source).to_numpy()).sum())
        if films:
            raise DatasetError(
                f"the source {source} is to be held out, and {films:,} of its images train, tune or"
                " test in the split that is kept",
                "Leave --keep-split out, or keep a split in which it is held out",
            )


def _twins(seen: Survey, cache: Path) -> Twins:
    """The films' twins, remembered for these very films."""
    digest = hashlib.sha256("".join([METHOD, *seen.sha256]).encode()).hexdigest()
    path = cache / f"twins-{digest[:16]}.npz"
    known = load_arrays(path, Twins.__slots__)
    if known:
        return Twins(**known)
    twins = find_twins(seen.thumbnails, seen.sha256)
    save_arrays(path, {"pairs": twins.pairs, "likeness": twins.likeness})
    return twins


def _table(cases: Sequence[Case], seen: Survey, twins: Twins) -> pd.DataFrame:
    columns = {
        "path": [str(case.path) for case in cases],
        "label": [case.label.value if case.label else "" for case in cases],
        "source": [case.source for case in cases],
        "patient": [case.patient or "" for case in cases],
        "finding": [case.finding for case in cases],
        "appearance": [case.appearance.value if case.appearance else "" for case in cases],
        "boxes": [format_boxes(case.boxes) for case in cases],
        "view": [case.view.value for case in cases],
        "age": [np.nan if case.age is None else case.age for case in cases],
        "sex": [case.sex or "" for case in cases],
        "width": seen.width,
        "height": seen.height,
        "sha256": seen.sha256,
        "duplicate_group": group(len(cases), twins.pairs),
        "split": "",
    }
    return pd.DataFrame(columns).astype({name: kind for name, (kind, _) in COLUMNS.items()})


def _check_whole(cases: Sequence[Case], damaged: Sequence[LeftOut]) -> None:
    """Raises DatasetError that names everything that is wrong, at once."""
    labels = {case.label for case in cases}
    wrong = [
        f"no {finding} radiograph that can be read" for finding in CLASSES if finding not in labels
    ]
    wrong += [f"{left.path}: {left.reason}" for left in damaged]
    if wrong:
        leave = ", or leave damaged files out with --skip-bad" if damaged else ""
        raise DatasetError(
            f"the dataset is not whole{listed(wrong)}", f"Repair it, or download it again{leave}"
        )


def _check_sources(held_out: Collection[str], sources: Collection[str]) -> None:
    unknown = sorted(set(held_out) - set(sources))
    if unknown:
        raise DatasetError(
            f"there is no source named {', '.join(unknown)}",
            f"Hold out one of {', '.join(sorted(sources))}",
        )
