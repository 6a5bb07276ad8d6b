"""The rules are what they are said to be: on films they were fitted on, and on fresh ones."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from covid_core.errors import CovidCoreError, DatasetError
from covid_core.findings import CLASSES
from covid_core.metrics import reliability
from covid_core.model.decision import BALANCED, COVERAGE, RULE_IN, RULE_OUT, tiers_at
from covid_core.model.tiers import DECIDED, right_answers
from covid_core.training.fit_rules import (
    COVERAGES,
    RIGHT,
    fit_rules,
    least_probabilities,
    mixed_sources,
    operating_points,
    with_sets,
)

ONE = np.full(5000, "one")  # a source for all


def drawn(films: int, seed: int, shares: tuple[float, ...] = (0.6, 0.25, 0.15)):
    """Labels, and the logits that are calibrated for them, by Bayes."""
    drawing = np.random.default_rng(seed)
    labels = drawing.choice(3, films, p=shares)
    seen = np.eye(3)[labels] * 2.0 + drawing.normal(size=(films, 3))
    return labels, 2.0 * seen + np.log(shares)


def test_calibration_makes_sureness_honest_on_fresh_films() -> None:
    labels, logits = drawn(2000, seed=1)
    rules = fit_rules(4 * logits, labels, ONE[:2000])
    fresh, scored = drawn(20000, seed=2)

    def error(probabilities: np.ndarray) -> float:
        return reliability(probabilities.max(axis=1), probabilities.argmax(axis=1) == fresh).error

    assert error(rules.probabilities(4 * scored)) < 0.02 < error(softmax(4 * scored, axis=1))


def test_operating_points_hold_what_they_promise_and_no_more() -> None:
    drawing = np.random.default_rng(3)
    positive = np.repeat([True, False], [300, 700])
    p = np.clip(drawing.normal(np.where(positive, 0.7, 0.3), 0.18), 0.001, 0.999)
    points = {point.name: point.threshold for point in operating_points(positive, p)}
    assert (p[positive] >= points[RULE_OUT]).mean() >= 0.98
    assert (p[~positive] < points[RULE_IN]).mean() >= 0.98
    # The next film's probability as a threshold would break the promise.
    above = p[positive & (p >= points[RULE_OUT])].min()
    assert (p[positive] > above).mean() < 0.98
    below = p[~positive & (p < points[RULE_IN])].max()
    assert (p[~positive] < below).mean() < 0.98
    sums = [(p[positive] >= t).mean() + (p[~positive] < t).mean() for t in np.unique(p)]
    found = (p[positive] >= points[BALANCED]).mean() + (p[~positive] < points[BALANCED]).mean()
    assert found == pytest.approx(max(sums))


def test_operating_points_are_those_within_hospitals_that_have_both_kinds() -> None:
    drawing = np.random.default_rng(11)
    positive = np.repeat([True, False, False], [200, 200, 2000])
    sources = np.repeat(["both", "both", "healthy alone"], [200, 200, 2000])
    middle = np.select([positive, sources == "both"], [0.7, 0.5], 0.1)
    p = np.clip(drawing.normal(middle, 0.12), 0.001, 0.999)
    both = sources == "both"
    apart = operating_points(positive, p, sources)
    assert apart == operating_points(positive[both], p[both])
    together = operating_points(positive, p)
    assert [a.threshold > t.threshold for a, t in zip(apart, together, strict=True)] == [
        False,  # rule-out asks for sensitivity alone, and the disease is in one source alone
        True,
        True,
    ]


def test_a_source_with_few_of_a_kind_sets_no_operating_point() -> None:
    positive = np.repeat([True, False, True], [50, 50, 9])
    sources = np.repeat(["enough", "enough", "few"], [50, 50, 9])
    assert len(mixed_sources(positive, sources)) == 1
    assert mixed_sources(positive, None) == []


def test_disease_that_is_separated_perfectly_still_has_thresholds_inside_0_to_1() -> None:
    positive = np.repeat([True, False], [50, 50])
    points = operating_points(positive, np.where(positive, 1.0, 0.0))
    assert all(0 < point.threshold < 1 for point in points)


def test_least_probabilities_are_the_split_conformal_quantiles() -> None:
    labels, logits = drawn(900, seed=4)
    probabilities = softmax(logits, axis=1)
    for output, least in enumerate(least_probabilities(probabilities, labels)):
        own = np.sort(1 - probabilities[labels == output, output])
        rank = int(np.ceil((len(own) + 1) * COVERAGE)) - 1
        assert least == pytest.approx(1 - own[rank])


def test_sets_cover_every_class_of_fresh_films_also_the_rare() -> None:
    labels, logits = drawn(5000, seed=5)
    rules = fit_rules(logits, labels, ONE[:5000])
    fresh, scored = drawn(30000, seed=6)
    covered = rules.prediction_sets(rules.probabilities(scored))[np.arange(len(fresh)), fresh]
    for output in range(3):
        assert covered[fresh == output].mean() == pytest.approx(rules.coverage, abs=0.02)


def hard_for(films: int, seed: int = 7) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities, labels and sources: 3,000 films, of each class so many of a hard source."""
    labels, logits = drawn(3000, seed=seed)
    hard = np.zeros(3000, bool)
    for output in range(3):
        hard[np.nonzero(labels == output)[0][:films]] = True
    probabilities = softmax(np.where(hard[:, None], 0.3, 2.0) * logits, axis=1)
    return probabilities, labels, np.where(hard, "hard", "easy")


def test_the_hardest_source_of_films_enough_sets_the_threshold_alone() -> None:
    probabilities, labels, sources = hard_for(200)
    together = np.array(least_probabilities(probabilities, labels))
    apart = np.array(least_probabilities(probabilities, labels, sources))
    hard = sources == "hard"
    each = [least_probabilities(probabilities[one], labels[one]) for one in (hard, ~hard)]
    assert apart == pytest.approx(np.minimum(together, np.min(each, axis=0)))
    assert (apart < together).any()


def test_twenty_outliers_move_a_threshold_by_a_fifth_at_most() -> None:
    labels, logits = drawn(3000, seed=7)
    probabilities = softmax(logits, axis=1)
    outliers = np.nonzero(labels == 1)[0][:20]
    probabilities[outliers] = (1.0, 1e-9, 0.0)
    sources = np.full(3000, "known")
    sources[outliers] = "odd"
    pooled = np.array(least_probabilities(probabilities, labels))
    shrunk = np.array(least_probabilities(probabilities, labels, sources))
    assert shrunk[1] == pytest.approx(0.8 * pooled[1], abs=1e-6)
    sources[outliers[9:]] = "known"  # nine are left, too few for a quantile
    few = np.array(least_probabilities(probabilities, labels, sources))
    rest = sources == "known"
    own = least_probabilities(probabilities[rest], labels[rest])
    assert few[1] == pytest.approx(min(pooled[1], own[1]))


@pytest.mark.parametrize("seed", range(3))
def test_sources_that_are_alike_leave_the_coverage_at_what_was_promised(seed: int) -> None:
    labels, logits = drawn(3000, seed=seed)
    sources = np.random.default_rng(seed).choice(["one", "two", "three"], 3000, p=(0.7, 0.25, 0.05))
    least = np.array(least_probabilities(softmax(logits, axis=1), labels, sources))
    fresh, scored = drawn(30000, seed=seed + 20)
    covered = softmax(scored, axis=1)[np.arange(30000), fresh] >= least[fresh]
    for output in range(3):
        smallest = 100  # films of a group that may count alone
        error = np.sqrt(COVERAGE * (1 - COVERAGE) / smallest)
        assert -0.03 < covered[fresh == output].mean() - COVERAGE < 2 * error


def test_the_coverage_is_the_one_that_decides_most_while_enough_is_right() -> None:
    labels, logits = drawn(3000, seed=8)
    probabilities = softmax(1.5 * logits, axis=1)
    rules = with_sets(fit_rules(logits, labels, ONE[:3000]), probabilities, labels, ONE[:3000])
    right = {}
    for coverage in COVERAGES:
        least = least_probabilities(probabilities, labels, ONE[:3000], coverage)
        tried = replace(rules, least=least)
        tiers = tiers_at(rules.point(BALANCED), tried, probabilities, CLASSES)
        decided = np.array([tier in DECIDED for tier in tiers])
        hits = [CLASSES[label] in right_answers(t) for label, t in zip(labels, tiers, strict=True)]
        right[coverage] = (decided.mean(), sum(hits) / decided.sum())
    enough = {coverage: share for coverage, (share, hit) in right.items() if hit >= RIGHT}
    assert rules.coverage in enough and enough[rules.coverage] == max(enough.values())
    lost = np.random.default_rng(0).dirichlet((1, 1, 1), 3000)
    assert with_sets(rules, lost, labels, ONE[:3000]).coverage == COVERAGE


def test_too_few_films_of_a_class_are_refused() -> None:
    with pytest.raises(DatasetError, match="only 3 validation radiographs"):
        fit_rules(np.zeros((43, 3)), np.repeat([0, 1, 2], [20, 20, 3]), ONE[:43])


def test_without_mapie_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mapie.classification", None)
    labels, logits = drawn(300, seed=0)
    with pytest.raises(CovidCoreError, match="needs mapie, which is not installed") as refused:
        least_probabilities(softmax(logits, axis=1), labels)
    assert "[prediction-sets]" in refused.value.remedy
