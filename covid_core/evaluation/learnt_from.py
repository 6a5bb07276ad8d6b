"""Which films a network learnt from, and whether any of them is to be measured or to choose."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import pandas as pd

from covid_core.datasets.split import MEASURED, Split, fingerprint, groups_of, unlabelled_to_train
from covid_core.errors import DatasetError
from covid_core.model.card import WeightsCard

_LEARNT_FROM = (Split.TRAIN.value, Split.VALIDATION.value)


def check_start(
    cards: Iterable[WeightsCard], table: pd.DataFrame, trained_on: Sequence[pd.DataFrame] = ()
) -> None:
    """Raise DatasetError where a film that tunes or tests taught the weights to start from.

    `cards`: of these weights, and of teachers. Weights none of whose sources are in `table` pass:
    sources are known by their names. Otherwise as `check_kept_split`, by that of the manifests
    `trained_on` which trained the weights; raises DatasetError.
    """
    measured = table["split"].isin([side.value for side in MEASURED]).to_numpy()
    tunes = (table["split"] == Split.VALIDATION.value).to_numpy()
    for card in cards:
        if table["source"].isin(_sources_of(card)).any():
            own = next((one for one in trained_on if fingerprint(one) == card.split), None)
            taught_by = _trained_by(card, table, own)
            _refuse_learnt(card, table, measured, taught_by, _LEARNT_FROM)
            _refuse_learnt(card, table, tunes, taught_by, [Split.TRAIN.value])


def check_kept_split(
    card: WeightsCard,
    table: pd.DataFrame,
    measured: np.ndarray,
    trained_on: pd.DataFrame | None = None,
) -> None:
    """Raise DatasetError where a film to be measured is one that the weights learnt from.

    `measured`: which rows of `table` these are, bool (rows,). Where the weights learnt from one of
    them, or from one that belongs with it by patient or by picture, raises DatasetError. A manifest
    passes on its own where it is the one that they were trained on, or adds other sources to it and
    leaves all of its films on their sides. For any other, such as one with `--keep-split` in which
    a radiologist's reading overruled a folder's name, `trained_on` must be the manifest that they
    were trained on, and all that trained them must stand in `table` to be compared with.
    """
    _refuse_learnt(card, table, measured, _trained_by(card, table, trained_on), _LEARNT_FROM)


def _trained_by(
    card: WeightsCard, table: pd.DataFrame, trained_on: pd.DataFrame | None
) -> pd.DataFrame:
    """The rows that trained the weights, of `table` where it keeps their split, else `trained_on`.

    Raises DatasetError where neither is their manifest.
    """
    kept = table[table["source"].isin(_sources_of(card))]
    if card.split in (fingerprint(table), fingerprint(kept)):
        return kept
    if trained_on is None or fingerprint(trained_on) != card.split:
        raise DatasetError(
            f"the weights {card.recipe} were trained on another split: images that are to measure"
            " them may have trained them",
            "Give the manifest that they were trained on as --trained-on",
        )
    return trained_on


def _refuse_learnt(
    card: WeightsCard,
    table: pd.DataFrame,
    measured: np.ndarray,
    trained_on: pd.DataFrame,
    sides: Collection[str],
) -> None:
    """Raise DatasetError where what the weights learnt from on these sides is to be measured."""
    learnt = trained_on["sha256"][_taught(card, trained_on, sides)]
    missing = len(set(learnt) - set(table["sha256"]))
    if missing:
        raise DatasetError(
            f"{missing} radiographs that the weights learnt from are not in it",
            "Make the manifest anew from all folders, with the old one's split kept",
        )
    groups = groups_of(table)
    belongs = np.isin(groups, groups[table["sha256"].isin(learnt).to_numpy()])
    leaks = int((belongs & measured).sum())
    if leaks:
        raise DatasetError(
            f"{leaks} radiographs to be measured are, or belong with, those that the weights"
            " learnt from",
            "Make the manifest anew with the old one's split kept",
        )


def _sources_of(card: WeightsCard) -> set[str]:
    return {source for sources in card.films.values() for source in sources}


def _taught(card: WeightsCard, trained_on: pd.DataFrame, sides: Collection[str]) -> np.ndarray:
    """Which films of the manifest that trained the weights taught them: bool (rows,)."""
    taught = trained_on["split"].isin(sides).to_numpy()
    if card.training.get("teacher", "none") in ("none", "None"):
        return taught
    return taught | unlabelled_to_train(trained_on, groups_of(trained_on))
