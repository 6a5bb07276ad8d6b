"""The rules that turn a network's logits into calls, fitted on validation films.

They are the calibration (`fit_calibration`), operating points for the disease, and the thresholds
of the prediction sets. None of it changes the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from covid_core.errors import DatasetError
from covid_core.findings import CLASSES, Finding
from covid_core.local_validation.prediction_sets import (
    FEW,
    conformal_quantile,
    films_needed,
    shrink_quantile,
)
from covid_core.model.decision import (
    BALANCED,
    COVERAGE,
    RULE_IN,
    RULE_OUT,
    OperatingPoint,
    Rules,
    judge_tiers,
    tiers_at,
)
from covid_core.training.fit_calibration import fit_calibration

LEAST_SENSITIVITY = 0.98  # at rule-out
LEAST_SPECIFICITY = 0.98  # at rule-in
RIGHT = 0.95  # of what is decided at the balanced point, on validation
COVERAGES = tuple(np.linspace(0.8, 0.97, 18).round(2).tolist())  # fixed beforehand


def fit_rules(
    logits: np.ndarray,
    labels: np.ndarray,
    sources: np.ndarray,
    groups: np.ndarray | None = None,
    answers: Sequence[Finding] = CLASSES,
) -> Rules:
    """Rules fitted on validation films. Raises DatasetError where an output has too few of them.

    `logits`: float (N, outputs); `labels`: int (N,), an output each; `sources`: text (N,);
    `groups`: int (N,), the same for films of one patient; None where each film is its own;
    `answers`: the network's, an output each.
    """
    fewest = np.bincount(labels, minlength=logits.shape[1]).min()
    if fewest < FEW:
        raise DatasetError(
            f"a class has only {fewest} validation radiographs, too few to fit thresholds on",
            f"Give at least {FEW} radiographs of each class to validation",
        )
    weights, bias = fit_calibration(logits, labels, sources, groups)
    calibrated = Rules(weights, bias, (), (0.0,) * len(bias))
    probabilities = calibrated.probabilities(logits)
    disease = logits.shape[1] - 1
    points = operating_points(labels == disease, probabilities[:, disease], sources)
    unset = Rules(weights, bias, points, (0.0,) * len(bias), COVERAGE)
    return with_sets(unset, probabilities, labels, sources, answers)


def with_sets(
    rules: Rules,
    probabilities: np.ndarray,
    labels: np.ndarray,
    sources: np.ndarray,
    answers: Sequence[Finding] = CLASSES,
) -> Rules:
    """The rules with the prediction sets that decide most, and rightly enough.

    Of the fixed grid COVERAGES the one at which most validation films are decided at the balanced
    point while RIGHT of these are right; COVERAGE where none is. A lower coverage decides more of a
    network that errs seldom, and a higher one keeps a network that errs often from deciding
    (selective classification at a given risk: Geifman and El-Yaniv 2017, by the conformal sets).
    """
    rarest = int(np.bincount(labels, minlength=probabilities.shape[1]).min())
    tried = [
        replace(
            rules,
            least=least_probabilities(probabilities, labels, sources, coverage),
            coverage=coverage,
        )
        for coverage in COVERAGES
        if films_needed(coverage) <= rarest
    ]
    shares = [_decided(one, probabilities, labels, answers) for one in tried]
    enough = [i for i, (_, right) in enumerate(shares) if right >= RIGHT]
    if not enough:
        return next(one for one in tried if one.coverage == COVERAGE)
    return tried[max(enough, key=lambda i: (shares[i][0], i))]


def _decided(
    rules: Rules, probabilities: np.ndarray, labels: np.ndarray, answers: Sequence[Finding]
) -> tuple[float, float]:
    """The share of films that is decided at the balanced point, and the share right of these."""
    tiers = tiers_at(rules.point(BALANCED), rules, probabilities, answers)
    decided, right = judge_tiers(tiers, labels, answers)
    return float(decided.mean()), float(np.sum(right) / max(decided.sum(), 1))


def operating_points(
    positive: np.ndarray, probabilities: np.ndarray, sources: np.ndarray | None = None
) -> tuple[OperatingPoint, ...]:
    """The operating points rule-out, balanced and rule-in for the disease.

    `positive`: bool (N,); `probabilities`: of the disease, (N,); `sources`: text (N,). Rule-out is
    the highest threshold whose sensitivity is enough, rule-in the lowest whose specificity is,
    balanced that of the greatest sum of both (Youden 1950). Each lies midway between two films'
    probabilities, so that no film sits on it.

    Both rates are means over the sources that have films of both kinds (`mixed_sources`): over all
    films together most negatives come from hospitals without the disease, where a low threshold
    costs nothing, and within a hospital it calls most negatives positive. Where no source has both
    kinds, the rates are those of all films.
    """
    parts = mixed_sources(positive, sources) or [np.ones(len(positive), bool)]
    seen = probabilities[np.any(parts, axis=0)]
    thresholds = np.concatenate([np.unique(np.append(seen, 1.0))[::-1], [0.0]])
    rates = [
        (
            _share_reaching(probabilities[part & positive], thresholds),
            1 - _share_reaching(probabilities[part & ~positive], thresholds),
        )
        for part in parts
    ]
    sensitivities, specificities = np.mean(rates, axis=0)
    chosen = {
        RULE_OUT: int(np.argmax(sensitivities >= LEAST_SENSITIVITY)),
        BALANCED: int(np.argmax(sensitivities + specificities)),
        RULE_IN: int(np.nonzero(specificities >= LEAST_SPECIFICITY)[0][-1]),
    }
    return tuple(
        OperatingPoint(name, float(thresholds[i : i + 2].mean())) for name, i in chosen.items()
    )


def mixed_sources(positive: np.ndarray, sources: np.ndarray | None) -> list[np.ndarray]:
    """Which films each source has that has FEW or more with the disease and without: bool (N,)."""
    parts = [] if sources is None else [sources == source for source in np.unique(sources)]
    return [part for part in parts if min((part & positive).sum(), (part & ~positive).sum()) >= FEW]


def _share_reaching(probabilities: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """The share of films whose probability is at least each threshold."""
    below = np.searchsorted(np.sort(probabilities), thresholds, side="left")
    return 1 - below / len(probabilities)


def least_probabilities(
    probabilities: np.ndarray,
    labels: np.ndarray,
    sources: np.ndarray | None = None,
    coverage: float = COVERAGE,
) -> tuple[float, ...]:
    """The least probability of each output at which it belongs to the prediction set.

    Split conformal prediction within each class (Vovk 2012), score 1 - probability (Sadinle et al.
    2019), so that a rare class is covered like a frequent one. With `sources`, within each source
    of each class too, shrunk towards the class's pooled quantile by `shrink_quantile`, and the
    lowest counts: the next hospital will be more like the hardest of those known than like their
    mean.
    """
    least = []
    for output in range(probabilities.shape[1]):
        own = labels == output
        pooled = conformal_quantile(probabilities[own], output, coverage)
        parts = [] if sources is None else [own & (sources == s) for s in np.unique(sources[own])]
        shrunk = [
            shrink_quantile(
                conformal_quantile(probabilities[part], output, coverage), pooled, int(part.sum())
            )
            for part in parts
            if part.sum() >= films_needed(coverage)
        ]
        least.append(min([pooled, *shrunk]))
    return tuple(least)
