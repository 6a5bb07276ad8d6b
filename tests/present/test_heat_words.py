"""Why no heat is drawn: said once for each reason, and not where there is heat."""

from __future__ import annotations

from dataclasses import replace

import pytest

from covid_core.explain.lung_shares import LungShares
from covid_core.findings import Finding
from covid_core.model.tiers import Tier
from covid_core.present.heat_words import (
    no_heat_in_words,
    no_opacity_in_words,
    not_due_in_words,
)
from tests.exports.results import COVID, NORMAL, OTHER, made


def test_heat_of_a_suspected_class_needs_no_words() -> None:
    prediction = made(COVID).prediction
    assert no_heat_in_words(prediction.decision) == ""
    assert not_due_in_words(prediction, Finding.COVID) == ""


@pytest.mark.parametrize("finding", [Finding.NORMAL, Finding.PNEUMONIA, Finding.COVID])
def test_no_class_has_heat_where_no_pneumonia_is_seen_or_nothing_may_be_used(
    finding: Finding,
) -> None:
    normal, covid = made(NORMAL).prediction, made(COVID).prediction
    held = replace(covid, decision=covid.decision.withheld("It is blank."))
    assert not normal.heat_due(finding) and not held.heat_due(finding)
    said = "No heat is drawn: the answer is “no pneumonia seen”."
    assert not_due_in_words(normal, finding) == said
    assert not_due_in_words(held, finding) == "No heat is drawn: the answer must not be used."


def test_a_class_below_its_threshold_is_distinguished_from_one_that_is_ruled_out() -> None:
    prediction = made(OTHER).prediction
    below = not_due_in_words(prediction, Finding.COVID)
    out = not_due_in_words(made((0.2, 0.1, 0.7)).prediction, Finding.PNEUMONIA)
    assert below == (
        "No heat is drawn: the probability of COVID-19, 0.10, is below the operating point's"
        " threshold, 0.30."
    )
    assert out == "No heat is drawn: the prediction set rules out other pneumonia."


def test_an_opacity_map_that_marks_what_is_no_lung_is_not_drawn() -> None:
    decision = made(COVID).prediction.decision
    outside, inside = LungShares(0.9, 0.4, opacity=0.2), LungShares(0.9, 0.4, opacity=0.8)
    assert no_opacity_in_words(decision, inside) == ""
    assert no_opacity_in_words(decision, LungShares(0.9, 0.4)) == "", "likely nowhere"
    assert no_opacity_in_words(decision, outside) == (
        "Only 20% of the likely opacity lies in the lungs, which are 40% of the film: less than"
        " chance, so the opacity map is not shown."
    )
    held = no_opacity_in_words(decision.withheld("It is blank."), outside)
    assert held == "No heat is drawn: the answer must not be used."


def test_no_heat_is_due_to_what_is_normal() -> None:
    torn = made((0.48, 0.04, 0.48)).prediction
    assert torn.decision.tier is Tier.UNDECIDED and torn.decision.draws_heat
    assert Finding.NORMAL in torn.decision.candidates
    assert not torn.heat_due(Finding.NORMAL) and torn.heat_due(Finding.COVID)
    assert "absence of findings" in not_due_in_words(torn, Finding.NORMAL)
