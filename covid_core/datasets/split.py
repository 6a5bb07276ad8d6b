"""Which film trains, which tunes, which tests: no patient and no picture on two sides.

Films of one patient, and films that are the same picture, form a group; a group is never split.
Of films that are the same picture one is kept, so that none counts twice. Where such films carry
different labels, all are left out. A source can be held out whole; then whatever shares a group
with it is left out of training too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from covid_core.datasets.case import Case
from covid_core.datasets.duplicates import group
from covid_core.errors import DatasetError
from covid_core.findings import CLASSES

_FOLDS = 10  # one of ten tests, one tunes


class Split(StrEnum):
    """Where a film goes. The last three never reach the network."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    HELD_OUT = "held out"
    TWIN = "twin of a film kept"
    CONFLICT = "twins with different labels"
    LEAK = "shares a group with a held-out source"


def assign_splits(
    cases: Sequence[Case], twins: np.ndarray, *, seed: int, held_out: Collection[str] = ()
) -> list[Split]:
    """A split for each case. `twins`: pairs of same pictures, int (pairs, 2).

    Raises DatasetError where a class is left without films in training, validation or test.
    """
    count = len(cases)
    pictures = group(count, twins)
    groups = groups_of(cases, twins)
    labels = np.array([case.label.value for case in cases])
    outside = np.array([case.source in held_out for case in cases])

    splits: list[Split | None] = [None] * count
    for members in _members(pictures):
        if len(set(labels[members])) > 1:
            _mark(splits, members, Split.CONFLICT)
            continue
        kept = min(members, key=lambda i: (not outside[i], cases[i].patient is None, i))
        _mark(splits, [i for i in members if i != kept], Split.TWIN)
    for members in _members(groups):
        if outside[members].any():
            _mark(splits, [i for i in members if outside[i]], Split.HELD_OUT)
            _mark(splits, [i for i in members if not outside[i]], Split.LEAK)

    open_cases = [i for i in range(count) if splits[i] is None]
    strata = [f"{cases[i].label}/{cases[i].source}" for i in open_cases]
    for i, split in zip(open_cases, _folds(strata, groups[open_cases], seed), strict=True):
        splits[i] = split
    done = [split for split in splits if split is not None]
    _check_classes(labels, done)
    return done


def groups_of(cases: Sequence[Case], twins: np.ndarray) -> np.ndarray:
    """A group number for each case: films of one patient, or of one picture, share it."""
    return group(len(cases), np.concatenate([twins, _patient_pairs(cases)]))


def overlaps(cases: Sequence[Case], twins: np.ndarray, splits: Sequence[Split]) -> list[str]:
    """Groups seen on two sides of the split, in words; empty where the split is clean."""
    groups = groups_of(cases, twins)
    sides = (Split.TRAIN, Split.VALIDATION, Split.TEST, Split.HELD_OUT)
    complaints = []
    for members in _members(groups):
        seen = sorted({splits[i].value for i in members if splits[i] in sides})
        if len(seen) > 1:
            complaints.append(f"{cases[members[0]].path.name} and others are in {', '.join(seen)}")
    return complaints


def _mark(splits: list[Split | None], members: Iterable[int], split: Split) -> None:
    for i in members:
        splits[i] = splits[i] or split


def _members(numbers: np.ndarray) -> list[np.ndarray]:
    order = np.argsort(numbers, kind="stable")
    return np.split(order, np.nonzero(np.diff(numbers[order]))[0] + 1)


def _patient_pairs(cases: Sequence[Case]) -> np.ndarray:
    first: dict[tuple[str, str], int] = {}
    pairs = [
        (first.setdefault((case.source, case.patient), i), i)
        for i, case in enumerate(cases)
        if case.patient is not None
    ]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _folds(strata: Sequence[str], groups: np.ndarray, seed: int) -> list[Split]:
    if len(set(groups)) < _FOLDS:
        raise DatasetError(
            f"only {len(set(groups))} groups of films are left to split",
            f"Give at least {_FOLDS} patients or independent films",
        )
    if max(Counter(strata).values()) < _FOLDS:
        raise DatasetError(
            f"no class of any source has {_FOLDS} films to split",
            f"Give at least {_FOLDS} films of each class",
        )
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed)
    splits = [Split.TRAIN] * len(strata)
    parts = [part for _, part in folds.split(np.zeros(len(strata)), list(strata), groups)]
    for split, part in zip((Split.TEST, Split.VALIDATION), parts, strict=False):
        for i in part:
            splits[i] = split
    return splits


def _check_classes(labels: np.ndarray, splits: Sequence[Split]) -> None:
    for split in (Split.TRAIN, Split.VALIDATION, Split.TEST):
        present = {label for label, side in zip(labels, splits, strict=True) if side is split}
        for finding in CLASSES:
            if finding.value not in present:
                raise DatasetError(
                    f"no {finding.value} film is left for {split.value}",
                    "Add films of that class from more patients",
                )
