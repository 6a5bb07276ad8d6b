"""Which film trains, which tunes, which tests: no patient and no picture on two sides.

Films of one patient, and films that are the same picture, belong together and are never split.
Of films that are the same picture one is kept, so that none counts twice. Where such films carry
different labels, all are left out. A source can be held out whole; then whatever belongs together
with a film of it is left out of training too.

All works on the columns of a manifest: label, source, patient, duplicate_group and, to check, split
and sha256.
"""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from covid_core.datasets.duplicates import group, same_key
from covid_core.errors import DatasetError, listed
from covid_core.findings import CLASSES, Finding

_FOLDS = 10  # one of ten tests, one tunes


class Split(StrEnum):
    """Where a film goes. Those below `HELD_OUT` neither train nor count."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    HELD_OUT = "held out"
    TWIN = "twin of a film kept"
    CONFLICT = "twins with different labels"
    LEAK = "belongs with a held-out film"
    UNLABELLED = "unlabelled"
    NOT_TAKEN = "not taken by the study"


SIDES = (Split.TRAIN, Split.VALIDATION, Split.TEST, Split.HELD_OUT)


def assign_splits(
    table: pd.DataFrame,
    *,
    seed: int,
    held_out: Collection[str] = (),
    classes: Sequence[Finding] = CLASSES,
    folds: int = _FOLDS,
    groups: np.ndarray | None = None,
) -> list[str]:
    """A split for each row, the same for the same rows and seed. One of `folds` parts tests, one
    validates. `groups`: int (rows,), as `groups_of` gives them, where a larger table knows better.

    Raises DatasetError where one of `classes` is left without films in training, validation or
    test.
    """
    labels, sources = table["label"].to_numpy(), table["source"].to_numpy()
    known_patient = (table["patient"] != "").to_numpy()
    outside = table["source"].isin(list(held_out)).to_numpy()
    groups = groups_of(table) if groups is None else groups

    splits: list[Split | None] = [None] * len(table)
    _mark(splits, np.nonzero(labels == "")[0], Split.UNLABELLED)
    for twins in _members(table["duplicate_group"].to_numpy()):
        labelled = twins[labels[twins] != ""]
        if len(set(labels[labelled])) > 1:
            _mark(splits, labelled, Split.CONFLICT)
        elif len(labelled):
            kept = min(labelled, key=lambda i: (not outside[i], not known_patient[i], i))
            _mark(splits, labelled[labelled != kept], Split.TWIN)
    for members in _members(groups):
        if outside[members].any():
            _mark(splits, members[outside[members]], Split.HELD_OUT)
            _mark(splits, members[~outside[members]], Split.LEAK)

    free = np.array([i for i, split in enumerate(splits) if split is None], np.int64)
    strata = [f"{labels[i]}/{sources[i]}" for i in free]
    for i, split in zip(free, _folds(strata, groups[free], seed, folds), strict=True):
        splits[i] = split
    done = [split.value for split in splits if split is not None]
    _check_classes(labels, done, classes)
    return done


def groups_of(table: pd.DataFrame) -> np.ndarray:
    """A group number for each row: films of one patient, or of one picture, share it."""
    patients = table["patient"].where(table["patient"] != "").str.cat(table["source"], sep="\n")
    keys = [patients.to_numpy(), table["duplicate_group"].to_numpy()]
    return group(len(table), np.concatenate([same_key(key) for key in keys]))


def on_a_side(table: pd.DataFrame) -> np.ndarray:
    """Which rows train, tune or test: bool (rows,)."""
    return table["split"].isin([side.value for side in SIDES]).to_numpy()


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
    """Raises DatasetError where a patient or a picture is on two sides of a manifest's split: its
    figures would be too good."""
    leaks = overlaps(table)
    if leaks:
        raise DatasetError(
            f"the split leaks{listed(leaks)}", "Make the manifest anew from its folders",
            file=str(path),
        )  # fmt: skip


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


def fingerprint(table: pd.DataFrame) -> str:
    """SHA-256, in hex, of which film is on which side: the same split, the same digest."""
    sides = table[on_a_side(table)]
    lines = sorted(sides["sha256"] + " " + sides["split"])
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _mark(splits: list[Split | None], members: Iterable[int], split: Split) -> None:
    for i in members:
        splits[i] = splits[i] or split


def _members(numbers: np.ndarray) -> list[np.ndarray]:
    order = np.argsort(numbers, kind="stable")
    return np.split(order, np.nonzero(np.diff(numbers[order]))[0] + 1)


def _folds(strata: Sequence[str], groups: np.ndarray, seed: int, count: int) -> list[Split]:
    if len(set(groups)) < count:
        raise DatasetError(
            f"only {len(set(groups))} groups of films are left to split",
            f"Give at least {count} patients or independent films",
        )
    if max(Counter(strata).values()) < count:
        raise DatasetError(
            f"no class of any source has {count} films to split",
            f"Give at least {count} films of each class",
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
                    f"no {finding.value} film is left for {split.value}",
                    "Add films of that class from more patients",
                )
