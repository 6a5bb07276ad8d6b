"""Which film trains, which tunes, which tests: no patient and no picture on two sides.

Films of one patient, and films that are the same picture, belong together and are never split.
Of films that are the same picture one is kept, so that none counts twice. Where such films carry
different labels, a radiologist's reading of the film beats a folder's name; where there is none, or
readings differ, all are left out. A source can be held out whole; then whatever belongs together
with a film of it is left out of training too.

All works on the columns of a manifest: label, source, patient, duplicate_group, where they are
there appearance and boxes, and, to check, split and sha256.
"""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from covid_core.datasets.duplicates import group, same_key
from covid_core.datasets.sides import (
    MEASURED,
    SIDES,
    Split,
    claims_of,
    keep_sides,
    mark,
    mark_twins,
    members_of,
)
from covid_core.errors import DatasetError, listed
from covid_core.findings import CLASSES, Finding

__all__ = [
    "MEASURED",
    "SIDES",
    "Split",
    "assign_splits",
    "check_clean",
    "counts",
    "fingerprint",
    "groups_of",
    "on_a_side",
    "overlaps",
    "sides_before",
]

_FOLDS = 10  # one of ten tests, one tunes


def assign_splits(
    table: pd.DataFrame,
    *,
    seed: int,
    held_out: Collection[str] = (),
    classes: Sequence[Finding] = CLASSES,
    folds: int = _FOLDS,
    groups: np.ndarray | None = None,
    before: np.ndarray | None = None,
) -> list[str]:
    """A split for each row, the same for the same rows and seed.

    One of `folds` parts tests, one validates. `groups`: int (rows,), as `groups_of` gives them,
    where a larger table knows better. `before`: text (rows,), from `sides_before`: the side that
    each film was on in an earlier manifest, and stays on; new films too few to be split train.

    Raises DatasetError where one of `classes` is left without films in training, validation or
    test.
    """
    labels = table["label"].to_numpy(object)
    outside = table["source"].isin(list(held_out)).to_numpy()
    groups = groups_of(table) if groups is None else groups

    splits: list[Split | None] = [None] * len(table)
    mark_twins(splits, table, outside, before)
    if before is not None:
        keep_sides(splits, groups, before, outside)
    for members in members_of(groups):
        if outside[members].any():
            mark(splits, members[outside[members]], Split.HELD_OUT)
            mark(splits, members[~outside[members]], Split.LEAK)

    free = np.array([i for i, split in enumerate(splits) if split is None], np.int64)
    claims, sources = claims_of(table), table["source"].to_numpy()
    strata = [f"{claims[i]}/{sources[i]}" for i in free]
    try:
        sides = _folds(strata, groups[free], seed, folds)
    except DatasetError:
        if before is None:
            raise
        sides = [Split.TRAIN] * len(free)  # beside an earlier split they may be few
    for i, split in zip(free, sides, strict=True):
        splits[i] = split
    done = [split.value for split in splits if split is not None]
    _check_classes(labels, done, classes)
    return done


def sides_before(table: pd.DataFrame, earlier: pd.DataFrame) -> np.ndarray:
    """The side that each film of a manifest was on in an earlier one: text (rows,).

    Films are known by their SHA-256. Empty for a film that was on none.
    """
    sides = earlier[on_a_side(earlier)].drop_duplicates("sha256").set_index("sha256")["split"]
    return table["sha256"].map(sides).fillna("").to_numpy(str)


def groups_of(table: pd.DataFrame) -> np.ndarray:
    """A group number for each row: films of one patient, or of one picture, share it."""
    patients = table["patient"].where(table["patient"] != "").str.cat(table["source"], sep="\n")
    keys = [patients.to_numpy(), table["duplicate_group"].to_numpy()]
    return group(len(table), np.concatenate([same_key(key) for key in keys]))


def on_a_side(table: pd.DataFrame) -> np.ndarray:
    """Which rows train, tune or test: bool (rows,)."""
    return table["split"].isin([side.value for side in SIDES]).to_numpy()


def unlabelled_to_train(table: pd.DataFrame, groups: np.ndarray) -> np.ndarray:
    """Which unlabelled rows a teacher may answer in training: bool (rows,).

    Those whose patient and picture are on no other side than training. `groups`: of the rows, as
    `groups_of` gives them.
    """
    elsewhere = groups[on_a_side(table) & (table["split"] != Split.TRAIN.value).to_numpy()]
    unlabelled = (table["split"] == Split.UNLABELLED.value).to_numpy()
    return np.asarray(unlabelled & ~np.isin(groups, elsewhere))


def overlaps(table: pd.DataFrame) -> list[str]:
    """What is on two sides of the split, in words: patients, duplicates, files. Empty if clean."""
    sides = table[on_a_side(table)]
    named = sides[sides["patient"] != ""]
    keys = {
        "patient": (named, [named["source"], named["patient"]]),
        "duplicate group": (sides, [sides["duplicate_group"]]),
        "SHA-256": (sides, [sides["sha256"]]),
    }
    complaints = []
    for what, (films, by) in keys.items():
        for key, seen in films["split"].groupby(by):
            if seen.nunique() > 1:
                which = " ".join(str(part) for part in key)
                complaints.append(f"{what} {which} is in {', '.join(sorted(set(seen)))}")
    return complaints


def check_clean(table: pd.DataFrame, path: Path) -> None:
    """Raises DatasetError where a patient or a picture is on two sides of a manifest's split.

    Its figures would be too good.
    """
    leaks = overlaps(table)
    if leaks:
        raise DatasetError(
            f"the split leaks{listed(leaks)}",
            "Make the manifest anew from its folders",
            file=str(path),
        )


def counts(table: pd.DataFrame) -> dict[str, dict[str, dict[str, int]]]:
    """How many films: split, then source, then class; each in its order."""
    nested: dict[str, dict[str, dict[str, int]]] = {}
    for split in Split:
        for source, films in table[table["split"] == split.value].groupby("source"):
            labels = films["label"].value_counts()
            known = [finding.value for finding in CLASSES if finding.value in labels]
            own = {label: int(labels[label]) for label in [*known, *({""} & set(labels.index))]}
            nested.setdefault(split.value, {})[str(source)] = own
    return nested


def check_tested(table: pd.DataFrame, file: Path | None = None) -> None:
    """Raise DatasetError where no film with a class is in a manifest's test part."""
    if not ((table["split"] == Split.TEST.value) & (table["label"] != "")).any():
        raise DatasetError(
            "the manifest has no radiograph with a class in its test part",
            "Make the manifest anew, with radiographs to test",
            file=str(file) if file else None,
        )


def fingerprint(table: pd.DataFrame) -> str:
    """SHA-256, in hex, of which film is on which side: the same split, the same digest."""
    sides = table[on_a_side(table)]
    lines = sorted(sides["sha256"] + " " + sides["split"])
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _folds(strata: Sequence[str], groups: np.ndarray, seed: int, count: int) -> list[Split]:
    if len(set(groups)) < count:
        raise DatasetError(
            f"only {len(set(groups))} groups of radiographs are left to split",
            f"Give at least {count} patients or independent radiographs",
        )
    if max(Counter(strata).values()) < count:
        raise DatasetError(
            f"no class of any source has {count} radiographs to split",
            f"Give at least {count} radiographs of each class",
        )
    folds = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    splits = [Split.TRAIN] * len(strata)
    with warnings.catch_warnings():
        # Of a class of few films some folds get none; what must not be without is checked below.
        warnings.simplefilter("ignore", UserWarning)
        parts = [part for _, part in folds.split(np.zeros(len(strata)), list(strata), groups)]
    for split, part in zip((Split.TEST, Split.VALIDATION), parts, strict=False):
        for i in part:
            splits[i] = split
    return splits


def _check_classes(labels: np.ndarray, splits: Sequence[str], classes: Sequence[Finding]) -> None:
    for split in (Split.TRAIN, Split.VALIDATION, Split.TEST):
        present = {label for label, side in zip(labels, splits, strict=True) if side == split}
        for finding in classes:
            if finding.value not in present:
                raise DatasetError(
                    f"no {finding.value} radiograph is left for {split.value}",
                    "Add radiographs of that class from more patients",
                )
