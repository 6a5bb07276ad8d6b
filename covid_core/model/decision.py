"""From logits to a call in words: calibration, operating points, prediction sets.

All of it was fitted on validation films (`training.fit_rules`) and travels with the weights as
`Rules`; here it is only applied.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal

import numpy as np
from pydantic import AfterValidator, Field

from covid_core.errors import CovidCoreError
from covid_core.findings import CLASSES, Finding
from covid_core.metrics import Estimate, opposite
from covid_core.model.calls import Calls, PredictiveValues, values_at
from covid_core.model.tiers import (
    CAVEAT,
    DECIDED,
    FLAGGED,
    NOT_SUSPECTED,
    Tier,
    right_answers,
    tier_of,
    tier_sentence,
)
from covid_core.storage.records import Figure, Finite, Line, Share

BALANCED, RULE_OUT, RULE_IN = "balanced", "rule-out", "rule-in"
POINTS = (RULE_OUT, BALANCED, RULE_IN)
SITE = "site"  # a hospital's own, from its own films
Probabilities = Literal["calibrated", "softmax"]  # that a card's results are of
CALIBRATED: Final = "calibrated"
SOFTMAX: Final = "softmax"
COVERAGE = 0.9  # of the prediction sets, where the films do not choose another
SITE_FILMS = "the site's own films"
_SURE = 700.0  # log odds beyond which float64 has only 0 and 1
_MAJORITY = 0.5  # below it the others together outweigh any one of them


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """The probability from which on a film is called the disease, the network's last answer.

    `threshold`: 0 to 1, chosen on validation films. `sensitivity`, `specificity`: what it costs,
    measured on the test part; None where nothing was measured. `measured_on`: on which films, in
    words, their sources named; "" where that is not known. `least`: of a site, the probability from
    which each answer belongs to the prediction set there, instead of the rules' own. `calls`: what
    the answers came to on the same films, which the prediction sets decide too; None where that was
    not measured.
    """

    name: Line
    threshold: Share
    sensitivity: Figure | None = None
    specificity: Figure | None = None
    measured_on: Line = ""
    least: tuple[Share, ...] | None = None
    # Left out of older cards, and so when they are written again.
    calls: Annotated[Calls | None, Field(exclude_if=lambda calls: calls is None)] = None

    def disease_given(self, tier: Tier, prevalence: float) -> Estimate | None:
        """The share of films with an answer at this point that have the disease, at a prevalence.

        Of flagged films as a whole, and of those called free of it, where the films were not
        counted by their answer. None where nothing was measured.
        """
        if self.calls and self.calls.counts:
            return self.calls.disease_given(tier, prevalence)
        values = self.values_at(prevalence)
        if tier not in DECIDED or values is None:
            return None
        share = values.positive if tier in FLAGGED else 1 - values.negative
        return None if math.isnan(share) else Estimate(share, math.nan, math.nan, 0)

    @property
    def costs(self) -> tuple[Estimate | None, Estimate | None]:
        """Sensitivity and specificity of the answers; of the threshold where only that is known.

        By the answers, a film that is called likely or possible is positive, any other negative.
        """
        if self.calls:
            return self.calls.flagged, opposite(self.calls.false_alarms)
        return self.sensitivity, self.specificity

    def values_at(self, prevalence: float) -> PredictiveValues | None:
        """What a call at this point is worth; None where its costs were not measured."""
        if self.calls:
            return self.calls.values_at(prevalence)
        if self.sensitivity is None or self.specificity is None:
            return None
        found, cleared = self.sensitivity.value, self.specificity.value
        return values_at(prevalence, (found, 1 - found), (1 - cleared, cleared))


def _is_square(matrix: tuple[tuple[float, ...], ...]) -> tuple[tuple[float, ...], ...]:
    if any(len(row) != len(matrix) for row in matrix):
        raise ValueError("it must have as many columns as rows")
    return matrix


def _has_balanced(points: tuple[OperatingPoint, ...]) -> tuple[OperatingPoint, ...]:
    if BALANCED not in [point.name for point in points]:
        raise ValueError(f"one must be named {BALANCED}")
    return points


@dataclass(frozen=True, slots=True)
class Rules:
    """How a network's logits become a call.

    `weights`: the square matrix that logits are multiplied by, a row an answer: the identity over
    a temperature, or a full one (temperature and matrix scaling: Guo et al. 2017). `bias`: added
    after that, one an answer: the classes' frequencies, which training evens out. `points`: the
    operating points. `least`: the probability from which an answer belongs to the prediction set,
    one an answer, so that the set holds the right one in a share `coverage` of such films (split
    conformal prediction with the class's own quantile: Vovk 2012, Sadinle et al. 2019).
    """

    weights: Annotated[tuple[tuple[Finite, ...], ...], AfterValidator(_is_square)]
    bias: tuple[Finite, ...]
    points: Annotated[tuple[OperatingPoint, ...], AfterValidator(_has_balanced)]
    least: tuple[Share, ...]
    coverage: Share | None = None

    @classmethod
    def plain(cls, answers: int) -> Rules:
        """The rules of a network on which none were fitted: softmax, and what has the majority."""
        point = OperatingPoint(BALANCED, _MAJORITY)
        return cls(scaled_by(1.0, answers), (0.0,) * answers, (point,), (_MAJORITY,) * answers)

    @property
    def fitted(self) -> bool:
        """Whether they were fitted on films, or are plain."""
        return self.coverage is not None

    @property
    def point_names(self) -> tuple[str, ...]:
        """The operating points' names."""
        return tuple(point.name for point in self.points)

    def sets_of(self, point: OperatingPoint) -> Rules:
        """The rules with the prediction sets of an operating point, where it has its own."""
        return self if point.least is None else replace(self, least=point.least)

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Logits, float (…, answers), to calibrated probabilities, float64 of the same shape."""
        scaled = np.asarray(logits, np.float64) @ np.array(self.weights).T + np.array(self.bias)
        return softmax(scaled)

    def prediction_sets(self, probabilities: np.ndarray) -> np.ndarray:
        """Which answers can't be ruled out: bool, of the probabilities' shape, (…, answers)."""
        return probabilities >= np.array(self.least)

    def point(self, name: str) -> OperatingPoint:
        """The operating point of a name. Raises CovidCoreError where these weights have none."""
        for point in self.points:
            if point.name == name:
                return point
        known = ", ".join(self.point_names)
        raise CovidCoreError(
            f"these weights have no operating point {name}",
            f"Choose one of: {known}; or fit them with: python -m covid_core calibrate",
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """What a film is called, and how.

    `tier`: what is said of the film; `sentence`: the same in a report's words. `finding`: the one
    class that the film is called, or None where it is called none. `positive`: whether the
    disease's probability reaches the operating point's threshold. `candidates`: the prediction set,
    the most probable first. `point`: the operating point that was used. `usable`: false where
    something forbids to use the answer, and then the tier is undecided.
    """

    finding: Finding | None
    positive: bool
    candidates: tuple[Finding, ...]
    point: OperatingPoint
    sentence: str
    tier: Tier = Tier.UNDECIDED
    usable: bool = True

    @property
    def name(self) -> str:
        """The classes that the film is called, as files name them, or `undecided`."""
        if self.finding:
            return self.finding.value
        return " or ".join(right_answers(self.tier)) or Tier.UNDECIDED.value

    @property
    def draws_heat(self) -> bool:
        """Whether any map may be drawn: none of an unusable answer, nor where nothing is seen."""
        return self.usable and self.tier not in NOT_SUSPECTED

    def withheld(self, reason: str, tier: Tier = Tier.UNDECIDED) -> Decision:
        """The same of a film whose answer must not be used: no class is called."""
        sentence = f"The answer must not be used. {reason} {CAVEAT}"
        return replace(self, finding=None, tier=tier, sentence=sentence, usable=False)


def decide(
    probabilities: np.ndarray,
    rules: Rules,
    answers: Sequence[Finding] = CLASSES,
    point: str = BALANCED,
) -> Decision:
    """Calibrated probabilities, (N,) in the order of `answers`, to a call.

    The prediction set and the operating point make the tier (`tiers.tier_of`). Raises
    CovidCoreError for an operating point that the weights do not have.
    """
    chosen = rules.point(point)
    order = np.argsort(-probabilities, kind="stable")
    fits = rules.sets_of(chosen).prediction_sets(probabilities)
    candidates = tuple(answers[i] for i in order if fits[i])
    positive = bool(probabilities[-1] >= chosen.threshold)
    tier = tier_of(candidates, positive, answers)
    alone = candidates[0] if len(candidates) == 1 else None
    finding = alone if alone and positive == (alone is answers[-1]) else None
    sentence = tier_sentence(tier, candidates, answers, point)
    return Decision(finding, positive, candidates, chosen, sentence, tier)


def tiers_at(
    point: OperatingPoint, rules: Rules, probabilities: np.ndarray, answers: Sequence[Finding]
) -> list[Tier]:
    """The tier of each film at an operating point. `probabilities`: calibrated, (N, outputs)."""
    sets = rules.sets_of(point).prediction_sets(probabilities)
    positive = probabilities[:, -1] >= point.threshold
    return [
        tier_of(
            [answer for answer, fit in zip(answers, fits, strict=True) if fit],
            bool(reached),
            answers,
        )
        for fits, reached in zip(sets, positive, strict=True)
    ]


def judge_tiers(
    tiers: Sequence[Tier], labels: np.ndarray, answers: Sequence[Finding]
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each film is decided, and whether its tier names its label: bool (N,) each.

    `labels`: int (N,), each the place of its class in `answers`.
    """
    decided = np.array([tier in DECIDED for tier in tiers], bool)
    pairs = zip(tiers, labels, strict=True)
    return decided, np.array([answers[i] in right_answers(tier) for tier, i in pairs], bool)


def softmax(logits: np.ndarray) -> np.ndarray:
    """The softmax of logits along the last axis.

    Not SciPy's: importing that takes as long as a dozen films.
    """
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


def is_close(probabilities: np.ndarray, rules: Rules, margin: float) -> bool:
    """Whether shifts of the log odds by up to `margin` could change what is said of a film.

    That is a decision at any operating point, the prediction set, or the order of its answers.
    """
    odds = np.clip(log_odds(probabilities), -_SURE, _SURE)
    limits = [
        *(odds[-1] - log_odds(point.threshold) for point in rules.points),
        *(odds - log_odds(np.array(rules.least))),
        *np.diff(np.sort(odds)) / 2,  # both answers may shift
    ]
    return not bool((np.abs(limits) >= margin).all())  # what is no number is close to anything


def log_odds(probability: Any) -> Any:
    """The log odds of a probability or an array of them, 0 to 1; infinite at its ends."""
    with np.errstate(divide="ignore"):
        return np.log(probability) - np.log1p(-np.asarray(probability))


def scaled_by(temperature: float, answers: int) -> tuple[tuple[float, ...], ...]:
    """The matrix that divides logits by a temperature."""
    return tuple(map(tuple, (np.eye(answers) / temperature).tolist()))
