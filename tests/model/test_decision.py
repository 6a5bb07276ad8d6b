"""Probabilities to a call: by operating point and prediction set, in words, and honest."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from covid_core.errors import CovidCoreError, WeightsError
from covid_core.findings import CLASSES, Finding
from covid_core.metrics import Estimate
from covid_core.model.calls import Calls, PredictiveValues, TierCount
from covid_core.model.decision import (
    BALANCED,
    RULE_IN,
    RULE_OUT,
    OperatingPoint,
    Rules,
    decide,
    is_close,
    log_odds,
    scaled_by,
)
from covid_core.model.tiers import CAVEAT, Tier
from covid_core.storage.records import Record

PLAIN = Rules.plain(3)
TIERS = dict(zip(CLASSES, (Tier.NONE_SEEN, Tier.UNLIKELY, Tier.LIKELY), strict=True))
FITTED = Rules(
    weights=scaled_by(2.0, 3),
    bias=(0.5, 0.0, -0.5),
    points=(
        OperatingPoint(RULE_OUT, 0.05),
        OperatingPoint(BALANCED, 0.4, Estimate(0.9, 0.8, 0.95, 100)),
        OperatingPoint(RULE_IN, 0.9),
    ),
    least=(0.6, 0.5, 0.3),
    coverage=0.9,
)


@pytest.mark.parametrize("finding", CLASSES)
def test_without_rules_the_majority_is_called(finding: Finding) -> None:
    probabilities = np.full(3, 0.1)
    probabilities[CLASSES.index(finding)] = 0.8
    decision = decide(probabilities, PLAIN)
    assert decision.finding is finding
    assert decision.name == finding.value
    assert decision.candidates == (finding,)
    assert decision.tier == TIERS[finding]


def test_without_a_majority_nothing_is_decided() -> None:
    decision = decide(np.array([0.15, 0.43, 0.42]), PLAIN)
    assert decision.finding is None and decision.tier is Tier.UNDECIDED
    assert decision.name == "undecided"
    assert decision.sentence.startswith("The model is undecided: no class is likely enough.")


def test_a_set_of_several_is_listed_with_the_most_probable_first() -> None:
    decision = decide(np.array([0.62, 0.0, 0.38]), FITTED)
    assert decision.candidates == (Finding.NORMAL, Finding.COVID)
    assert decision.finding is None
    assert decision.sentence == (
        f"The model is undecided: normal and COVID-19 remain possible. {CAVEAT}"
    )


def test_an_empty_set_says_that_nothing_fits_well() -> None:
    decision = decide(np.array([0.4, 0.39, 0.21]), FITTED)
    assert decision.candidates == ()
    assert "no class is likely enough" in decision.sentence


@pytest.mark.parametrize(
    ("p_covid", "point", "tier"),
    [
        (0.02, RULE_OUT, Tier.NONE_SEEN),
        (0.10, RULE_OUT, Tier.UNDECIDED),  # not excluded, though normal alone fits
        (0.10, BALANCED, Tier.NONE_SEEN),
        (0.80, BALANCED, Tier.LIKELY),
        (0.80, RULE_IN, Tier.POSSIBLE),  # COVID-19 alone fits, but not surely enough
        (0.95, RULE_IN, Tier.LIKELY),
    ],
)
def test_the_operating_point_decides_what_is_said(p_covid: float, point: str, tier: Tier) -> None:
    decision = decide(np.array([1 - p_covid, 0.0, p_covid]), FITTED, point=point)
    assert decision.tier is tier
    assert decision.point.name == point
    assert (point in decision.sentence) == (tier is Tier.UNDECIDED)


def test_a_site_has_prediction_sets_of_its_own() -> None:
    rules = replace(FITTED, points=(OperatingPoint(BALANCED, 0.3, least=(0.9, 0.9, 0.9)),))
    probabilities = np.array([0.05, 0.1, 0.85])
    assert decide(probabilities, FITTED).tier is Tier.LIKELY
    assert decide(probabilities, rules).tier is Tier.UNDECIDED


def test_an_answer_that_must_not_be_used_calls_no_class() -> None:
    called = decide(np.array([0.05, 0.05, 0.9]), FITTED)
    held = called.withheld("It is of a child.", Tier.CHILD)
    assert (held.finding, held.tier, held.usable) == (None, Tier.CHILD, False)
    assert "must not be used. It is of a child." in held.sentence
    assert held.name == "undecided" and held.candidates == called.candidates


def test_a_normal_film_is_not_said_to_exclude_covid() -> None:
    for probabilities in ([0.9, 0.05, 0.05], [0.05, 0.9, 0.05], [0.4, 0.3, 0.3]):
        assert decide(np.array(probabilities), PLAIN).sentence.endswith(CAVEAT)
    assert CAVEAT not in decide(np.array([0.05, 0.05, 0.9]), PLAIN).sentence
    two = (Finding.NOT_COVID, Finding.COVID)
    assert decide(np.array([0.9, 0.1]), Rules.plain(2), two).sentence.endswith(CAVEAT)


def test_calibration_is_a_matrix_then_bias() -> None:
    logits = np.array([[2.0, 0.0, 1.0], [0.0, 4.0, -2.0]])
    scaled = np.exp(logits / 2 + np.array([0.5, 0, -0.5]))
    expected = scaled / scaled.sum(axis=1, keepdims=True)
    assert FITTED.probabilities(logits) == pytest.approx(expected)
    turned = replace(FITTED, weights=((0, 1, 0), (0, 0, 1), (1, 0, 0)), bias=(0, 0, 0))
    assert turned.probabilities(logits) == pytest.approx(PLAIN.probabilities(logits[:, [1, 2, 0]]))
    plain = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert PLAIN.probabilities(logits) == pytest.approx(plain)


def test_rules_survive_json() -> None:
    class Held(Record):
        rules: Rules

    for held in (Held(rules=FITTED), Held(rules=PLAIN)):
        raw = json.loads(json.dumps(held.as_json()))
        assert Held.parse(raw, Path("card.json"), error=WeightsError, remedy="") == held
    assert (FITTED.fitted, PLAIN.fitted) == (True, False)


def test_a_point_that_the_weights_lack_is_said_with_those_they_have() -> None:
    with pytest.raises(CovidCoreError, match="balanced") as refused:
        decide(np.array([1.0, 0, 0]), PLAIN, point=RULE_OUT)
    assert "no operating point rule-out" in str(refused.value)


def share(value: float) -> Estimate:
    return Estimate(value, value - 0.01, value + 0.01, 100)


def values_of(sensitivity: float, specificity: float, prevalence: float) -> PredictiveValues:
    point = OperatingPoint("balanced", 0.5, share(sensitivity), share(specificity))
    values = point.values_at(prevalence)
    assert values is not None
    return values


def test_predictive_values_are_bayes() -> None:
    """qXR's stated 0.912 and 0.775: at a prevalence of 5% a positive call is right in 17.6%."""
    values = values_of(0.912, 0.775, 0.05)
    assert values.positive == pytest.approx(0.176, abs=5e-4)
    counts = {"found": 912 * 0.5, "missed": 88 * 0.5, "cleared": 775 * 9.5, "alarmed": 225 * 9.5}
    assert values.negative == pytest.approx(
        counts["cleared"] / (counts["cleared"] + counts["missed"])
    )


@pytest.mark.parametrize(("prevalence", "positive"), [(0.0, 0.0), (1.0, 1.0)])
def test_predictive_values_at_the_ends(prevalence: float, positive: float) -> None:
    assert values_of(0.9, 0.8, prevalence).positive == positive


def test_a_perfect_specificity_has_no_false_alarm_to_divide_by() -> None:
    assert np.isnan(values_of(0.9, 1.0, 0.0).positive)


def test_predictive_values_are_of_the_answers_where_these_were_measured() -> None:
    """An undecided film is neither called the disease nor called free of it."""
    calls = Calls(share(0.6), 0.04, share(0.02), 0.76, share(0.75))
    point = OperatingPoint("balanced", 0.5, share(0.8), share(0.9), calls=calls)
    values = point.values_at(0.1)
    assert values is not None
    assert values.positive == pytest.approx(0.06 / (0.06 + 0.018))
    assert values.negative == pytest.approx(0.684 / (0.684 + 0.004))


def counted(*counts: TierCount) -> Calls:
    return Calls(share(0.6), 0.04, share(0.02), 0.76, share(0.75), counts)


def test_an_answer_is_worth_what_films_with_the_same_answer_came_to() -> None:
    """Bayes, and the interval of the likelihood ratio by the delta method, worked out by hand."""
    calls = counted(TierCount(Tier.LIKELY, 60, 4), TierCount(Tier.UNDECIDED, 40, 196))
    found = calls.disease_given(Tier.LIKELY, 0.1)
    assert found is not None and found.n == 64
    assert found.value == pytest.approx(0.06 / (0.06 + 0.018))
    spread = np.exp(1.959964 * np.sqrt(1 / 60 - 1 / 100 + 1 / 4 - 1 / 200))
    odds = 0.1 / 0.9 * 0.6 / 0.02
    assert found.low == pytest.approx(odds / spread / (1 + odds / spread))
    assert found.high == pytest.approx(odds * spread / (1 + odds * spread))
    assert calls.disease_given(Tier.POSSIBLE, 0.1) is None, "no film was answered so"
    for prevalence in (0.0, 1.0):
        assert calls.disease_given(Tier.LIKELY, prevalence) == Estimate(*[prevalence] * 3, n=64)


def test_no_answer_proves_the_disease_or_its_absence_by_a_count_of_none() -> None:
    calls = counted(TierCount(Tier.LIKELY, 60, 0), TierCount(Tier.NONE_SEEN, 0, 200))
    likely, none_seen = (calls.disease_given(tier, 0.1) for tier in (Tier.LIKELY, Tier.NONE_SEEN))
    assert likely is not None and likely.low < likely.value < 1
    assert none_seen is not None and 0 < none_seen.value < none_seen.high
    assert counted(TierCount(Tier.LIKELY, 60, 0)).disease_given(Tier.LIKELY, 0.1) is None


def test_a_call_is_close_where_a_shift_of_the_log_odds_could_change_it() -> None:
    rules = Rules(scaled_by(1.0, 3), (0.0,) * 3, (OperatingPoint("balanced", 0.3),), (0.1,) * 3)
    clear = np.array([0.02, 0.78, 0.2])
    assert not is_close(clear, rules, 0.1)
    for close in (
        [0.02, 0.685, 0.295],  # the operating point
        [0.095, 0.705, 0.2],  # the prediction set
        [0.02, 0.49, 0.49],  # which is the likelier
        [0.02, 0.495, 0.485],
    ):
        assert is_close(np.array(close), rules, 0.1)
        assert not is_close(np.array(close), rules, 1e-6) or close[1] == close[2]


def test_what_is_certain_is_not_close_and_what_is_no_number_is() -> None:
    rules = Rules(scaled_by(1.0, 3), (0.0,) * 3, (OperatingPoint("balanced", 0.3),), (0.1,) * 3)
    assert not is_close(np.array([0.001, 0.999, 0.0]), rules, 0.1)
    assert is_close(np.array([np.nan, 0.5, 0.5]), rules, 0.1)


def test_within_the_margin_nothing_changes_for_films_that_are_not_close() -> None:
    """What a second look is spared for, on thousands of drawn answers and shifts."""
    drawing = np.random.default_rng(0)
    rules = Rules(scaled_by(1.0, 3), (0.0,) * 3, POINTS_DRAWN, (0.2, 0.05, 0.15))
    compared = 0
    for logits in drawing.normal(0, 2, (3000, 3)):
        one = rules.probabilities(logits)
        other = rules.probabilities(logits + drawing.normal(0, 0.02, 3))
        shift = np.abs(log_odds(one) - log_odds(other)).max()
        if shift < 0.1 and not is_close(one, rules, 0.1):
            compared += 1
            for point in POINTS_DRAWN:
                assert decide(one, rules, CLASSES, point.name) == decide(
                    other, rules, CLASSES, point.name
                )
    assert compared > 1000


POINTS_DRAWN = (OperatingPoint("rule-out", 0.1), OperatingPoint("balanced", 0.4))
