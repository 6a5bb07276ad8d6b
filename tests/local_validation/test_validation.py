"""A site's check: figures against scikit-learn and scipy, and a promise that is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.metrics import precision_score, recall_score, roc_auc_score

from covid_core.errors import CovidCoreError
from covid_core.findings import Finding
from covid_core.local_validation.scores import Scores, build_scores
from covid_core.local_validation.validation import (
    SITE,
    films_needed,
    guaranteed_point,
    measure_point,
    validate,
    with_calls,
    with_costs,
)
from covid_core.model.decision import OperatingPoint, Rules
from covid_core.model.tiers import Tier

POINTS = (OperatingPoint("rule-out", 0.1), OperatingPoint("rule-in", 0.7))


def drawn(films: int, seed: int, *, prevalence: float = 0.3) -> Scores:
    """Films whose score is a fair probability, from a Beta distribution for each class."""
    drawing = np.random.default_rng(seed)
    positive = drawing.random(films) < prevalence
    score = np.where(positive, drawing.beta(4, 1.5, films), drawing.beta(1.2, 4, films))
    return Scores(positive, score, np.arange(films))


def test_figures_are_those_of_scikit_learn() -> None:
    scores = drawn(400, 0)
    found = validate(scores, POINTS)
    assert (found.films, found.positives) == (400, scores.positive.sum())
    assert found.auroc.value == pytest.approx(roc_auc_score(scores.positive, scores.score))
    assert found.auroc.low < found.auroc.value < found.auroc.high
    area = np.trapezoid(found.found, found.false_alarms)
    assert area == pytest.approx(found.auroc.value)
    for requested, here in zip(POINTS, found.points, strict=True):
        called = scores.score >= requested.threshold
        assert here.point.name == requested.name
        assert here.point.sensitivity and here.point.specificity
        assert here.point.sensitivity.value == recall_score(scores.positive, called)
        assert here.point.specificity.value == recall_score(~scores.positive, ~called)
        assert here.found_right.value == precision_score(scores.positive, called)
        assert here.cleared_right.value == precision_score(~scores.positive, ~called)


def test_predictive_values_are_bayes_at_the_site_s_own_prevalence() -> None:
    found = validate(drawn(300, 1), POINTS)
    for here in found.points:
        by_bayes = here.point.values_at(found.prevalence)
        assert by_bayes
        assert here.found_right.value == pytest.approx(by_bayes.positive)
        assert here.cleared_right.value == pytest.approx(by_bayes.negative)


def test_reliability_is_of_the_probability_and_adds_up() -> None:
    scores = drawn(500, 2)
    found = validate(scores, POINTS)
    assert sum(found.reliability.films) == 500
    assert found.expected == pytest.approx(scores.score.mean())
    fair = np.random.default_rng(3).random(3000)
    shown = np.random.default_rng(4).random(3000) < fair
    honest = Scores(shown, fair, np.arange(3000))
    assert validate(honest, ()).reliability.error < 0.04
    assert validate(Scores(shown, fair**3, honest.groups), ()).reliability.error > 0.1


def test_films_that_all_agree_still_leave_doubt() -> None:
    """Resampled, twelve of twelve would be 1.00 (1.00 to 1.00)."""
    twelve = build_scores([True] * 12 + [False] * 20, [0.9] * 12 + [0.2] * 20, [""] * 32)
    here = measure_point(OperatingPoint("balanced", 0.5), twelve)
    assert here.point.sensitivity and here.point.specificity
    assert here.point.sensitivity.low == pytest.approx(0.025 ** (1 / 12))
    assert here.point.specificity.low == pytest.approx(0.025 ** (1 / 20))
    assert here.found_right.low == here.point.sensitivity.low
    everyone = measure_point(OperatingPoint("all", 0.0), twelve)
    assert everyone.point.specificity
    assert everyone.point.specificity.high == pytest.approx(1 - 0.025 ** (1 / 20))
    assert np.isnan(everyone.cleared_right.value)
    patients = build_scores(twelve.positive, twelve.score, ["A", "B"] * 6 + [""] * 20)
    two = measure_point(OperatingPoint("balanced", 0.5), patients).point.sensitivity
    assert two and two.low == pytest.approx(0.025 ** (1 / 2))


def test_films_of_few_patients_are_weaker_evidence() -> None:
    alone = drawn(400, 5)
    few = Scores(alone.positive, alone.score, np.arange(400) // 20)

    def width(scores: Scores) -> float:
        auroc = validate(scores, ()).auroc
        return auroc.high - auroc.low

    repeated = Scores(
        np.repeat(alone.positive[:20], 20), np.repeat(alone.score[:20], 20), few.groups
    )
    assert width(repeated) > 2 * width(alone)


def test_the_promised_recall_holds_on_fresh_films_as_often_as_promised() -> None:
    """100 sites of 120 positives; the true recall of each site's threshold is known exactly."""
    from scipy.stats import beta

    kept = 0
    for seed in range(100):
        positives = np.random.default_rng(seed).beta(4, 1.5, 120)
        scores = Scores(
            np.repeat([True, False], [120, 20]),
            np.append(positives, np.full(20, 0.2)),
            np.arange(140),
        )
        kept += beta.sf(guaranteed_point(scores, 0.9, 0.9).threshold, 4, 1.5) >= 0.9
    assert kept >= binom.ppf(0.001, 100, 0.9)  # of 100 at 90%: fewer once in a thousand times
    assert kept <= binom.ppf(0.999, 100, 0.97)  # and it is not bought by calling everything


@pytest.mark.parametrize(("films", "missed"), [(77, 1), (100, 1), (150, 3), (200, 5)])
def test_the_threshold_is_the_highest_that_the_binomial_test_allows(
    films: int, missed: int
) -> None:
    assert binom.cdf(missed, films, 0.05) <= 0.1 < binom.cdf(missed + 1, films, 0.05)
    spread = (np.arange(films) + 0.5) / films
    scores = Scores(
        np.repeat([True, False], [films, 10]),
        np.append(spread, np.zeros(10)),
        np.arange(films + 10),
    )
    point = guaranteed_point(scores, 0.95, 0.9)
    assert point.name == SITE
    assert (spread < point.threshold).sum() == missed
    assert point == with_costs(OperatingPoint(SITE, point.threshold), scores)
    assert point.specificity and point.specificity.value == 1


def test_too_few_positives_say_how_many_are_needed() -> None:
    assert films_needed(0.95, 0.9) == 45
    assert 0.95**45 <= 0.1 < 0.95**44
    scores = drawn(100, 6)
    assert scores.positive.sum() < 45
    with pytest.raises(CovidCoreError, match="at least 45, better 90"):
        guaranteed_point(scores, 0.95, 0.9)
    assert guaranteed_point(scores, 0.8, 0.9).threshold > 0


def test_films_of_one_patient_count_once() -> None:
    scores = drawn(400, 7)
    shared = Scores(scores.positive, scores.score, np.where(scores.positive, 0, scores.groups + 1))
    assert guaranteed_point(scores).threshold > 0
    with pytest.raises(CovidCoreError, match="1 patients"):
        guaranteed_point(shared)


def test_where_many_score_nothing_no_threshold_is_promised() -> None:
    scores = build_scores(
        [True] * 100 + [False] * 50, [0.0] * 30 + [0.9] * 70 + [0.1] * 50, [""] * 150
    )
    with pytest.raises(CovidCoreError, match="score next to nothing"):
        guaranteed_point(scores)


def test_what_the_answers_come_to_at_a_site_is_measured_with_its_own_sets() -> None:
    probabilities = np.array(
        [[0.05, 0.05, 0.9]] * 6  # likely, and right
        + [[0.9, 0.05, 0.05]] * 2  # of COVID-19, and missed
        + [[0.5, 0.05, 0.45]] * 2  # undecided
        + [[0.9, 0.05, 0.05]] * 8  # cleared
        + [[0.05, 0.05, 0.9]] * 2  # false alarms
    )
    positive = np.arange(20) < 10
    scores = build_scores(
        positive,
        probabilities[:, 2],
        [""] * 20,
        findings=[Finding.COVID] * 10 + [Finding.NORMAL] * 10,
        probabilities=probabilities,
    )
    rules = replace(Rules.plain(3), least=(0.99, 0.99, 0.99))
    point = OperatingPoint(SITE, 0.4, least=(0.4, 0.4, 0.4))
    calls = with_calls(point, scores, rules).calls
    assert calls is not None
    assert (calls.flagged.value, calls.missed) == (0.6, 0.2)
    assert (calls.false_alarms.value, calls.cleared) == (0.2, 0.8)
    assert calls.decided.value == pytest.approx(0.9)
    assert {(count.tier, count.diseased, count.free) for count in calls.counts} == {
        (Tier.LIKELY, 6, 2),
        (Tier.NONE_SEEN, 2, 8),
        (Tier.UNDECIDED, 2, 0),
    }
    assert with_calls(point, replace(scores, probabilities=None), rules) is point
