"""A published study's own films, with its own leaky split or with that corrected.

As published, films are drawn into training and test whatever patient or picture they share: that is
how the figures of most studies came about, and why they flatter. `shared` counts the cost.
Corrected, the same films are split as a manifest is: no patient and no picture on two sides, one of
each picture kept, one locked test part, and nothing in the second source that trained.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
import pandas as pd

from covid_core.datasets.split import Split, assign_splits, groups_of
from covid_core.errors import DatasetError
from covid_core.findings import CLASSES

_FOLDS = 5  # a fifth tests, as in most of the studies, and a fifth validates


@dataclass(frozen=True, slots=True)
class Draw:
    """The first `first` films, by path, of a source and label; all where there are fewer.

    `finding`: the dataset's own word, `view`: the view, `folder`: the name of one of the two
    above the file, where only those were taken.
    """

    source: str
    label: str
    first: int
    finding: str = ""
    view: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a study split its films, and what it reports of them.

    `reported`: the accuracy that the study reports, 0 to 1, on its test films; `study`: whose.
    `test`, `validation`: share of the films, or, from 1 on, films of each label. No validation: the
    test films chose and stopped the network, too. `listed`: the last films by path test, instead of
    a random draw. `augmented`: whether films are varied in validation as in training. `second`:
    films of another source; the study's own where it tested on one (`reported_second`), else ours.
    `positive`: the class whose recall the study gives as its own. `defects`: what is wrong with it,
    in words; `reported_at`: what its figure is, as "127 of 128". `reported_kappa`: its Cohen's
    kappa; `reported_stage`: the accuracy of its first stage, on films of `second` too.
    """

    study: str
    reported: float
    films: tuple[Draw, ...]
    test: float
    validation: float = 0.0
    second: tuple[Draw, ...] = ()
    reported_at: str = ""
    reported_second: float | None = None
    reported_kappa: float | None = None
    reported_stage: float | None = None
    listed: bool = False
    augmented: bool = False
    positive: str = "covid"
    defects: tuple[str, ...] = ()

    @property
    def chooses_by(self) -> Split:
        """The films that the study chose and stopped its network by."""
        return Split.VALIDATION if self.validation else Split.TEST


def as_published(table: pd.DataFrame, protocol: Protocol, *, seed: int) -> pd.DataFrame:
    """The manifest with a study's own split in place of the clean one.

    Raises DatasetError where films of a draw are missing altogether.
    """
    drawing = np.random.default_rng(seed)
    split = np.full(len(table), Split.NOT_TAKEN.value, dtype=object)
    for films in _own(table, protocol).values():
        ordered = films[::-1] if protocol.listed else drawing.permutation(films)
        test = _count(protocol.test, len(films))
        ends = (test, test + _count(protocol.validation, len(films)))
        for side, part in zip(
            (Split.TEST, Split.VALIDATION, Split.TRAIN), np.split(ordered, ends), strict=True
        ):
            split[part] = side.value
    for rows in _drawn(table, protocol.second).values():
        split[[i for i in rows if split[i] == Split.NOT_TAKEN.value]] = Split.HELD_OUT.value
    return table.assign(split=split)


def corrected(table: pd.DataFrame, protocol: Protocol, *, seed: int) -> pd.DataFrame:
    """The manifest with the same films of a study split by patient and picture.

    Its second source is held out whole, and what belongs together with it does not train. Raises
    DatasetError where films of a draw are missing, or too few are left of a class.
    """
    own = _own(table, protocol)
    second = {label: rows for label, rows in _drawn(table, protocol.second).items() if label in own}
    taken = np.unique(np.concatenate([*own.values(), *second.values()]))
    studied = np.concatenate(list(own.values()))
    films = table.iloc[taken].reset_index(drop=True)
    # By row, not by source: a study may have taken other films of its second source's.
    held_out = ~np.isin(taken, studied)
    parts = films.assign(source=np.where(held_out, _SECOND, films["source"]))
    classes = [finding for finding in CLASSES if finding.value in own]
    # Films can belong together by one that the study did not take.
    sides = assign_splits(
        parts,
        seed=seed,
        held_out=[_SECOND],
        classes=classes,
        folds=_FOLDS,
        groups=groups_of(table)[taken],
    )
    split = np.full(len(table), Split.NOT_TAKEN.value, dtype=object)
    split[taken] = sides
    return table.assign(split=split)


def shared(table: pd.DataFrame) -> float:
    """The share of test films, 0 to 1, whose patient or very picture trained too."""
    groups = groups_of(table)
    test, train = (groups[table["split"] == side.value] for side in (Split.TEST, Split.TRAIN))
    return float(np.isin(test, train).mean()) if len(test) else 0.0


_SECOND = "second source"


def _own(table: pd.DataFrame, protocol: Protocol) -> dict[str, np.ndarray]:
    """The study's films by label: their places in the table."""
    return _drawn(table, protocol.films)


def _drawn(table: pd.DataFrame, draws: tuple[Draw, ...]) -> dict[str, np.ndarray]:
    drawn: dict[str, list[int]] = {}
    for draw in draws:
        drawn.setdefault(draw.label, []).extend(_rows(table, draw))
    return {label: np.array(rows) for label, rows in drawn.items()}


def _rows(table: pd.DataFrame, draw: Draw) -> np.ndarray:
    fits = (table["source"] == draw.source) & (table["label"] == draw.label)
    if draw.finding:
        fits &= table["finding"] == draw.finding
    if draw.view:
        fits &= table["view"] == draw.view
    if draw.folder:
        above = (PurePath(path).parts[-3:-1] for path in table["path"])
        fits &= np.array([draw.folder in folders for folders in above], bool)
    rows = table.index[fits][np.argsort(table["path"][fits].to_numpy(), kind="stable")]
    if not len(rows):
        named = " ".join(
            filter(None, (draw.source, draw.label, draw.finding, draw.view, draw.folder))
        )
        raise DatasetError(
            f"the study took radiographs that are not here: {named}",
            "Give that dataset too with --data",
        )
    return table.index.get_indexer(rows)[: draw.first]


def _count(share_or_count: float, films: int) -> int:
    return min(
        round(share_or_count * films) if share_or_count < 1 else round(share_or_count), films // 3
    )
