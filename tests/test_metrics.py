"""Figures and their intervals, against scikit-learn and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import (
    average_precision_score,
    cohen_kappa_score,
    confusion_matrix,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from covid_core.metrics import (
    Estimate,
    auroc,
    auroc_by_weights,
    auroc_estimate,
    auroc_within_by_weights,
    auroc_within_estimate,
    average_precision_by_weights,
    cohen_kappa,
    confusion,
    estimate,
    f1,
    format_estimate,
    mean,
    precision,
    proportion,
    reliability,
    sensitivity,
    specificity,
)

DRAWING = np.random.default_rng(0)
POSITIVE = DRAWING.random(2000) < 0.3
SCORES = DRAWING.normal(POSITIVE * 1.2, 1)
CALLED = SCORES > 0.6
ALONE = np.arange(2000)


def test_values_are_those_of_scikit_learn() -> None:
    assert auroc(POSITIVE, SCORES) == pytest.approx(roc_auc_score(POSITIVE, SCORES), abs=1e-12)
    recall = recall_score(POSITIVE, CALLED)
    assert sensitivity(POSITIVE, CALLED, ALONE).value == pytest.approx(recall, abs=1e-12)
    recall_of_negatives = recall_score(~POSITIVE, ~CALLED)
    assert specificity(POSITIVE, CALLED, ALONE).value == pytest.approx(recall_of_negatives)
    true_negatives = sum(not p and not c for p, c in zip(POSITIVE, CALLED, strict=True))
    assert specificity(POSITIVE, CALLED, ALONE).n == (~POSITIVE).sum()
    assert proportion(~CALLED, ~POSITIVE) == true_negatives / (~POSITIVE).sum()
    labels, calls = DRAWING.integers(0, 3, (2, 500))
    assert np.array_equal(confusion(labels, calls, 3), confusion_matrix(labels, calls))


@pytest.mark.parametrize("seed", range(20))
def test_a_draw_s_auroc_is_scikit_learn_s_with_ties_and_films_left_out(seed: int) -> None:
    drawing = np.random.default_rng(seed)
    positive, scores = drawing.random(60) < 0.4, drawing.integers(0, 9, 60) / 9
    weights = drawing.integers(0, 3, 60).astype(float)
    drawn = auroc_by_weights(positive, scores)(weights)
    assert drawn == pytest.approx(auroc(positive, scores, weights), abs=1e-12)
    assert np.isnan(auroc_by_weights(positive, scores)(weights * positive))
    with pytest.raises(ValueError, match="NaN"):
        auroc_by_weights(positive, np.full(60, np.nan))


def test_a_mean_of_hits_is_their_proportion_and_leaves_out_what_has_no_value() -> None:
    hit, groups = np.random.default_rng(5).random(300) < 0.7, np.repeat(np.arange(100), 3)
    everyone = np.ones(300, bool)
    assert mean(hit, groups) == estimate(lambda w: proportion(hit, everyone, w), groups, 300)
    gaps = np.where(np.arange(300) < 30, np.nan, hit)
    assert mean(gaps, groups) == mean(hit[30:], groups[30:])
    none = mean(np.full(3, np.nan), np.arange(3))
    assert np.isnan(none.value) and none.n == 0


def test_interval_of_independent_films_is_wilson_s_within_a_hundredth() -> None:
    figure = sensitivity(POSITIVE, CALLED, ALONE)
    hits, n = int((POSITIVE & CALLED).sum()), int(POSITIVE.sum())
    wilson = binomtest(hits, n).proportion_ci(method="wilson")
    assert figure.n == n
    assert (figure.low, figure.high) == pytest.approx((wilson.low, wilson.high), abs=0.01)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_interval_of_a_plain_proportion_is_wilson_s_and_holds_the_truth(share: float) -> None:
    hit, everyone = np.arange(2000) < 2000 * share, np.ones(2000, bool)
    figure = estimate(lambda w: proportion(hit, everyone, w), ALONE, 2000)
    wilson = binomtest(int(hit.sum()), 2000).proportion_ci(method="wilson")
    assert figure.value == share
    assert figure.low < share < figure.high
    assert (figure.low, figure.high) == pytest.approx((wilson.low, wilson.high), abs=0.01)


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(60):
        hit = np.random.default_rng(seed).random(150) < 0.8
        everyone = np.ones(150, bool)
        figure = estimate(lambda w, hit=hit, e=everyone: proportion(hit, e, w), np.arange(150), 150)
        covered += figure.low <= 0.8 <= figure.high
    assert covered >= 51  # of 60 at 95%, fewer than 51 happens once in 10,000


def test_films_of_few_patients_are_weaker_evidence() -> None:
    hit = np.repeat(DRAWING.random(50) < 0.7, 20)  # a patient's films are all alike
    everyone = np.ones(1000, bool)

    def width(groups: np.ndarray) -> float:
        figure = estimate(lambda w: proportion(hit, everyone, w), groups, 1000)
        return figure.high - figure.low

    assert width(np.repeat(np.arange(50), 20)) > 3 * width(np.arange(1000))


def test_a_rare_class_still_gets_an_interval() -> None:
    positive = np.zeros(80, bool)
    positive[:2] = True
    figure = auroc_estimate(positive, np.linspace(1, 0, 80), np.arange(80))
    assert figure.value == 1
    assert np.isfinite([figure.low, figure.high]).all()
    assert str(figure) == "1.000 (1.000 to 1.000)"


def test_precision_and_f1_are_scikit_learn_s() -> None:
    drawing = np.random.default_rng(3)
    positive, called = drawing.random(200) < 0.4, drawing.random(200) < 0.5
    groups = np.arange(200)
    assert precision(positive, called, groups).value == pytest.approx(
        precision_score(positive, called)
    )
    one = f1(positive, called, groups)
    assert one.value == pytest.approx(f1_score(positive, called))
    assert one.low < one.value < one.high


def test_kappa_of_a_table_is_scikit_learn_s_of_its_films() -> None:
    drawing = np.random.default_rng(3)
    labels = drawing.integers(0, 3, 200)
    calls = np.where(drawing.random(200) < 0.6, labels, drawing.integers(0, 3, 200))
    found = cohen_kappa(confusion(labels, calls, 3))
    assert found == pytest.approx(cohen_kappa_score(labels, calls))
    assert 0.3 < found < 0.9
    assert cohen_kappa(np.diag([7, 9])) == 1
    assert cohen_kappa(np.array([[5, 5], [5, 5]])) == pytest.approx(0)
    assert np.isnan(cohen_kappa(np.array([[9, 0], [0, 0]]))), "chance alone agrees as well"


def test_reliability_equals_another_implementation() -> None:
    from mapie.metrics.calibration import top_label_ece

    drawing = np.random.default_rng(0)
    scores = drawing.dirichlet((2, 1, 1), 3000)
    labels = np.array([drawing.choice(3, p=p) for p in scores**2 / (scores**2).sum(1)[:, None]])
    calls = scores.argmax(axis=1)
    found = reliability(scores.max(axis=1), calls == labels)
    assert sum(found.films) == 3000
    gaps = [abs(s - r) for s, r in zip(found.sure, found.right, strict=True)]
    assert found.error == pytest.approx(np.average(gaps, weights=found.films))
    # Theirs is the mean over labels called, each in bins of its own.
    by_call = [
        reliability(scores.max(axis=1)[calls == c], (calls == labels)[calls == c]).error
        for c in range(3)
    ]
    theirs = top_label_ece(labels, scores, num_bins=15, split_strategy="uniform")
    assert np.mean(by_call) == pytest.approx(theirs, abs=5e-3)


def test_a_network_as_sure_as_it_is_right_has_no_calibration_error() -> None:
    confidence = np.full(1000, 0.75)
    assert reliability(confidence, np.arange(1000) % 4 != 0).error == pytest.approx(0)
    assert reliability(confidence, np.zeros(1000, bool)).error == pytest.approx(0.75)


def test_an_estimate_is_formatted_as_it_prints_and_none_as_a_dash() -> None:
    found = Estimate(0.5, 0.25, 0.75, 8)
    assert format_estimate(found) == str(found) == "0.500 (0.250 to 0.750)"
    assert format_estimate(Estimate(float("nan"), 0.0, 0.0, 0)) == "–"


def test_auroc_within_counts_pairs_of_one_stratum_only() -> None:
    drawing = np.random.default_rng(3)
    strata = drawing.choice(["AP", "PA", "unknown"], 90)
    positive = drawing.random(90) < np.where(strata == "AP", 0.8, 0.2)
    scores = np.round(drawing.normal(positive * 1.0 + 3.0 * (strata == "AP")), 1)
    won = pairs = 0.0
    for i in np.nonzero(positive)[0]:
        for j in np.nonzero(~positive & (strata == strata[i]))[0]:
            won += (scores[i] > scores[j]) + (scores[i] == scores[j]) / 2
            pairs += 1
    once = np.ones(90)
    within = auroc_within_by_weights(positive, scores, strata)(once)
    assert within == pytest.approx(won / pairs, abs=1e-12)
    one_stratum = auroc_within_by_weights(positive, scores, np.zeros(90))(once)
    assert one_stratum == pytest.approx(auroc(positive, scores), abs=1e-12)


def test_a_score_that_separates_only_the_views_is_worth_nothing_within_one() -> None:
    views = np.repeat(["AP", "PA"], 100)
    positive = np.concatenate([np.arange(100) < 80, np.arange(100) < 20])
    scores = (views == "AP").astype(float)
    assert auroc(positive, scores) > 0.75
    found = auroc_within_estimate(positive, scores, views, np.arange(200))
    assert (found.value, found.low, found.high, found.n) == (0.5, 0.5, 0.5, 200)


def test_strata_of_one_class_are_no_films_of_the_estimate() -> None:
    views = np.repeat(["AP", "PA", "unknown"], [40, 40, 20])
    positive = np.concatenate([np.arange(40) % 2 == 0, np.ones(40, bool), np.arange(20) % 2 == 0])
    scores = np.random.default_rng(4).normal(positive * 1.0)
    found = auroc_within_estimate(positive, scores, views, np.arange(100) // 2)
    assert found.n == 60 and found.low <= found.value <= found.high
    alone = auroc_within_estimate(positive[40:80], scores[40:80], views[40:80], np.arange(40))
    assert np.isnan(alone.value) and alone.n == 0


def test_average_precision_is_scikit_learns_with_weights_and_ties() -> None:
    drawing = np.random.default_rng(3)
    positive = drawing.random(80) < 0.3
    scores = drawing.integers(0, 12, 80) / 12  # many ties
    statistic = average_precision_by_weights(positive, scores)
    for weights in (np.ones(80), drawing.integers(0, 4, 80).astype(float)):
        expected = average_precision_score(positive, scores, sample_weight=weights)
        assert statistic(weights) == pytest.approx(expected)
    assert np.isnan(statistic(np.zeros(80)))
