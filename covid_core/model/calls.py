"""What answers came to on labelled films, and what they are worth at a prevalence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from covid_core.metrics import Estimate, opposite
from covid_core.model.tiers import DECIDED, FLAGGED, Tier
from covid_core.storage.records import Count, Figure, Share

PREVALENCE = 0.1  # of the disease, 0 to 1, where none was given
_Z = 1.959964  # of the normal distribution, for 95%


@dataclass(frozen=True, slots=True)
class TierCount:
    """How many labelled films got an answer: with the disease, and without it."""

    tier: Tier
    diseased: Count
    free: Count


@dataclass(frozen=True, slots=True)
class Calls:
    """What answers in a report's words came to on labelled films, at one operating point.

    `flagged`: of films with the disease, the share called likely or possible; `missed`: of these,
    the share whose answer is decided and names it neither. `false_alarms`, `cleared`: the same two
    shares of films without it. `decided`: of all films, those not undecided. `counts`: all films by
    their answer; none where only the shares are known.
    """

    flagged: Figure
    missed: Share
    false_alarms: Figure
    cleared: Share
    decided: Figure
    # Left out of older profiles, and so when they are written again.
    counts: Annotated[tuple[TierCount, ...], Field(exclude_if=lambda counts: not counts)] = ()

    def values_at(self, prevalence: float) -> PredictiveValues:
        """What an answer is worth at a prevalence, 0 to 1; an undecided one is worth nothing."""
        return values_at(
            prevalence, (self.flagged.value, self.missed), (self.false_alarms.value, self.cleared)
        )

    def disease_given(self, tier: Tier, prevalence: float) -> Estimate | None:
        """The share of films with an answer that have the disease, at a prevalence, 0 to 1.

        Bayes' theorem, of the answer's likelihood ratio and its 95% interval (Simel et al. 1991;
        half a film is added to each count where one is 0). None where no film got this answer, or
        all films are of one kind.
        """
        counted = {count.tier: count for count in self.counts}
        diseased = sum(count.diseased for count in self.counts)
        free = sum(count.free for count in self.counts)
        answered = counted.get(tier)
        if answered is None or not (diseased and free and answered.diseased + answered.free):
            return None
        added = 0.0 if answered.diseased and answered.free else 0.5
        with_it, without = answered.diseased + added, answered.free + added
        all_with_it, all_without = diseased + 2 * added, free + 2 * added
        ratio = math.log(with_it / all_with_it) - math.log(without / all_without)
        variance = 1 / with_it - 1 / all_with_it + 1 / without - 1 / all_without
        reach = _Z * math.sqrt(max(variance, 0.0))
        value, low, high = (_after(prevalence, ratio + by) for by in (0.0, -reach, reach))
        return Estimate(value, low, high, answered.diseased + answered.free)


def _after(prevalence: float, log_ratio: float) -> float:
    """The probability of the disease after an answer of this likelihood ratio, 0 to 1."""
    found = prevalence * math.exp(log_ratio)
    return found / (found + (1 - prevalence))


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
        counts=tuple(TierCount(tier, own[-1], sum(own[:-1])) for tier, own in counts.items()),
    )
