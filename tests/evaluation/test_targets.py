"""Every goal is in the table: judged by its value, a probe by its interval."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from covid_core.evaluation import targets as module
from covid_core.evaluation.targets import (
    MET,
    MISSED,
    NOT_MEASURED,
    UNDECIDED,
    Goal,
    goals,
    judge_probes,
)
from tests.evaluation.test_audit import example_figures


def estimate(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.04, "high": value + 0.03, "n": 500}


def card(**parts: Any) -> Any:
    return SimpleNamespace(**({"trust": {}, "results": {}} | parts))


def named(found: list[Goal], part: str) -> Goal:
    [goal] = [goal for goal in found if part in goal.name]
    return goal


def test_what_was_not_measured_is_in_the_table_all_the_same() -> None:
    found = goals(card(), example_figures())
    assert len({goal.name for goal in found}) == len(found)
    for source, name, *_ in module._WITHIN:
        assert named(found, f"{source}, never trained on: {name}").verdict == NOT_MEASURED
    for name in (
        "left out altogether",
        "32 px thumbnail",
        "against the rest, test part",
        "pairs within a",
        "Adults' COVID-19 against adults'",
        "Adults' COVID-19 against other",
        "Decided, test part",
        "Right among decided, test part",
        "Normal radiographs called normal",
        "Decided, a source",
        "Right among decided, a source",
        "zones",
    ):
        assert named(found, name).verdict == NOT_MEASURED


@pytest.mark.parametrize("population", ["never trained on", "test"])
def test_figures_of_a_source_are_judged_by_their_value_and_show_their_interval(
    population: str,
) -> None:
    contrasts = {
        "typical against negative": {
            "p_covid": {"all": estimate(0.93)},
            "1 - p_normal": {"all": estimate(0.95)},
        }
    }
    maps = {"covid": {"peak_in_box": estimate(0.8), "heat_over_area": estimate(2.0)}}
    own = {"contrasts": contrasts, "maps": maps, "appearance": {"mean": estimate(0.81)}}
    own["negatives"] = {"called normal": estimate(0.7), "called COVID-19": estimate(0.06)}
    results = {"within_source": {"siim-covid19": {population: own}}}
    found = goals(card(results=results), example_figures())
    verdicts = {
        "typical against negative, p_covid": MET,
        "1 - p_normal": MISSED,
        "negatives called normal": MET,
        "negatives called COVID-19": MISSED,
        "appearances": MET,
        "COVID-19 map, its peak": MET,
        "heat in boxes": MISSED,
        "opacity map": NOT_MEASURED,
    }
    for name, verdict in verdicts.items():
        own_goals = [goal for goal in found if name in goal.name and "left out" not in goal.name]
        assert [goal.verdict for goal in own_goals] == [verdict], name
    typical = named(found, f"siim-covid19, {population}: typical against negative, p_covid")
    assert typical.measured == "0.930 (0.890 to 0.960)" and typical.asked == "at least 0.92"
    away = {"siim-covid19": card(results=results)}
    assert named(goals(card(), example_figures(), away), "left out altogether").verdict == MET


def test_a_source_left_out_is_asked_for_what_it_decides() -> None:
    decided = {"decided": estimate(0.7), "decided_right": estimate(0.8)}
    worth = {"reliability": {"error": 0.01}, "covered": estimate(0.9)}
    test = worth | decided | {"decided_by_answer": {"0": estimate(0.85)}}
    given = card(
        trust={"test part": test, "away": worth | decided},
        results={
            "held_out": {"away": {}},
            "test": {"classes": {"covid": {"auroc": estimate(0.996)}}},
        },
    )
    found = goals(given, example_figures())
    assert named(found, "Decided, away").verdict == MET
    assert named(found, "Right among decided, away").verdict == MISSED
    assert named(found, "Decided, test part").verdict == MISSED
    assert named(found, "Normal radiographs called normal").verdict == MET
    assert named(found, "COVID-19 against the rest, test part").verdict == MET


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(0.61, 0.7, MISSED), (0.4, 0.6, MET), (0.55, 0.65, UNDECIDED)]
)
def test_a_probe_is_judged_by_its_interval_and_says_its_films(
    low: float, high: float, verdict: str
) -> None:
    figures = example_figures()
    probes = figures["probes"]["test"]
    probes["probes"]["lungs_out"]["auroc"] |= {"value": (low + high) / 2, "low": low, "high": high}
    goal = named(goals(card(), figures), "lungs covered (after preparation), test")
    assert goal.verdict == verdict
    assert "150 films, of 400 asked" in goal.measured
    met = {MET: True, MISSED: False, UNDECIDED: None}[verdict]
    assert judge_probes(probes["probes"], 0.6) == {"lungs_out": met}
    del probes["covered"]
    earlier = named(goals(card(), figures), "lungs covered (after preparation), test")
    assert earlier.verdict == NOT_MEASURED and "before preparation 0." in earlier.measured


def test_clearly_above_a_thumbnail_is_by_the_whole_interval() -> None:
    for lead, verdict in ((0.05, MET), (0.03, MISSED)):
        baselines = {"radiography": {"thumbnail": {"lead": {"auroc": estimate(lead)}}}}
        found = goals(card(results={"floors": baselines}), example_figures())
        assert named(found, "32 px thumbnail").verdict == verdict
