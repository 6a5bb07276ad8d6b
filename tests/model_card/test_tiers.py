"""The card's section on tiers: what was measured, each goal met or missed, and by how much."""

from __future__ import annotations

from covid_core.findings import CLASSES
from covid_core.metrics import Estimate
from covid_core.model.decision import BALANCED, SITE, OperatingPoint
from covid_core.model.results import Results, Summary, TierFigures, Trust
from covid_core.model.tiers import Tier
from covid_core.model_card.tiers import tier_lines, tiers_section
from covid_core.present.worth import alarms_in_words
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


def test_false_alarms_away_from_home_are_one_line() -> None:
    point = OperatingPoint(BALANCED, 0.3)
    assert alarms_in_words(CARD, point) == (
        "False alarms: in a collection not trained on, 3 of 10 films without COVID-19 were called"
        " likely or possible."
    )
    few = CARD.replace(trust={"away": measured(figures(0.5, 0.9, flagged=2))})
    assert "fewer than 1 of 10" in alarms_in_words(few, point)
    assert alarms_in_words(card(), point) == ""
    assert alarms_in_words(CARD, OperatingPoint(SITE, 0.3)) == ""
