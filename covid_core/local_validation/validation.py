"""How well a model does on a site's own films, and the operating point that it earns there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import roc_curve

from covid_core.errors import CovidCoreError
from covid_core.extras import needing
from covid_core.findings import CLASSES
from covid_core.local_validation.scores import Scores
from covid_core.metrics import (
    Estimate,
    Reliability,
    auroc_estimate,
    mean,
    precision,
    reliability,
    sensitivity,
    specificity,
)
from covid_core.model.calls import Calls, TierCount
from covid_core.model.decision import SITE, SITE_FILMS, OperatingPoint, Rules, tiers_at
from covid_core.model.tiers import DECIDED, FLAGGED, Tier

RECALL, CONFIDENCE = 0.95, 0.9
_GRID = np.linspace(0, 1, 1001)  # fixed beforehand: thresholds taken from the films promise nothing


@dataclass(frozen=True, slots=True)
class PointHere:
    """What an operating point does on a site's films.

    `found_right`, `cleared_right`: the predictive values of its two calls, at the films' own
    prevalence.
    """

    point: OperatingPoint
    found_right: Estimate
    cleared_right: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Validation:
    """How a model does on a site's films.

    `false_alarms`, `found`: the ROC curve, float64 (K,), 0 to 1. `reliability`: of the probability
    of COVID-19, not of the call. `points`: each operating point with what it costs here.
    """

    films: int
    positives: int
    patients: int
    auroc: Estimate
    false_alarms: np.ndarray
    found: np.ndarray
    reliability: Reliability
    points: tuple[PointHere, ...]

    @property
    def prevalence(self) -> float:
        """The share of films with COVID-19, 0 to 1."""
        return self.positives / self.films

    @property
    def expected(self) -> float:
        """The share of films with COVID-19 that the scores add up to, 0 to 1."""
        return float(np.average(self.reliability.sure, weights=self.reliability.films))


def validate(scores: Scores, points: Sequence[OperatingPoint]) -> Validation:
    """Everything measured of a site's films, intervals by resampling patients."""
    false_alarms, found, _ = roc_curve(scores.positive, scores.score)
    return Validation(
        films=len(scores.score),
        positives=int(scores.positive.sum()),
        patients=scores.patients,
        auroc=auroc_estimate(scores.positive, scores.score, scores.groups),
        false_alarms=false_alarms,
        found=found,
        reliability=reliability(scores.score, scores.positive),
        points=tuple(measure_point(point, scores) for point in points),
    )


def measure_point(point: OperatingPoint, scores: Scores) -> PointHere:
    """An operating point with what it costs, and what its calls are worth, on these films."""
    positive, called, groups = scores.positive, scores.score >= point.threshold, scores.groups
    return PointHere(
        with_costs(point, scores),
        _sure(precision(positive, called, groups), groups[called]),
        _sure(precision(~positive, ~called, groups), groups[~called]),
    )


def with_costs(point: OperatingPoint, scores: Scores) -> OperatingPoint:
    """The point with its sensitivity and specificity on these films."""
    positive, called, groups = scores.positive, scores.score >= point.threshold, scores.groups
    return replace(
        point,
        sensitivity=_sure(sensitivity(positive, called, groups), groups[positive]),
        specificity=_sure(specificity(positive, called, groups), groups[~positive]),
        measured_on=SITE_FILMS,
    )


def with_calls(point: OperatingPoint, scores: Scores, rules: Rules) -> OperatingPoint:
    """The point with what the answers come to on these films, its own prediction sets included.

    Unchanged where the films do not have their probabilities for all classes.
    """
    if scores.probabilities is None:
        return point
    tiers = tiers_at(point, rules, scores.probabilities, CLASSES)
    flagged = np.array([tier in FLAGGED for tier in tiers])
    decided = np.array([tier in DECIDED for tier in tiers])
    free, positive, groups = decided & ~flagged, scores.positive, scores.groups
    return replace(
        point,
        calls=Calls(
            flagged=_sure(sensitivity(positive, flagged, groups), groups[positive]),
            missed=float(free[positive].mean()),
            false_alarms=_sure(sensitivity(~positive, flagged, groups), groups[~positive]),
            cleared=float(free[~positive].mean()),
            decided=mean(decided, groups),
            counts=tuple(
                TierCount(tier, _count(tiers, tier, positive), _count(tiers, tier, ~positive))
                for tier in dict.fromkeys(tiers)
            ),
        ),
    )


def _count(tiers: Sequence[Tier], tier: Tier, chosen: np.ndarray) -> int:
    """How many of the chosen films, bool (N,), got an answer."""
    return sum(one is tier for one, is_chosen in zip(tiers, chosen, strict=True) if is_chosen)


def _sure(share: Estimate, groups: np.ndarray) -> Estimate:
    """A share with an interval that is honest where all films agree.

    Then it is the exact one (Clopper and Pearson 1934), each patient counting once: resampled, such
    films would seem to prove the share.
    """
    if share.value not in (0, 1):
        return share
    patients = len(np.unique(groups))
    exact = binomtest(round(share.value * patients), patients).proportion_ci(method="exact")
    return replace(share, low=float(exact.low), high=float(exact.high))


def guaranteed_point(
    scores: Scores, recall: float = RECALL, confidence: float = CONFIDENCE
) -> OperatingPoint:
    """The highest threshold that finds a share `recall` of films with COVID-19, at a `confidence`.

    Both lie between 0 and 1. Learn then Test (Angelopoulos et al. 2021) by MAPIE: thresholds of a
    fixed grid are tested from 0 up, each by the exact binomial test, until one fails. It holds for
    new patients like these, each with one film: here one film a patient is drawn by chance.
    Sensitivity and specificity are measured on the same films, all of them. The specificity is
    fair, for films without COVID-19 had no say in the threshold; the sensitivity flatters a little,
    for the others chose it.

    Raises CovidCoreError where there are too few films, or no threshold above 0 qualifies.
    """
    found = _one_a_patient(scores)
    needed = films_needed(recall, confidence)
    if len(found) < needed:
        raise CovidCoreError(
            f"{len(found)} patients with COVID-19 are too few to promise that {recall:.0%} are"
            f" found, at a confidence of {confidence:.0%}",
            f"Give at least {needed}, better {2 * needed}, or require a lower sensitivity or"
            " confidence",
        )
    threshold = _highest_threshold(found, recall, confidence)
    if threshold <= 0:
        raise CovidCoreError(
            f"no threshold above 0 finds {recall:.0%} of COVID-19 at a confidence of"
            f" {confidence:.0%}: too many of these films score next to nothing",
            "Require a lower sensitivity, or do not use these weights here",
        )
    return with_costs(OperatingPoint(SITE, threshold), scores)


def films_needed(recall: float, confidence: float) -> int:
    """The fewest patients with COVID-19 that can promise a recall, if none of them is missed."""
    return math.ceil(math.log(1 - confidence) / math.log(recall))


def _highest_threshold(found: np.ndarray, recall: float, confidence: float) -> float:
    """The highest threshold that keeps a recall on films that all show COVID-19.

    `found`: their scores, float64 (N,); enough of them.
    """
    with needing("mapie", "prediction-sets"):  # slow to import
        from mapie.risk_control import BinaryClassificationController, BinaryRisk

    # MAPIE's own "recall" is 1 - share, and rounding that often counts one miss too many.
    missed = BinaryRisk(
        risk_occurrence=lambda shown, called: called.ravel() != shown.ravel(),
        risk_condition=lambda shown, _: shown.ravel() == 1,
        higher_is_better=False,
    )
    controller = BinaryClassificationController(
        lambda given: np.column_stack([1 - given, given]),
        missed,
        1 - recall,
        confidence_level=confidence,
        best_predict_param_choice="fpr",  # it must have one; ours is the highest that is valid
        list_predict_params=_GRID,
        fwer_method="fixed_sequence",  # recall only falls with the threshold: no need to correct
    )
    controller.calibrate(found, np.ones(len(found), int))
    return float(max(controller.valid_predict_params))


def _one_a_patient(scores: Scores) -> np.ndarray:
    """The scores of one film of each patient with COVID-19, drawn by chance, the same each time.

    Films of one patient are no independent evidence.
    """
    order = np.random.default_rng(0).permutation(np.flatnonzero(scores.positive))
    first = np.unique(scores.groups[order], return_index=True)[1]
    return scores.score[order[first]]
