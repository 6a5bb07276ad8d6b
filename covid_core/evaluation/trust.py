"""What the rules are worth on films they were not fitted on: calibration, operating points, sets.

They are fitted on validation by `training.fit_rules`, and measured here on the test part and on
held-out sources.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from covid_core.datasets.split import Split
from covid_core.evaluation.parts import parts_of
from covid_core.evaluation.tier_figures import measure_tiers
from covid_core.findings import CLASSES, Finding
from covid_core.metrics import (
    Estimate,
    reliability,
    sensitivity,
    share,
    specificity,
)
from covid_core.model.decision import COVERAGE, Rules
from covid_core.model.results import TEST, CalibrationBins, Coverage, PointCosts, Trust
from covid_core.training.films import Films
from covid_core.training.fit_rules import fit_rules, least_probabilities


def fit_and_measure(
    films: Films, logits: Mapping[Split, np.ndarray], answers: Sequence[Finding] = CLASSES
) -> tuple[Rules, dict[str, Trust]]:
    """Rules for a network, and what they are worth by part of films, both for its card.

    `films` are labelled by the network's task; `logits`: what it answers to each part of them, as
    `logits_by_split` gives them; `answers`: the network's. Raises DatasetError where validation has
    too few films of a class.
    """
    validation = films.part(Split.VALIDATION)
    labels, tuned_on = films.labels[validation], logits[Split.VALIDATION]
    rules = fit_rules(
        tuned_on, labels, films.sources[validation], films.groups[validation], answers
    )
    pooled = replace(
        rules,
        least=least_probabilities(
            rules.probabilities(tuned_on), labels, coverage=rules.coverage or COVERAGE
        ),
    )
    measured = {}
    for part in parts_of(films):
        indices, found = films.part(part.split)[part.chosen], logits[part.split][part.chosen]
        if part.name == TEST:
            rules = with_costs(rules, films, indices, found)
        worth = measure_trust(rules, pooled, films, indices, found, answers)
        if part.name == TEST:
            points = (replace(one, calls=worth.tiers[one.name].calls) for one in rules.points)
            rules = replace(rules, points=tuple(points))
        measured[part.name] = worth
    return rules, measured


def with_costs(rules: Rules, films: Films, indices: np.ndarray, logits: np.ndarray) -> Rules:
    """The rules, each operating point with what it costs on these films."""
    costs = point_costs(rules, films, indices, logits)
    points = [
        replace(
            point,
            sensitivity=costs[point.name].sensitivity,
            specificity=costs[point.name].specificity,
        )
        for point in rules.points
    ]
    return replace(rules, points=tuple(points))


def point_costs(
    rules: Rules, films: Films, indices: np.ndarray, logits: np.ndarray
) -> dict[str, PointCosts]:
    """Sensitivity and specificity for the disease at each operating point, by its name."""
    disease = logits.shape[1] - 1
    probabilities = rules.probabilities(logits)[:, disease]
    positive, groups = films.labels[indices] == disease, films.groups[indices]
    return {
        point.name: PointCosts(
            sensitivity=sensitivity(positive, probabilities >= point.threshold, groups),
            specificity=specificity(positive, probabilities >= point.threshold, groups),
        )
        for point in rules.points
    }


def measure_trust(
    rules: Rules,
    pooled: Rules,
    films: Films,
    indices: np.ndarray,
    logits: np.ndarray,
    answers: Sequence[Finding] = CLASSES,
) -> Trust:
    """What the rules do on some films.

    `pooled`: the rules whose prediction sets are those of all sources together; `answers`: the
    network's.
    """
    labels = films.labels[indices]
    plain = Rules.plain(logits.shape[1])
    return Trust(
        films=len(labels),
        reliability=_reliability(rules.probabilities(logits), labels),
        reliability_before=_reliability(plain.probabilities(logits), labels),
        points=point_costs(rules, films, indices, logits),
        tiers=measure_tiers(rules, films, indices, rules.probabilities(logits), answers),
        pooled=measure_coverage(pooled, films, indices, logits),
        **dict(measure_coverage(rules, films, indices, logits)),
    )


def measure_coverage(
    rules: Rules, films: Films, indices: np.ndarray, logits: np.ndarray
) -> Coverage:
    """What the prediction sets are worth."""
    labels, groups = films.labels[indices], films.groups[indices]
    sets = rules.prediction_sets(rules.probabilities(logits))
    covered = sets[np.arange(len(labels)), labels]
    single = sets.sum(axis=1) == 1
    certain = sets[:, -1] != sets[:, :-1].any(axis=1)
    everything = np.ones(len(labels), bool)

    def by_answer(of: np.ndarray) -> dict[str, Estimate]:
        return {str(output): share(of, labels == output, groups) for output in np.unique(labels)}

    return Coverage(
        covered=share(covered, everything, groups),
        covered_by_answer=by_answer(covered),
        single=share(single, everything, groups),
        single_right=share(covered, single, groups) if single.any() else None,
        disease_certain=share(certain, everything, groups),
    )


def _reliability(probabilities: np.ndarray, labels: np.ndarray) -> CalibrationBins:
    found = reliability(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels)
    return CalibrationBins(sure=found.sure, right=found.right, films=found.films, error=found.error)
