"""Every goal is in the table: judged by its value, a probe by its interval."""

from __future__ import annotations

from typing import Any

import pytest

from covid_core.evaluation.source_targets import WITHIN
from covid_core.evaluation.targets import (
    MET,
    MISSED,
    NOT_MEASURED,
    UNDECIDED,
    Goal,
    goals,
    judge_probes,
)
from covid_core.findings import Finding
from covid_core.metrics import Estimate
from covid_core.model.card import WEIGHTS, WeightsCard, read_card
from covid_core.model.results import (
    AppearanceFigures,
    Baseline,
    ClassFigures,
    Lead,
    MapAgreement,
    RandomMap,
    Results,
    Summary,
    WithinSource,
)
from tests.measured import estimate, example_audit, probes, trust


def card(**parts: Any) -> WeightsCard:
    return read_card(WEIGHTS).replace(**({"trust": {}, "results": Results()} | parts))


def named(found: list[Goal], part: str) -> Goal:
    [goal] = [goal for goal in found if part in goal.name]
    return goal


def test_what_was_not_measured_is_in_the_table_all_the_same() -> None:
    found = goals(card(), example_audit())
    assert len({goal.name for goal in found}) == len(found)
    for source, name, *_ in WITHIN:
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
    figures = {"peak": estimate(0.8), "heat": estimate(2.0)}
    covid = MapAgreement(
        films=9,
        area=estimate(0.1),
        fixed_point=estimate(0.1),
        random=RandomMap(**figures),
        lead={},
        **figures,
    )
    mean = AppearanceFigures(auroc=estimate(0.81), average_precision=estimate(0.5))
    own = WithinSource(
        films=9,
        contrasts=contrasts,
        maps={"covid": covid},
        appearance={"mean": mean},
        negatives={"called normal": estimate(0.7), "called COVID-19": estimate(0.06)},
    )
    results = Results(within_source={"siim-covid19": {population: own}})
    found = goals(card(results=results), example_audit())
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
    assert typical.measured == "0.930 (0.890 to 0.960)" and typical.required == "at least 0.92"
    away = {"siim-covid19": card(results=results)}
    assert named(goals(card(), example_audit(), away), "left out altogether").verdict == MET


def test_a_source_left_out_has_goals_for_what_it_decides() -> None:
    decided = {"decided": estimate(0.7), "decided_right": estimate(0.8)}
    test = trust(0.01, 0.9, **decided, decided_by_answer={"0": estimate(0.85)})
    names = ("auroc", "sensitivity", "specificity", "precision", "f1")
    covid = ClassFigures(**dict.fromkeys(names, estimate(0.996)))
    given = card(
        trust={"test part": test, "away": trust(0.01, 0.9, **decided)},
        results=Results(held_out={"away": Summary()}, test=Summary(classes={Finding.COVID: covid})),
    )
    found = goals(given, example_audit())
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
    auroc = Estimate((low + high) / 2, low, high, 150)
    figures = example_audit(probes={"test": probes(auroc)})
    goal = named(goals(card(), figures), "lungs covered (after preparation), test")
    assert goal.verdict == verdict
    assert "150 films, of 400 required" in goal.measured
    met = {MET: True, MISSED: False, UNDECIDED: None}[verdict]
    assert judge_probes(probes(auroc).probes, 0.6) == {"lungs_out": met}
    figures = example_audit(probes={"test": probes(auroc, covered=None)})
    earlier = named(goals(card(), figures), "lungs covered (after preparation), test")
    assert earlier.verdict == NOT_MEASURED and "before preparation 0." in earlier.measured


def test_clearly_above_a_thumbnail_is_by_the_whole_interval() -> None:
    for lead, verdict in ((0.05, MET), (0.03, MISSED)):
        own = Lead(paired=True, accuracy=estimate(lead), auroc=estimate(lead))
        thumbnail = Baseline(accuracy=estimate(0.5), lead=own)
        results = Results(baselines={"radiography": {"thumbnail": thumbnail}})
        found = goals(card(results=results), example_audit())
        assert named(found, "32 px thumbnail").verdict == verdict
