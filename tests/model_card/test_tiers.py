"""The card's section on tiers: what was measured, each goal met or missed, and by how much."""

from __future__ import annotations

from dataclasses import replace

import pytest

from covid_core.findings import CLASSES
from covid_core.metrics import Estimate
from covid_core.model.choices import CHOSEN_BY
from covid_core.model.decision import BALANCED, SITE, Decision, OperatingPoint
from covid_core.model.results import Results, Summary, TierFigures, Trust
from covid_core.model.tiers import Tier
from covid_core.model_card.tiers import tier_lines, tiers_section
from covid_core.present.worth import answer_worth, calls_worth
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
        ": 20% of those without COVID-19 were flagged; of those with it 90% were flagged and 0%"
        " missed, and 10% of all were undecided."
    )
    assert calls_worth(CARD, here) == (
        "At a hospital that was not used in training, 2 of 10 films without COVID-19 were flagged"
        " too (likely or possible); of those with it 90% were flagged and 0% missed, and 45% of all"
        f" were undecided ({CARD.trust['away'].films} films)."
        f" On {CARD.trust['test part'].films:,} test films{found}"
        " Counted before the checks, which withhold some answers."
    )
    chosen = CARD.replace(training={CHOSEN_BY: "away: tone"})
    assert "not used in training (but used to choose the tone), 2" in calls_worth(chosen, here)
    assert calls_worth(card(), OperatingPoint(BALANCED, 0.3)) == ""
    at_site = calls_worth(CARD, replace(here, name=SITE))
    assert at_site.startswith(f"On the site's own films, which chose its rule as well{found}")
    assert calls_worth(CARD, OperatingPoint(SITE, 0.3)) == ""


def test_what_the_very_answer_is_worth_is_one_line() -> None:
    here = OperatingPoint(BALANCED, 0.3, calls=CARD.trust["test part"].tiers[BALANCED].calls)
    likely = Decision(None, True, (), here, "", Tier.LIKELY)
    words = answer_worth(CARD, likely, 0.1)
    assert words.startswith("At a COVID-19 prevalence of 10%, 24% (")
    assert "of radiographs with this answer have COVID-19 by the test films; 24% (" in words
    assert words.endswith(" at a source not used in training.")
    at_site = answer_worth(CARD, replace(likely, point=replace(here, name=SITE)), 0.1)
    assert at_site.endswith("have COVID-19 by the site's own films.")
    assert answer_worth(CARD, replace(likely, tier=Tier.POSSIBLE), 0.1) == "", "no such film"
    assert answer_worth(CARD, likely.withheld("It is rotated."), 0.1) == ""


def test_calls_count_what_is_decided_against_the_disease_as_missed() -> None:
    counts = {Tier.LIKELY: (1, 2, 30), Tier.NONE_SEEN: (5, 1, 4), Tier.UNDECIDED: (4, 7, 6)}
    calls = figures(0.7, 0.9).replace(counts=counts).calls
    assert calls is not None
    assert (calls.missed, calls.cleared) == (4 / 40, 6 / 20)
    assert calls.false_alarms.value == pytest.approx(0.2)
    assert figures(0.7, 0.9).replace(sensitivity=None).calls is None
