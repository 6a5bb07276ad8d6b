"""The rules are what they are said to be: on films they were fitted on, and on fresh ones."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.special import softmax

from covid_core.decision import BALANCED, RULE_IN, RULE_OUT, Rules
from covid_core.errors import CovidCoreError, DatasetError
from covid_core.metrics import reliability
from covid_core.training.tuning import (
    COVERAGE,
    by_matrix,
    by_temperature,
    fit_calibration,
    least_probabilities,
    operating_points,
    tune,
)

ONE = np.full(20000, "one")  # a source for all


def drawn(films: int, seed: int, shares: tuple[float, ...] = (0.6, 0.25, 0.15)):
    """Labels, and the logits that are calibrated for them, by Bayes."""
    drawing = np.random.default_rng(seed)
    labels = drawing.choice(3, films, p=shares)
    seen = np.eye(3)[labels] * 2.0 + drawing.normal(size=(films, 3))
    return labels, 2.0 * seen + np.log(shares)


def test_calibration_undoes_what_was_done_to_the_logits() -> None:
    labels, logits = drawn(20000, seed=0)
    weights, bias = by_temperature((logits - np.array([1.0, 0.0, -1.0])) * 3, labels)
    assert np.array(weights) == pytest.approx(np.eye(3) / 3, rel=0.05)
    assert np.array(bias) == pytest.approx([1, 0, -1], abs=0.08)
    assert sum(bias) == pytest.approx(0, abs=1e-9)


def test_a_matrix_is_fitted_only_where_films_left_out_are_better_for_it() -> None:
    labels, logits = drawn(2000, seed=8)
    few = slice(0, 90)
    plain, _ = fit_calibration(logits[few], labels[few])
    assert np.count_nonzero(plain) == 3, "a temperature, where there is nothing else to find"
    mixed = logits @ np.array([[1.0, 0.9, 0.0], [0.0, 1.0, 0.0], [0.4, 0.0, 1.0]])
    whole, bias = fit_calibration(mixed, labels)
    assert np.count_nonzero(whole) == 9
    fresh, scored = drawn(20000, seed=9)
    rules = Rules(whole, bias, (), (0.0,) * 3)
    probabilities = rules.probabilities(
        scored @ np.array([[1.0, 0.9, 0.0], [0.0, 1.0, 0.0], [0.4, 0.0, 1.0]])
    )
    assert np.abs(probabilities - softmax(scored, axis=1)).mean() < 0.02


def test_a_matrix_of_two_answers_is_symmetric() -> None:
    labels, logits = drawn(3000, seed=10)
    two = labels < 2
    weights, bias = by_matrix(logits[two, :2], labels[two])
    assert np.array(weights).sum(axis=0) == pytest.approx([0, 0])
    assert sum(bias) == pytest.approx(0)


def test_calibration_makes_sureness_honest_on_fresh_films() -> None:
    labels, logits = drawn(3000, seed=1)
    rules = tune(4 * logits, labels, ONE[:3000])
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


def test_disease_that_is_told_perfectly_still_has_thresholds_inside_0_to_1() -> None:
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
    labels, logits = drawn(20000, seed=5)
    rules = tune(logits, labels, ONE)
    fresh, scored = drawn(30000, seed=6)
    covered = rules.prediction_sets(rules.probabilities(scored))[np.arange(len(fresh)), fresh]
    for output in range(3):
        assert covered[fresh == output].mean() == pytest.approx(COVERAGE, abs=0.02)


def test_the_hardest_source_sets_the_threshold_unless_it_is_too_small() -> None:
    labels, logits = drawn(3000, seed=7)
    sources = np.where(np.arange(3000) % 5 == 0, "hard", "easy")
    probabilities = softmax(np.where(sources[:, None] == "hard", 0.3, 2.0) * logits, axis=1)
    together = np.array(least_probabilities(probabilities, labels))
    apart = np.array(least_probabilities(probabilities, labels, sources))
    hard = sources == "hard"
    each = [least_probabilities(probabilities[one], labels[one]) for one in (hard, ~hard)]
    assert apart == pytest.approx(np.minimum(together, np.min(each, axis=0)))
    assert (apart < together).any()
    sources[hard] = "other"
    sources[np.nonzero(hard)[0][9:]] = "easy"  # nine are left
    few = sources == "other"
    rest = least_probabilities(probabilities[~few], labels[~few])
    apart = least_probabilities(probabilities, labels, sources)
    assert apart == pytest.approx(tuple(np.minimum(together, rest)))


def test_too_few_films_of_a_class_are_refused() -> None:
    with pytest.raises(DatasetError, match="only 3 validation films"):
        tune(np.zeros((43, 3)), np.repeat([0, 1, 2], [20, 20, 3]), ONE[:43])


def test_without_mapie_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mapie.classification", None)
    labels, logits = drawn(300, seed=0)
    with pytest.raises(CovidCoreError, match="needs mapie, which is not installed") as refused:
        least_probabilities(softmax(logits, axis=1), labels)
    assert "pip install mapie" in refused.value.remedy
