"""How well scores separate films of one source, where no hospital gives the answer away.

Only sources with films of both kinds count: films that radiologists read as negative, typical,
indeterminate or atypical for COVID-19 (the RSNA's consensus, Simpson et al. 2020), or films with
opacities beside films with another abnormality (the RSNA Pneumonia Detection Challenge, Shih et al.
2019). Within a source the view can still give the answer away, for ill patients are imaged lying
down; so each contrast stands by view as well, and over pairs of films of the same view alone.

All functions are pure: arrays in, figures out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from covid_core.datasets.readings import CLEAR, LUNG_OPACITY, OTHER_ABNORMALITY
from covid_core.findings import APPEARANCES, CLASSES, Appearance, Finding
from covid_core.metrics import (
    Estimate,
    auroc_by_weights,
    auroc_estimate,
    auroc_within_estimate,
    average_precision_by_weights,
    estimate,
    mean,
)
from covid_core.model.results import AppearanceFigures, WithinSource

FEWEST = 10  # films on either side of a contrast; with fewer it is left out
VIEWS = ("AP", "PA")
ALL, WITHIN_VIEW = "all", "within view"
SCORES = {
    "p_covid": "probability of COVID-19",
    "p_pneumonia": "probability of other pneumonia",
    "1 - p_normal": "1 - probability of normal",
}
TYPICAL, OF_OPACITY = "typical against negative", "opacity against other abnormality"
CONTRASTS = (
    TYPICAL,
    "indeterminate against negative",
    "typical against atypical",
    OF_OPACITY,
)
CALLED_NORMAL, CALLED_COVID = "called normal", "called COVID-19"
AT_BALANCED = "COVID-19 at the balanced point"
MEAN = "mean"
AUROC, PRECISION = "auroc", "average_precision"


@dataclass(frozen=True, slots=True)
class Published:
    """Figures of others, to stand beside those of an appearance head.

    `auroc`: the mean over appearances. `average_precision`: by appearance.
    """

    described: str
    auroc: float
    average_precision: Mapping[str, float]


REFERENCE = Published(
    "networks pretrained on ImageNet, films of 384 px, five folds of the SIIM-FISABIO-RSNA films;"
    " each appearance against the rest",
    0.80,
    {
        Appearance.NEGATIVE.value: 0.784,
        Appearance.TYPICAL.value: 0.840,
        Appearance.INDETERMINATE.value: 0.264,
        Appearance.ATYPICAL.value: 0.294,
    },
)


@dataclass(frozen=True, slots=True, eq=False)
class ScoredSource:
    """Films of one source and what a network answered; all have one entry a film.

    `probabilities`: calibrated, float64 (N, 3), in the order of CLASSES. `appearances`: int64 (N,),
    index into APPEARANCES, -1 where unknown. `findings`: the source's own words, text (N,).
    `views`: `AP`, `PA` or another word, text (N,). `groups`: int (N,), the same for films of one
    patient. `threshold`: the balanced operating point's, from which a film is called COVID-19.
    `appearance_scores`: an appearance head's, float64 (N, 4), in the order of APPEARANCES.
    """

    probabilities: np.ndarray
    appearances: np.ndarray
    findings: np.ndarray
    views: np.ndarray
    groups: np.ndarray
    threshold: float | None = None
    appearance_scores: np.ndarray | None = None


def measure_source(scored: ScoredSource) -> WithinSource | None:
    """The figures of one source; with an appearance head, those of appearances too.

    None where no contrast has films enough, for then the source has films of one kind only.
    """
    contrasts = measure_contrasts(scored)
    if not contrasts:
        return None
    found = WithinSource(films=len(scored.groups), contrasts=contrasts)
    for name, own in {
        "negatives": is_appearance(scored, Appearance.NEGATIVE) | (scored.findings == CLEAR),
        "other_abnormality": scored.findings == OTHER_ABNORMALITY,
    }.items():
        if own.sum() >= FEWEST:
            found = found.replace(**{name: measure_calls(scored, own)})
    if scored.appearance_scores is None:
        return found
    known = scored.appearances >= 0
    figures = measure_appearances(
        scored.appearances[known], scored.appearance_scores[known], scored.groups[known]
    )
    return found.replace(appearance=figures) if figures else found


def select_contrasts(scored: ScoredSource) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Which films are positive and which negative, bool (N,) each, by name of CONTRASTS."""
    negative, typical, indeterminate, atypical = (
        is_appearance(scored, appearance) for appearance in APPEARANCES
    )
    pairs = (
        (typical, negative),
        (indeterminate, negative),
        (typical, atypical),
        (scored.findings == LUNG_OPACITY, scored.findings == OTHER_ABNORMALITY),
    )
    return dict(zip(CONTRASTS, pairs, strict=True))


def measure_contrasts(scored: ScoredSource) -> dict[str, dict[str, dict[str, Estimate]]]:
    """AUROCs by contrast, by score of SCORES, then by films.

    By films: `all`, each of VIEWS, and `within view`, over pairs of films of one view. What has
    fewer than FEWEST films on either side is left out.
    """
    covid, pneumonia, normal = (
        scored.probabilities[:, CLASSES.index(finding)]
        for finding in (Finding.COVID, Finding.PNEUMONIA, Finding.NORMAL)
    )
    values = dict(zip(SCORES, (covid, pneumonia, 1 - normal), strict=True))
    found = {}
    for contrast, (positive, negative) in select_contrasts(scored).items():
        own = positive | negative
        if _enough(positive, negative):
            found[contrast] = {
                name: _measure_by_view(
                    positive[own], score[own], scored.views[own], scored.groups[own]
                )
                for name, score in values.items()
            }
    return found


def measure_calls(scored: ScoredSource, own: np.ndarray) -> dict[str, Estimate]:
    """The shares of the films where `own`, bool (N,), is true that are called so.

    Normal and COVID-19 by the most probable answer, and COVID-19 at the balanced point.
    """
    calls = scored.probabilities.argmax(axis=1)
    shares = {
        CALLED_NORMAL: calls == CLASSES.index(Finding.NORMAL),
        CALLED_COVID: calls == CLASSES.index(Finding.COVID),
    }
    if scored.threshold is not None:
        covid = scored.probabilities[:, CLASSES.index(Finding.COVID)]
        shares[AT_BALANCED] = covid >= scored.threshold
    return {name: mean(called[own], scored.groups[own]) for name, called in shares.items()}


def measure_appearances(
    appearances: np.ndarray, scores: np.ndarray, groups: np.ndarray
) -> dict[str, AppearanceFigures]:
    """Each appearance against the rest, by name of APPEARANCES, and their mean under `mean`.

    Of those that have FEWEST films on either side.

    `appearances`: int64 (N,), index into APPEARANCES; `scores`: float (N, 4), larger for more
    likely. Empty where no appearance has films enough. REFERENCE has published figures.
    """
    found = {}
    statistics: dict[str, list[Callable[[np.ndarray], float]]] = {AUROC: [], PRECISION: []}
    for i, appearance in enumerate(APPEARANCES):
        positive = appearances == i
        if not _enough(positive, ~positive):
            continue
        own = {
            AUROC: auroc_by_weights(positive, scores[:, i]),
            PRECISION: average_precision_by_weights(positive, scores[:, i]),
        }
        found[appearance.value] = AppearanceFigures(
            **{name: estimate(each, groups, len(groups)) for name, each in own.items()}
        )
        for name, statistic in own.items():
            statistics[name].append(statistic)
    if found:
        found[MEAN] = AppearanceFigures(
            **{
                name: estimate(_mean_of(each), groups, len(groups))
                for name, each in statistics.items()
            }
        )
    return found


def is_appearance(scored: ScoredSource, appearance: Appearance) -> np.ndarray:
    """Which films a radiologist read so, bool (N,)."""
    return scored.appearances == APPEARANCES.index(appearance)


def _measure_by_view(
    positive: np.ndarray, score: np.ndarray, views: np.ndarray, groups: np.ndarray
) -> dict[str, Estimate]:
    figures = {ALL: auroc_estimate(positive, score, groups)}
    usable = np.zeros(len(views), bool)  # of views that hold enough of both
    for view in VIEWS:
        own = views == view
        if _enough(positive[own], ~positive[own]):
            usable |= own
            figures[view] = auroc_estimate(positive[own], score[own], groups[own])
    if usable.any():
        figures[WITHIN_VIEW] = auroc_within_estimate(
            positive[usable], score[usable], views[usable], groups[usable]
        )
    return figures


def _enough(positive: np.ndarray, negative: np.ndarray) -> bool:
    return bool(min(positive.sum(), negative.sum()) >= FEWEST)


def _mean_of(statistics: list[Callable[[np.ndarray], float]]) -> Callable[[np.ndarray], float]:
    return lambda weights: float(np.mean([statistic(weights) for statistic in statistics]))
