"""The card's section on tiers: what was measured, each goal met or missed, and by how much."""

from __future__ import annotations

from dataclasses import replace

import pytest

from covid_core.findings import CLASSES
from covid_core.metrics import Estimate
from covid_core.model.choices import CHOSEN_BY
from covid_core.model.decision import BALANCED, SITE, OperatingPoint
from covid_core.model.results import Results, Summary, TierFigures, Trust
from covid_core.model.tiers import Tier
from covid_core.model_card.tiers import tier_lines, tiers_section
from covid_core.present.worth import calls_worth
from tests.evaluation.test_targets import card, trust


def figures(decided: float, right: float, flagged: int = 30) -> TierFigures:
    def share(value: float) -> Estimate:
        return Estimate(value, value - 0.02, value + 0.02, 200)

    return TierFigures(
        counts={Tier.LIKELY: (1, 2, 30), Tier.UNDECIDED: (3, 4, 5)},
        decided=share(decided),
        right=share(right),
        normal_seen=share(0.7),
        sensitivity=share(0.9),
        specificity=share(0.8),
        without_disease=100,
        flagged_without=flagged,
    )


def measured(part: TierFigures) -> Trust:
    return trust(0.01, 0.9).replace(tiers={BALANCED: part})


CARD = card(
    classes=CLASSES,
    trust={"test part": measured(figures(0.9, 0.94)), "away": measured(figures(0.55, 0.95))},
    results=Results(held_out={"away": Summary()}),
)


def test_each_goal_is_said_to_be_met_or_missed_and_by_how_much() -> None:
    section = tiers_section(CARD)
    lines = {line.split(" | ")[0].strip("| "): line for line in section.splitlines() if "|" in line}
    assert "yes, by 5.0 points" in lines["Decided, test part"]
    assert "**no**, by 1.0 points" in lines["Right among decided, test part"]
    assert "**no**, by 10.0 points" in lines["Normal radiographs called normal, test part"]
    assert "**no**, by 5.0 points" in lines["Decided, away"]
    assert "| test part | COVID-19 likely | 1 | 2 | 30 |" in section
    assert "30 of 100" in section


def test_an_older_card_has_no_such_section() -> None:
    assert tiers_section(card(trust={"test part": trust(0.01, 0.9)})) == ""


def test_a_terminal_gets_a_line_a_point() -> None:
    [line] = tier_lines(CARD.trust["test part"].tiers)
    assert line.startswith("balanced: decided 0.900") and line.endswith("30 of 100")


def test_what_the_answers_came_to_at_home_and_away_is_one_line() -> None:
    here = OperatingPoint(BALANCED, 0.3, calls=CARD.trust["test part"].tiers[BALANCED].calls)
    found = (
        "90% of those with COVID-19 were called likely or possible (86% likely), 0% were missed;"
        " 20% of the others were false alarms;"
    )
    undecided = "10% of all were left undecided."
    own = f"Of {CARD.trust['test part'].films:,} test films: {found} {undecided}"
    away = f"Of {CARD.trust['away'].films} films of a source not used in training"
    assert calls_worth(CARD, here) == (
        f"{own} {away}: {found} 45% of all were left undecided."
        " Counted before the checks, which withhold some answers."
    )
    chosen = CARD.replace(training={CHOSEN_BY: "away: tone"})
    assert f"{away}, but used to choose the tone: {found}" in calls_worth(chosen, here)
    assert calls_worth(card(), OperatingPoint(BALANCED, 0.3)) == ""
    at_site = calls_worth(CARD, replace(here, name=SITE))
    assert at_site == f"Of this site's own films: {found} {undecided}"
    assert calls_worth(CARD, OperatingPoint(SITE, 0.3)) == ""


def test_calls_count_what_is_decided_against_the_disease_as_missed() -> None:
    counts = {Tier.LIKELY: (1, 2, 30), Tier.NONE_SEEN: (5, 1, 4), Tier.UNDECIDED: (4, 7, 6)}
    calls = figures(0.7, 0.9).replace(counts=counts).calls
    assert calls is not None
    assert (calls.missed, calls.cleared) == (4 / 40, 6 / 20)
    assert calls.false_alarms.value == pytest.approx(0.2)
    assert figures(0.7, 0.9).replace(sensitivity=None).calls is None
