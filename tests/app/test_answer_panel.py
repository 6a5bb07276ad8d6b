"""What the answer panel says beyond its heading."""

from __future__ import annotations

import pytest

from app.answer_panel import beyond_heading
from covid_core.findings import CLASSES, Finding
from covid_core.model.decision import Decision, OperatingPoint
from covid_core.model.tiers import CAVEAT, Tier, tier_sentence


@pytest.mark.parametrize("tier", [Tier.LIKELY, Tier.POSSIBLE, Tier.UNLIKELY, Tier.NONE_SEEN])
def test_nothing_is_said_twice_and_the_caveat_never_left_out(tier: Tier) -> None:
    words = beyond_heading(decided(tier, ()))
    assert words == ("" if tier in (Tier.LIKELY, Tier.POSSIBLE) else CAVEAT)


def test_an_answer_that_decides_nothing_says_why() -> None:
    words = beyond_heading(decided(Tier.UNDECIDED, (Finding.NORMAL, Finding.COVID)))
    assert "normal and COVID-19 remain possible" in words and CAVEAT in words


def test_an_answer_that_must_not_be_used_says_so() -> None:
    withheld = decided(Tier.LIKELY, (Finding.COVID,)).withheld("It is a child's film.")
    assert beyond_heading(withheld).startswith("The answer must not be used. It is a child's film.")


def decided(tier: Tier, candidates: tuple[Finding, ...]) -> Decision:
    """A decision of that tier, in the words of a report."""
    point = OperatingPoint("balanced", 0.3)
    sentence = tier_sentence(tier, candidates, CLASSES, point.name)
    return Decision(None, False, candidates, point, sentence, tier)
