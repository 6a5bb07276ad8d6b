"""What the answers in a report's words are worth on some films: the figures of the rule in use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from covid_core.findings import Finding
from covid_core.metrics import Estimate, sensitivity, share, specificity
from covid_core.model.decision import Rules, judge_tiers, tiers_at
from covid_core.model.results import TierFigures
from covid_core.model.tiers import FLAGGED, NOT_SUSPECTED, Tier
from covid_core.training.films import Films


def measure_tiers(
    rules: Rules,
    films: Films,
    indices: np.ndarray,
    probabilities: np.ndarray,
    answers: Sequence[Finding],
) -> dict[str, TierFigures]:
    """The figures of each operating point, by its name, on the films at `indices`.

    `probabilities`: calibrated, (len(indices), outputs), in the order of `answers`. The gate is not
    run: every film counts.
    """
    return {
        point.name: _figures(
            tiers_at(point, rules, probabilities, answers),
            films.labels[indices],
            films.groups[indices],
            answers,
        )
        for point in rules.points
    }


def _figures(
    tiers: list[Tier], labels: np.ndarray, groups: np.ndarray, answers: Sequence[Finding]
) -> TierFigures:
    found = np.array([list(Tier).index(tier) for tier in tiers], int)

    def among(some: Sequence[Tier]) -> np.ndarray:
        return np.isin(found, [list(Tier).index(tier) for tier in some])

    decided, right = judge_tiers(tiers, labels, answers)
    flagged = among(FLAGGED)
    disease = labels == len(answers) - 1
    normal = labels == (answers.index(Finding.NORMAL) if Finding.NORMAL in answers else -1)
    everything = np.ones(len(labels), bool)

    def share_if_any(of: np.ndarray, among: np.ndarray) -> Estimate | None:
        return share(of, among, groups) if among.any() else None

    return TierFigures(
        counts={
            tier: tuple(np.bincount(labels[among([tier])], minlength=len(answers)).tolist())
            for tier in dict.fromkeys(sorted(tiers, key=list(Tier).index))
        },
        decided=share_if_any(decided, everything),
        right=share_if_any(right, decided),
        normal_seen=share_if_any(among(NOT_SUSPECTED), normal),
        sensitivity=sensitivity(disease, flagged, groups) if disease.any() else None,
        specificity=specificity(disease, flagged, groups) if (~disease).any() else None,
        without_disease=int((~disease).sum()),
        flagged_without=int((flagged & ~disease).sum()),
    )
