"""Outcomes in words: shares never certain, predictive values with their films, doubts stated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from covid_core.explain.lung_shares import LungShares
from covid_core.findings import APPEARANCES, Appearance, Finding, shown_probability
from covid_core.metrics import Estimate
from covid_core.model.calls import Calls, TierCount
from covid_core.model.decision import Decision, OperatingPoint
from covid_core.model.tiers import Tier
from covid_core.present.point_words import (
    answer_worth_in_words,
    point_in_words,
    values_in_words,
)
from covid_core.present.sentences import (
    category_against_answer,
    category_in_words,
    heat_in_words,
    opacity_in_words,
    predictive_value,
)
from tests.exports.results import COVID, NORMAL
from tests.exports.results import made as made_result

POINT = OperatingPoint(
    "balanced", 0.3, Estimate(0.912, 0.88, 0.94, 300), Estimate(0.775, 0.75, 0.8, 900)
)
COUNTS = (
    TierCount(Tier.LIKELY, 60, 4),
    TierCount(Tier.POSSIBLE, 10, 10),
    TierCount(Tier.NONE_SEEN, 5, 140),
    TierCount(Tier.UNDECIDED, 25, 46),
)
COUNTED = replace(
    POINT,
    measured_on="new films of a",
    calls=Calls(
        Estimate(0.7, 0.6, 0.8, 100),
        0.05,
        Estimate(0.07, 0.04, 0.11, 200),
        0.7,
        Estimate(0.763, 0.7, 0.8, 300),
        COUNTS,
    ),
)


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (1, "> 0.99"),
        (0.991, "> 0.99"),
        (0.99, "0.99"),
        (0.5, "0.50"),
        (0.01, "0.01"),
        (0, "< 0.01"),
    ],
)
def test_no_probability_is_shown_as_certain(probability: float, words: str) -> None:
    assert shown_probability(probability) == words


def test_where_opacity_is_is_described_in_words() -> None:
    result = made_result(opacity=True)
    assert result.opacity is not None
    words, doubtful = opacity_in_words(result.opacity, result.lungs)
    assert "An opacity is most likely in the right lower lung zone (86%)." in words and not doubtful
    beside = np.zeros_like(result.lungs)
    beside[:, 100:] = True
    words, doubtful = opacity_in_words(result.opacity, beside)
    assert doubtful and "of the likely opacity lies in the lungs" in words
    clear = replace(result.opacity, cells=np.full((7, 7), 0.1, np.float32))
    assert opacity_in_words(clear, result.lungs) == (
        "No opacity is likely: at most 10% anywhere in the film.",
        False,
    )


def test_predictive_value_is_that_of_the_call_made() -> None:
    assert predictive_value(POINT, Tier.LIKELY, 0.05) == pytest.approx(0.176, abs=5e-4)
    assert predictive_value(POINT, Tier.NONE_SEEN, 0.05) == pytest.approx(0.994, abs=5e-4)
    assert predictive_value(POINT, Tier.UNDECIDED, 0.05) is None
    assert predictive_value(OperatingPoint("balanced", 0.5), Tier.LIKELY, 0.05) is None


def test_predictive_value_is_of_films_with_the_same_answer_where_they_were_counted() -> None:
    likely, possible, none_seen = (
        predictive_value(COUNTED, tier, 0.1)
        for tier in (Tier.LIKELY, Tier.POSSIBLE, Tier.NONE_SEEN)
    )
    assert likely == pytest.approx(0.1 * 0.6 / (0.1 * 0.6 + 0.9 * 0.02))
    assert possible == pytest.approx(0.1 * 0.1 / (0.1 * 0.1 + 0.9 * 0.05))
    assert none_seen == pytest.approx(1 - 0.1 * 0.05 / (0.1 * 0.05 + 0.9 * 0.7))


def test_an_answer_s_worth_is_in_words() -> None:
    decision = Decision(None, True, (), COUNTED, "", Tier.POSSIBLE)
    words = (
        "At a COVID-19 prevalence of 10%, 18% (9% to 34%) of radiographs with this answer have"
        " COVID-19, measured on new films of a."
    )
    stated = answer_worth_in_words(decision, Finding.COVID, 0.1, elsewhere_stated=True)
    assert stated == words
    alone = answer_worth_in_words(decision, Finding.COVID, 0.1)
    assert alone == f"{words} Expect less at another hospital."
    withheld = decision.withheld("The film is rotated.")
    assert answer_worth_in_words(withheld, Finding.COVID, 0.1) is None


def test_points_and_values_are_described_in_words() -> None:
    words = point_in_words(POINT, Finding.COVID)
    assert "COVID-19 from a probability of 0.30" in words
    assert "sensitivity 91% (88% to 94%), specificity 78%" in words
    worth = values_in_words(POINT, Finding.COVID, 0.05)
    assert (
        worth is not None
        and "At a COVID-19 prevalence of 5%" in worth
        and "positive predictive value 18%" in worth
    )
    assert worth.endswith("Expect less at another hospital.")
    assert values_in_words(OperatingPoint("balanced", 0.5), Finding.COVID, 0.05) is None


def test_predictive_values_away_take_the_place_of_a_warning() -> None:
    share = Estimate(0.5, 0.4, 0.6, 100)
    away = {"elsewhere": Calls(share, 0.1, share, 0.5, share)}
    worth = values_in_words(POINT, Finding.COVID, 0.5, away)
    assert worth is not None and worth.endswith(
        " On a source not used in training (elsewhere): PPV 50%, NPV 83%."
    )


@pytest.mark.parametrize(
    ("share", "area", "doubtful", "words"),
    [
        (0.6, 0.3, False, "60% of the heat lies in the lungs"),
        (0.2, 0.3, True, "far less than chance"),
        (0.29, 0.3, True, "Take this answer with care"),
        (float("nan"), 0.3, False, "No heat"),
    ],
)
def test_heat_outside_the_lungs_is_warned_of(
    share: float, area: float, doubtful: bool, words: str
) -> None:
    sentence, warned = heat_in_words(LungShares(share, area))
    assert words in sentence
    assert warned is doubtful


@pytest.mark.parametrize(
    ("probabilities", "category", "against"),
    [
        (COVID, Appearance.TYPICAL, False),
        (COVID, Appearance.NEGATIVE, True),
        (NORMAL, Appearance.NEGATIVE, False),
        (NORMAL, Appearance.ATYPICAL, True),
        (COVID, None, False),
    ],
)
def test_a_category_that_contradicts_the_answer_says_so(
    probabilities: tuple[float, ...], category: Appearance | None, against: bool
) -> None:
    shares = None
    if category:
        shares = np.full(len(APPEARANCES), 0.1)
        shares[APPEARANCES.index(category)] = 0.7
    prediction = replace(made_result(probabilities).prediction, appearances=shares)
    assert prediction.category is category
    assert bool(category_against_answer(prediction)) is against
    assert ("contradicts" in category_in_words(prediction)) is against
