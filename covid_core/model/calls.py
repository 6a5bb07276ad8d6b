"""What answers came to on labelled films, and what they are worth at a prevalence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from covid_core.metrics import Estimate, opposite
from covid_core.model.tiers import DECIDED, FLAGGED, Tier
from covid_core.storage.records import Figure, Share

PREVALENCE = 0.1  # of the disease, 0 to 1, where none was given


@dataclass(frozen=True, slots=True)
class Calls:
    """What answers in a report's words came to on labelled films, at one operating point.

    `flagged`: of films with the disease, the share called likely or possible; `missed`: of these,
    the share whose answer is decided and names it neither. `false_alarms`, `cleared`: the same two
    shares of films without it. `decided`: of all films, those not undecided.
    """

    flagged: Figure
    missed: Share
    false_alarms: Figure
    cleared: Share
    decided: Figure

    def values_at(self, prevalence: float) -> PredictiveValues:
        """What an answer is worth at a prevalence, 0 to 1; an undecided one is worth nothing."""
        return values_at(
            prevalence, (self.flagged.value, self.missed), (self.false_alarms.value, self.cleared)
        )


@dataclass(frozen=True, slots=True)
class PredictiveValues:
    """The shares of films that are called rightly, at a prevalence, 0 to 1; NaN of no films.

    `positive`: of those called the disease; `negative`: of those called free of it.
    """

    positive: float
    negative: float


def values_at(
    prevalence: float, with_it: tuple[float, float], without: tuple[float, float]
) -> PredictiveValues:
    """Bayes' theorem, of the shares called the disease and called free of it, with it and without.

    `prevalence`: 0 to 1.
    """
    found, missed = (prevalence * share for share in with_it)
    alarmed, cleared = ((1 - prevalence) * share for share in without)
    return PredictiveValues(
        found / (found + alarmed) if found + alarmed else math.nan,
        cleared / (cleared + missed) if cleared + missed else math.nan,
    )


def calls_of(
    counts: Mapping[Tier, Sequence[int]], flagged: Estimate, spared: Estimate, decided: Estimate
) -> Calls:
    """The calls that films came to, by tier and class, the disease last.

    `flagged`: the share of films with the disease that were called likely or possible; `spared`: of
    films without it, those that were not.
    """
    every = np.sum(list(counts.values()), axis=0)
    free = [counts[tier] for tier in counts if tier in DECIDED and tier not in FLAGGED]
    freed = np.sum([*free, np.zeros_like(every)], axis=0)
    return Calls(
        flagged=flagged,
        missed=float(freed[-1] / every[-1]),
        false_alarms=opposite(spared),
        cleared=float(freed[:-1].sum() / every[:-1].sum()),
        decided=decided,
    )
