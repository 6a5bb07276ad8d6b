"""Groups of films: who is in which, what goes wrong there, and where age can't help."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from covid_core.evaluation.strata import (
    ScoredPart,
    are_adults,
    find_failures,
    measure_age_controlled,
    measure_group,
    measure_strata,
)
from covid_core.findings import CLASSES
from covid_core.model.audit import GroupFigures
from covid_core.model.decision import Rules

pytestmark = pytest.mark.usefixtures("few_resamples")

RULES = Rules.plain(3)


def scored(rows: list[tuple[str, str, str, float, str, str]], right: list[bool]) -> ScoredPart:
    """Rows of source, label, the source's words, age, sex, view; and whether each is called so."""
    table = pd.DataFrame(rows, columns=["source", "label", "finding", "age", "sex", "view"])
    labels = np.array([CLASSES.index(label) for label in table["label"]])
    called = np.where(right, labels, (labels + 1) % 3)
    return ScoredPart(table, np.arange(len(rows)), 4.0 * np.eye(3)[called])


def test_adults_by_age_and_else_by_what_the_source_says() -> None:
    nan = float("nan")
    table = pd.DataFrame(
        {
            "source": ["chest_xray", "nih", "nih", "covid-chestxray", "chest_xray"],
            "age": [nan, nan, 17.0, 18.0, 40.0],
        }
    )
    assert are_adults(table).tolist() == [False, True, False, True, True]


def test_every_film_is_in_one_group_of_each_kind() -> None:
    row = ("nih", "normal", "", 30.0, "F", "PA")
    rows = [row, ("nih", "covid", "", float("nan"), "", "unknown"), (*row[:3], 70.0, "M", "AP")]
    found = measure_strata(scored(rows, [True] * 3), RULES)
    assert list(found) == ["source", "view", "sex", "age"]
    for groups in found.values():
        assert sum(one.films for one in groups.values()) == 3
    assert list(found["age"]) == ["18 to 39", "65 and more", "unknown"]
    assert list(found["sex"]) == ["F", "M", "unknown"]


def test_figures_are_those_of_the_films_requested() -> None:
    rows = [("nih", label, "", 30.0, "F", "PA") for label in ("normal", "covid") * 10]
    right = [True] * 16 + [False, True, True, False]  # one normal wrong, one COVID-19 wrong
    found = measure_group(scored(rows, right), RULES, np.ones(20, bool))
    assert (found.films, found.covid) == (20, 10)
    assert found.sensitivity.value == pytest.approx(0.9)
    assert found.specificity.value == 1  # that normal film was called pneumonia
    assert found.covered.value == pytest.approx(0.9)
    few = measure_group(scored(rows, right), RULES, np.arange(20) < 4)
    assert few.films == 4 and few.auroc is None
    none = measure_group(scored(rows, right), RULES, np.zeros(20, bool))
    assert none == GroupFigures(films=0, covid=0)


def test_pairs_within_a_view_do_not_reward_telling_the_views_apart() -> None:
    """COVID-19 is filmed AP, the rest PA, but for a few, and the network sees only the view."""
    ap = [("a", "covid", "", 40.0, "F", "AP")] * 20 + [("a", "normal", "", 40.0, "F", "AP")] * 5
    pa = [("a", "normal", "", 40.0, "F", "PA")] * 20 + [("a", "covid", "", 40.0, "F", "PA")] * 5
    unknown = [("a", "covid", "", 40.0, "F", "unknown")] * 9
    rows = ap + pa + unknown
    films = scored(rows, [True] * len(rows))
    films = replace(films, logits=np.eye(3)[[2 if row[5] == "AP" else 0 for row in rows]])
    found = measure_group(films, RULES, np.ones(len(rows), bool))
    assert found.auroc_within_view.value == pytest.approx(0.5, abs=0.01)
    assert found.auroc_within_view.n == 50
    assert found.auroc.value > 0.6
    alone = measure_group(films, RULES, np.array([row[5] == "unknown" for row in rows]))
    assert alone.auroc_within_view is None


def test_failures_name_what_is_called_otherwise_most() -> None:
    rows = [("a", "pneumonia", "SARS", 30.0, "F", "PA")] * 6
    rows += [("a", "pneumonia", "virus", 30.0, "F", "PA")] * 6
    rows += [("a", "normal", "", 30.0, "F", "PA")] * 2  # too few to be reported
    right = [False] * 5 + [True] + [False] + [True] * 5 + [False] * 2
    worst, next_one = find_failures(scored(rows, right), RULES)
    assert (worst.finding, worst.films, worst.called) == ("SARS", 6, "covid")
    assert worst.wrong == pytest.approx(5 / 6)
    assert (next_one.finding, next_one.wrong) == ("virus", pytest.approx(1 / 6))


def test_where_age_cannot_help_no_child_is_counted() -> None:
    nan = float("nan")
    rows = [("chest_xray", "pneumonia", "virus", nan, "", "unknown")] * 8
    rows += [("nih", "pneumonia", "", nan, "", "unknown")] * 6
    rows += [("radiography", "covid", "", nan, "", "unknown")] * 7
    rows += [("nih", "normal", "", nan, "", "unknown")] * 5
    found = measure_age_controlled(scored(rows, [True] * len(rows)), RULES)
    assert [one.films for one in found.values()] == [18, 13, 13]
    assert all(one.covid == 7 for one in found.values())
