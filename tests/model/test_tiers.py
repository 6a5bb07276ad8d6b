"""The answer in a report's words: every prediction set, each side of the operating point."""

from __future__ import annotations

from itertools import chain, combinations

import pytest

from covid_core.findings import CLASSES, Finding
from covid_core.model.tasks import TASKS
from covid_core.model.tiers import (
    CAVEAT,
    DECIDED,
    FLAGGED,
    Tier,
    right_answers,
    tier_of,
    tier_sentence,
)

N, P, C = CLASSES


@pytest.mark.parametrize(
    ("candidates", "reached", "not_reached"),
    [
        ((C,), Tier.LIKELY, Tier.POSSIBLE),
        ((C, P), Tier.POSSIBLE, Tier.POSSIBLE),
        ((P, C), Tier.POSSIBLE, Tier.POSSIBLE),
        ((P,), Tier.POSSIBLE, Tier.UNLIKELY),
        ((N,), Tier.UNDECIDED, Tier.NONE_SEEN),
        ((N, P), Tier.UNDECIDED, Tier.UNDECIDED),
        ((N, C), Tier.UNDECIDED, Tier.UNDECIDED),
        ((C, P, N), Tier.UNDECIDED, Tier.UNDECIDED),
        ((), Tier.UNDECIDED, Tier.UNDECIDED),
    ],
)
def test_set_and_point_make_the_tier(
    candidates: tuple[Finding, ...], reached: Tier, not_reached: Tier
) -> None:
    assert tier_of(candidates, True, CLASSES) is reached
    assert tier_of(candidates, False, CLASSES) is not_reached


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_every_task_has_words_for_every_set(task) -> None:
    answers = task.outputs
    sets = chain.from_iterable(combinations(answers, n) for n in range(len(answers) + 1))
    for candidates in sets:
        for positive in (False, True):
            tier = tier_of(candidates, positive, answers)
            said = tier_sentence(tier, candidates, answers, "balanced")
            assert said.endswith(".") and (CAVEAT in said) == (tier not in FLAGGED)
            if tier in DECIDED:
                assert set(candidates) <= set(right_answers(tier))
            assert (answers[-1] in candidates) <= (tier in (*FLAGGED, Tier.UNDECIDED))


def test_with_two_answers_a_set_against_the_point_is_undecided() -> None:
    two = (Finding.NOT_COVID, C)
    assert tier_of((C,), True, two) is Tier.LIKELY
    assert tier_of((C,), False, two) is tier_of((two[0],), True, two) is Tier.UNDECIDED
    assert tier_of((two[0],), False, two) is Tier.COVID_UNLIKELY
    assert tier_of((P,), True, (N, P)) is Tier.PNEUMONIA_LIKELY
    assert tier_of((N,), False, (N, P)) is Tier.NONE_SEEN
    assert tier_of((N,), False, (N, C)) is Tier.COVID_UNLIKELY


def test_an_undecided_film_has_its_reason() -> None:
    sentence = tier_sentence(Tier.UNDECIDED, (N,), CLASSES, "rule-out")
    assert "like normal alone, but the probability of COVID-19 is above the “rule-out”" in sentence
    sentence = tier_sentence(Tier.UNDECIDED, (C,), (N, C), "rule-in")
    assert "like COVID-19 alone, but the probability of COVID-19 is below the “rule-in”" in sentence


def test_a_heading_begins_with_a_capital() -> None:
    assert (
        Tier.NONE_SEEN.heading == "No pneumonia seen" and Tier.LIKELY.heading == "COVID-19 likely"
    )
