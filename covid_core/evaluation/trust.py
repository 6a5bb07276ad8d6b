"""What the rules are worth on films they were not fitted on: calibration, operating points, sets.

fit on validation (`training.fit_rules`), measured here on the test part and on held-out sources
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from covid_core.datasets.split import Split
from covid_core.evaluation.targets import TEST
from covid_core.metrics import (
    Estimate,
    estimate,
    proportion,
    reliability,
    sensitivity,
    specificity,
)
from covid_core.model.decision import BALANCED, Rules
from covid_core.training.films import Films
from covid_core.training.fit_rules import fit_rules, least_probabilities


def fit_and_measure(
    films: Films, logits: Mapping[Split, np.ndarray]
) -> tuple[Rules, dict[str, Any]]:
    """Rules for a network, and what they are worth, both for its card.

    `films` are labelled by the network's task; `logits`: what it answers to each part of them, as
    `logits_by_split` gives them. Raises DatasetError where validation has too few films of a class.
    """
    validation = films.part(Split.VALIDATION)
    labels, tuned_on = films.labels[validation], logits[Split.VALIDATION]
    rules = fit_rules(tuned_on, labels, films.sources[validation], films.groups[validation])
    pooled = replace(rules, least=least_probabilities(rules.probabilities(tuned_on), labels))
    measured = {}
    for name, split, chosen in _parts(films):
        indices, found = films.part(split)[chosen], logits[split][chosen]
        if name == TEST:
            rules = with_costs(rules, films, indices, found)
        measured[name] = worth(rules, films, indices, found) | {
            "pooled": coverage(pooled, films, indices, found)
        }
    return rules, measured


def with_costs(rules: Rules, films: Films, indices: np.ndarray, logits: np.ndarray) -> Rules:
    """The rules, each operating point with what it costs on these films."""
    costs = point_costs(rules, films, indices, logits)
    points = [replace(point, **costs[point.name]) for point in rules.points]  # type: ignore[arg-type]
    return replace(rules, points=tuple(points))


def point_costs(
    rules: Rules, films: Films, indices: np.ndarray, logits: np.ndarray
) -> dict[str, dict[str, Estimate]]:
    """Sensitivity and specificity for the disease at each operating point, by its name."""
    disease = logits.shape[1] - 1
    probabilities = rules.probabilities(logits)[:, disease]
    positive, groups = films.labels[indices] == disease, films.groups[indices]
    return {
        point.name: {
            "sensitivity": sensitivity(positive, probabilities >= point.threshold, groups),
            "specificity": specificity(positive, probabilities >= point.threshold, groups),
        }
        for point in rules.points
    }


def worth(rules: Rules, films: Films, indices: np.ndarray, logits: np.ndarray) -> dict[str, Any]:
    """What the rules do on some films, for the card.

    `reliability`, `reliability_before`: of the called answer, with the rules and without (bins,
    and the expected calibration error). `points`: what each operating point costs. And `coverage`.
    """
    labels = films.labels[indices]
    plain = Rules.plain(logits.shape[1])
    return {
        "films": len(labels),
        "reliability": _reliability(rules.probabilities(logits), labels),
        "reliability_before": _reliability(plain.probabilities(logits), labels),
        "points": {
            name: {figure: asdict(value) for figure, value in costs.items()}
            for name, costs in point_costs(rules, films, indices, logits).items()
        },
        **coverage(rules, films, indices, logits),
    }


def coverage(rules: Rules, films: Films, indices: np.ndarray, logits: np.ndarray) -> dict[str, Any]:
    """What the prediction sets are worth, each an estimate.

    `covered`: how often they hold the right answer, over all films, and `covered_by_answer`.
    `told`: how often they hold one answer only, and `told_right`: how often that is the right one.
    `disease_told`: how often they leave no doubt whether it is the disease. `decided`: how often
    the balanced point and the set agree on one answer, so that it is given, `decided_right` how
    often that is the right one, and `decided_by_answer` how often each answer's films get it.
    """
    labels, groups = films.labels[indices], films.groups[indices]
    sets = rules.prediction_sets(rules.probabilities(logits))
    covered = sets[np.arange(len(labels)), labels]
    told = sets.sum(axis=1) == 1
    calls = decided_outputs(rules, rules.probabilities(logits))
    decided, right = calls >= 0, calls == labels
    disease_told = sets[:, -1] != sets[:, :-1].any(axis=1)
    everything = np.ones(len(labels), bool)

    def share(of: np.ndarray, among: np.ndarray) -> dict[str, float]:
        return asdict(estimate(lambda w: proportion(of, among, w), groups, int(among.sum())))

    return {
        "covered": share(covered, everything),
        "covered_by_answer": {
            str(output): share(covered, labels == output) for output in np.unique(labels)
        },
        "told": share(told, everything),
        "told_right": share(covered, told) if told.any() else None,
        "disease_told": share(disease_told, everything),
        "decided": share(decided, everything),
        "decided_right": share(right, decided) if decided.any() else None,
        "decided_by_answer": {
            str(output): share(right, labels == output) for output in np.unique(labels)
        },
    }


def decided_outputs(rules: Rules, probabilities: np.ndarray) -> np.ndarray:
    """What `decide` calls each film at the balanced point, int (N,), an output each; -1 where it
    can't tell.

    `probabilities`: calibrated, (N, outputs).
    """
    disease = probabilities.shape[1] - 1
    positive = probabilities[:, disease] >= rules.point(BALANCED).threshold
    called = np.where(positive, disease, probabilities[:, :disease].argmax(axis=1))
    sets = rules.prediction_sets(probabilities)
    alone = (sets.sum(axis=1) == 1) & sets[np.arange(len(sets)), called]
    return np.where(alone, called, -1)


def _reliability(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    found = reliability(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels)
    return {**asdict(found), "error": found.error}


def _parts(films: Films) -> list[tuple[str, Split, np.ndarray]]:
    """The test part, each of its sources, and each source held out: which of the split's films."""
    test = np.ones(len(films.part(Split.TEST)), bool)
    parts = [(TEST, Split.TEST, test)]
    for split in (Split.TEST, Split.HELD_OUT):
        sources = films.sources[films.part(split)]
        parts += [(str(source), split, sources == source) for source in sorted(set(sources))]
    return parts
