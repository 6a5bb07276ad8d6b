"""What the rules are worth, counted by hand; and fitted on validation alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from covid_core.datasets.split import Split
from covid_core.evaluation import trust
from covid_core.evaluation.trust import fit_and_measure, measure_trust, with_costs
from covid_core.model.decision import BALANCED, OperatingPoint, Rules, scaled_by
from covid_core.training.films import Films
from covid_core.training.fit_rules import fit_rules
from tests.films import grey_film

pytestmark = pytest.mark.usefixtures("few_resamples")

RULES = Rules(scaled_by(1.0, 3), (0.0,) * 3, (OperatingPoint(BALANCED, 0.5),), (0.3, 0.3, 0.3), 0.9)


def films_of(splits: list[Split], size_px: int = 32) -> Films:
    count = len(splits)
    sources = np.where(np.arange(count) % 4 == 0, "other", "home")
    sources[np.array(splits) == Split.HELD_OUT] = "away"
    return Films(
        pictures=np.stack([grey_film(size_px, size_px, seed=i) for i in range(count)]),
        labels=np.arange(count) % 3,
        groups=np.arange(count),
        sources=sources,
        splits=np.array([split.value for split in splits]),
        names=tuple(f"{i}.png" for i in range(count)),
    )


def test_sets_and_points_are_counted_as_a_person_would() -> None:
    films = films_of([Split.TEST] * 6)
    probabilities = np.array(
        [
            [0.8, 0.1, 0.1],  # normal, alone in its set
            [0.5, 0.4, 0.1],  # pneumonia, in a set of two
            [0.1, 0.1, 0.8],  # COVID-19, alone
            [0.1, 0.1, 0.8],  # normal, called COVID-19, and not in its set
            [0.1, 0.8, 0.1],  # pneumonia, alone
            [0.35, 0.05, 0.6],  # COVID-19, in a set of two that leaves it open
        ]
    )
    found = measure_trust(RULES, RULES, films, np.arange(6), np.log(probabilities))
    assert found.films == 6
    assert found.covered.value == pytest.approx(5 / 6)
    assert found.covered_by_answer["0"].value == pytest.approx(1 / 2)
    assert found.single.value == pytest.approx(4 / 6)
    tiers = found.tiers[BALANCED]
    assert tiers.decided.value == pytest.approx(4 / 6)
    assert tiers.right.value == pytest.approx(3 / 4)
    assert found.single_right.value == pytest.approx(3 / 4)
    assert found.disease_certain.value == pytest.approx(5 / 6)
    assert found.points[BALANCED].sensitivity.value == 1
    assert found.points[BALANCED].specificity.value == pytest.approx(3 / 4)
    assert found.reliability == found.reliability_before, "the rules leave logits as they are"
    assert sum(found.reliability.films) == 6
    json.dumps(found.as_json())


def test_costs_go_to_the_points() -> None:
    films = films_of([Split.TEST] * 6)
    logits = np.log(np.full((6, 3), 1 / 3) + np.eye(3)[films.labels])
    [point] = with_costs(RULES, films, np.arange(6), logits).points
    assert (point.name, point.threshold) == (BALANCED, 0.5)
    assert point.sensitivity is not None and point.sensitivity.value == 1
    assert point.specificity is not None and point.specificity.n == 4


def test_rules_are_fitted_on_validation_and_measured_on_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    films = films_of([Split.VALIDATION] * 90 + [Split.TEST] * 30 + [Split.HELD_OUT] * 12)
    seen = []

    def noted(
        logits: np.ndarray, labels: np.ndarray, sources: np.ndarray, groups: np.ndarray, *more: Any
    ) -> Rules:
        seen.append((logits, labels, sources, groups))
        return fit_rules(logits, labels, sources, groups, *more)

    monkeypatch.setattr(trust, "fit_rules", noted)
    logits = {
        split: 2.0 * np.eye(3)[films.labels[films.part(split)]]
        + np.random.default_rng(i).normal(size=(len(films.part(split)), 3))
        for i, split in enumerate((Split.VALIDATION, Split.TEST, Split.HELD_OUT))
    }
    rules, measured = fit_and_measure(films, logits)
    validation = films.part(Split.VALIDATION)
    [(tuned_on, labels, sources, groups)] = seen
    assert np.array_equal(tuned_on, logits[Split.VALIDATION])
    assert np.array_equal(labels, films.labels[validation])
    assert np.array_equal(sources, films.sources[validation])
    assert np.array_equal(groups, films.groups[validation])
    assert rules.fitted
    assert list(measured) == ["test part", "home", "other", "away"]
    assert measured["test part"].films == 30 and measured["away"].films == 12
    changed = replace(films, labels=np.where(films.splits == "test", 0, films.labels))
    again, _ = fit_and_measure(changed, logits)
    assert again.least == rules.least
