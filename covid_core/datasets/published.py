"""A published study's own films and its own split, by film: to see what such a split is worth.

Films are drawn at random into training and test, whatever patient or picture they share: that is
how the figures of most studies came about, and why they flatter. `shared` counts the cost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from covid_core.datasets.split import Split, groups_of
from covid_core.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Draw:
    """The first `first` films, by path, of a source and label; all where there are fewer.

    `finding`: the dataset's own word, `view`: the view, where only those were taken.
    """

    source: str
    label: str
    first: int
    finding: str = ""
    view: str = ""


@dataclass(frozen=True, slots=True)
class Protocol:
    """`reported`: the accuracy that the study reports, 0 to 1, on its test films.

    `test`, `validation`: share of the films, or, from 1 on, films of each label. `second`: films
    of another source that the study tested on besides. `keep`: the epoch it kept, as a recipe's.
    """

    reported: float
    films: tuple[Draw, ...]
    test: float
    validation: float
    second: tuple[Draw, ...] = ()
    keep: str = "last"


def as_published(table: pd.DataFrame, protocol: Protocol, *, seed: int) -> pd.DataFrame:
    """The manifest with a study's own split in place of the clean one.

    Raises DatasetError where films of a draw are missing altogether.
    """
    drawing = np.random.default_rng(seed)
    split = np.full(len(table), Split.NOT_TAKEN.value, dtype=object)
    own: dict[str, list[int]] = {}
    for draw in protocol.films:
        own.setdefault(draw.label, []).extend(_rows(table, draw))
    for films in own.values():
        shuffled = drawing.permutation(films)
        test = _count(protocol.test, len(films))
        ends = (test, test + _count(protocol.validation, len(films)))
        for side, part in zip(
            (Split.TEST, Split.VALIDATION, Split.TRAIN), np.split(shuffled, ends), strict=True
        ):
            split[part] = side.value
    for draw in protocol.second:
        rows = _rows(table, draw)
        split[rows[split[rows] == Split.NOT_TAKEN.value]] = Split.HELD_OUT.value
    return table.assign(split=split)


def shared(table: pd.DataFrame) -> float:
    """The share of test films, 0 to 1, whose patient or very picture trained too."""
    groups = groups_of(table)
    test, train = (groups[table["split"] == side.value] for side in (Split.TEST, Split.TRAIN))
    return float(np.isin(test, train).mean()) if len(test) else 0.0


def _rows(table: pd.DataFrame, draw: Draw) -> np.ndarray:
    fits = (table["source"] == draw.source) & (table["label"] == draw.label)
    if draw.finding:
        fits &= table["finding"] == draw.finding
    if draw.view:
        fits &= table["view"] == draw.view
    rows = table.index[fits][np.argsort(table["path"][fits].to_numpy(), kind="stable")]
    if not len(rows):
        named = " ".join(filter(None, (draw.source, draw.label, draw.finding, draw.view)))
        raise DatasetError(
            f"the study took films that are not here: {named}", "Give that dataset too with --data"
        )
    return table.index.get_indexer(rows)[: draw.first]


def _count(asked: float, films: int) -> int:
    return min(round(asked * films) if asked < 1 else round(asked), films // 3)
