"""What else than the disease separates the classes in a manifest: hospital, age, export.

A network takes the easiest clue (DeGrave et al. 2021): each clue found here is said in words, with
the figure that makes it one.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from covid_core.datasets.report.thumbnail_models import ClassSeparation, SourceSeparation
from covid_core.datasets.split import on_a_side
from covid_core.findings import CLASSES
from covid_core.read.radiograph import ADULT_YEARS
from covid_core.sources import stated_ages

MOST = 0.9  # of a class: then it is as good as all of it
SEPARATED = 0.8  # balanced accuracy or AUROC from which a thumbnail is said to give a thing away


def list_warnings(
    table: pd.DataFrame,
    sources: Sequence[SourceSeparation],
    classes: Sequence[ClassSeparation],
) -> list[str]:
    """Each confounder of a manifest, a sentence or two each."""
    films = table[on_a_side(table)]
    return [
        *_one_source(films),
        *_one_age(films),
        *_one_class(films),
        *_separated_sources(sources),
        *_separated_classes(classes),
    ]


def _one_source(films: pd.DataFrame) -> list[str]:
    warnings = []
    for finding, own in _classes(films):
        shares = own["source"].value_counts(normalize=True)
        if shares.iloc[0] >= MOST:
            warnings.append(
                f"{_percent(shares.iloc[0])} of the {finding} radiographs are of one source,"
                f" {shares.index[0]}: what tells that source passes for {finding}. Add {finding}"
                " radiographs of another source, and hold a source out."
            )
    return warnings


def _one_class(films: pd.DataFrame) -> list[str]:
    warnings = []
    for source, own in films[films["label"] != ""].groupby("source"):
        if own["label"].nunique() == 1:
            label = own["label"].iloc[0]
            warnings.append(
                f"All {len(own)} radiographs of {source} are {label}: within it there is nothing to"
                f" tell apart, and whatever marks the source passes for {label}."
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
                f"{_percent(share)} of the {finding} radiographs whose age is known are of"
                f" children{against}: age passes for {finding}. Add radiographs of adults with it."
            )
    return warnings


def _separated_sources(sources: Sequence[SourceSeparation]) -> list[str]:
    return [
        f"A thumbnail tells {one.source} from the other sources with a balanced accuracy of"
        f" {one.accuracy:.2f} (0.5 is chance; {one.model}): its export or its patients"
        " give it away."
        for one in sources
        if one.accuracy >= SEPARATED
    ]


def _separated_classes(classes: Sequence[ClassSeparation]) -> list[str]:
    return [
        f"Inside {one.source} a 16 px thumbnail tells {one.positive} from the rest with an AUROC of"
        f" {one.auroc}, where 0.5 is chance: so much shows without any detail of the lungs. Hold a"
        f" network's figure on {one.source} against this one."
        for one in classes
        if one.auroc.value >= SEPARATED
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
