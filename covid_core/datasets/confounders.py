"""What else than the disease tells the classes apart in a manifest: hospital, age, export.

A network takes the easiest clue (DeGrave et al. 2021): each clue found here is said in words, with
the figure that makes it one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from covid_core.datasets.duplicates import halved
from covid_core.datasets.layouts import stated_ages
from covid_core.datasets.split import groups_of, on_a_side
from covid_core.findings import CLASSES

MOST = 0.9  # of a class: then it is as good as all of it
TOLD = 0.8  # balanced accuracy from which a source counts as told by itself
ADULT_YEARS = 18.0
_PER_SOURCE = 800
_LEAST = 30  # films of a source, to say anything of it
_COMPONENTS = 100
_FOLDS = 3


@dataclass(frozen=True, slots=True)
class SourceTold:
    """How well a classifier that sees a 32 px thumbnail tells one source from the others.

    `accuracy`: the mean of sensitivity and specificity, 0.5 by chance; on films it was not fitted
    to, with no patient and no twin on both sides. `films`: how many it was tried on.
    """

    source: str
    accuracy: float
    films: int


def sources_told(table: pd.DataFrame, thumbnails: np.ndarray, *, seed: int) -> list[SourceTold]:
    """Try to tell each source of the used films by thumbnails, uint8 (rows, 64, 64), alone."""
    drawing = np.random.default_rng(seed)
    used = on_a_side(table)
    sources = table["source"].to_numpy(str)
    chosen: list[np.ndarray] = []
    for source in np.unique(sources[used]):
        own = np.nonzero(used & (sources == source))[0]
        if len(own) >= _LEAST:
            chosen.append(drawing.permutation(own)[:_PER_SOURCE])
    if len(chosen) < 2:
        return []
    rows = np.concatenate(chosen)
    small = halved(thumbnails[rows])
    classifier = make_pipeline(
        StandardScaler(),
        PCA(min(_COMPONENTS, len(rows) // 2), whiten=True, random_state=seed),
        LogisticRegression(C=0.1, max_iter=1000, class_weight="balanced"),
    )
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed)
    called = cross_val_predict(
        classifier, small, sources[rows], groups=groups_of(table)[rows], cv=folds
    )
    told = []
    for source in np.unique(sources[rows]):
        own = sources[rows] == source
        right = ((called[own] == source).mean() + (called[~own] != source).mean()) / 2
        told.append(SourceTold(str(source), float(right), int(own.sum())))
    return told


def warnings_of(table: pd.DataFrame, told: list[SourceTold]) -> list[str]:
    """Each confounder of a manifest, a sentence or two each."""
    films = table[on_a_side(table)]
    return [*_one_source(films), *_one_age(films), *_one_class(films), *_told(told)]


def _one_source(films: pd.DataFrame) -> list[str]:
    warnings = []
    for finding, own in _classes(films):
        shares = own["source"].value_counts(normalize=True)
        if shares.iloc[0] >= MOST:
            warnings.append(
                f"{_percent(shares.iloc[0])} of the {finding} films are of one source,"
                f" {shares.index[0]}: what tells that source passes for {finding}. Add {finding}"
                " films of another source, and hold a source out."
            )
    return warnings


def _one_class(films: pd.DataFrame) -> list[str]:
    warnings = []
    for source, own in films.groupby("source"):
        if own["label"].nunique() == 1:
            label = own["label"].iloc[0]
            warnings.append(
                f"All {len(own)} films of {source} are {label}: within it there is nothing to tell"
                f" apart, and whatever marks the source passes for {label}."
            )
    return warnings


def _one_age(films: pd.DataFrame) -> list[str]:
    warnings = []
    children = _children(films)
    shares = {
        finding: children[own.index].dropna().astype(float).mean()
        for finding, own in _classes(films)
    }
    for finding, share in shares.items():
        if share >= MOST:
            adults = [other for other, s in shares.items() if s <= 1 - MOST]
            against = f", and next to none of {' and '.join(adults)}" if adults else ""
            warnings.append(
                f"{_percent(share)} of the {finding} films whose age is known are of"
                f" children{against}: age passes for {finding}. Add {finding} films of adults."
            )
    return warnings


def _told(told: list[SourceTold]) -> list[str]:
    return [
        f"A classifier that sees a 32 px thumbnail tells {one.source} from the other sources with"
        f" a balanced accuracy of {one.accuracy:.2f} (0.5 is chance): its export alone gives it"
        " away."
        for one in told
        if one.accuracy >= TOLD
    ]


def _children(films: pd.DataFrame) -> pd.Series:
    """Whether each film is of a child, by its age or its source's; missing where not known."""
    child = (films["age"] < ADULT_YEARS).where(films["age"].notna()).astype(object)
    for source in films["source"].unique():
        ages = stated_ages(source)
        if ages:
            of_source = (films["source"] == source) & films["age"].isna()
            if ages[1] < ADULT_YEARS or ages[0] >= ADULT_YEARS:
                child[of_source] = ages[1] < ADULT_YEARS
    return child


def _classes(films: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    named = [(finding.value, films[films["label"] == finding.value]) for finding in CLASSES]
    return [(name, own) for name, own in named if len(own)]


def _percent(share: float) -> str:
    return "All" if share == 1 else f"{min(share, 0.999):.1%}"
