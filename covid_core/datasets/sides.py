"""The sides of a split, and which films are on none: copies, contradictions, what must stay apart.

`split` does the drawing; here are the rules that come before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import numpy as np
import pandas as pd


class Split(StrEnum):
    """Where a film goes. Those below `HELD_OUT` neither train nor count."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    HELD_OUT = "held out"
    TWIN = "twin of a film kept"
    CONFLICT = "twins with different labels"
    OVERRULED = "a radiologist read it otherwise"
    LEAK = "belongs with a held-out film"
    KEPT_APART = "belongs with a film of the split that was kept"
    UNLABELLED = "unlabelled"
    NOT_TAKEN = "not taken by the study"


MEASURED = (Split.TEST, Split.HELD_OUT)  # the sides that results are measured on
SIDES = (Split.TRAIN, Split.VALIDATION, *MEASURED)


def read_by_radiologists(table: pd.DataFrame) -> np.ndarray:
    """Which rows carry a radiologist's reading of this very film: bool (rows,)."""
    return (texts_of(table, "appearance") != "") | (texts_of(table, "boxes") != "")


def mark_twins(
    splits: list[Split | None],
    table: pd.DataFrame,
    outside: np.ndarray,
    before: np.ndarray | None,
) -> None:
    """Mark films without label and appearance, and of each picture all copies but one."""
    labels, claims = table["label"].to_numpy(object), claims_of(table)
    read, known_patient = read_by_radiologists(table), (table["patient"] != "").to_numpy()
    mark(splits, np.nonzero(claims == "")[0], Split.UNLABELLED)
    for twins in members_of(table["duplicate_group"].to_numpy()):
        known = twins[claims[twins] != ""]
        if not len(known):
            continue
        readings = known[read[known]]
        if len(set(claims[readings if len(readings) else known])) > 1:
            mark(splits, known, Split.CONFLICT)
            continue
        # A reading without a class, such as indeterminate, contradicts no label; it counts alone.
        label = labels[readings[0]] if len(readings) else labels[known[0]]
        wrong = known[(labels[known] != label) & ~read[known]]
        mark(splits, wrong, Split.OVERRULED if label else Split.TWIN)
        right = np.setdiff1d(known, wrong)
        if before is not None and (before[right] != "").any():
            new = right[outside[right] & (before[right] == "")]  # of a film that stays on its side
            mark(splits, new, Split.TWIN)
            right = np.setdiff1d(right, new)
        kept = min(right, key=lambda i: (not outside[i], not read[i], not known_patient[i], i))
        mark(splits, right[right != kept], Split.TWIN)


def keep_sides(
    splits: list[Split | None], groups: np.ndarray, before: np.ndarray, outside: np.ndarray
) -> None:
    """Put films of a group on the side that one of them was on before.

    Where a new film joins groups of several sides, the side that trained has them, and films of the
    others are left out: no film that trained may ever count.
    """
    for members in members_of(groups):
        sides = [side for side in SIDES if (before[members] == side.value).any()]
        if not sides:
            continue
        own = before[members] == sides[0].value
        if sides[0] is Split.HELD_OUT:
            mark(splits, members[own], Split.HELD_OUT)
            mark(splits, members[~own], Split.LEAK)
            continue
        other = ~own & ((before[members] != "") | outside[members])
        mark(splits, members[other], Split.KEPT_APART)
        mark(splits, members[~other], sides[0])


def claims_of(table: pd.DataFrame) -> np.ndarray:
    """What is known of each film, to be split and compared by: its class, else its appearance."""
    labels = table["label"].to_numpy(object)
    return np.where(labels != "", labels, texts_of(table, "appearance"))


def texts_of(table: pd.DataFrame, name: str) -> np.ndarray:
    """A column's texts, or "" in each row of a table without it: object (rows,)."""
    return table[name].to_numpy(object) if name in table else np.full(len(table), "", dtype=object)


def mark(splits: list[Split | None], members: Iterable[int], split: Split) -> None:
    """Put films on a side, unless they are on one."""
    for i in members:
        splits[i] = splits[i] or split


def members_of(numbers: np.ndarray) -> list[np.ndarray]:
    """The places of each number in an array, as one array for each number."""
    order = np.argsort(numbers, kind="stable")
    return np.split(order, np.nonzero(np.diff(numbers[order]))[0] + 1)
