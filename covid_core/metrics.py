"""Labels and scores to figures with 95% intervals. Patients are resampled, not films."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
BINS = 15  # of a reliability diagram


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, its 95% interval, and the number of films behind it."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


NO_ESTIMATE = Estimate(math.nan, math.nan, math.nan, 0)  # of what was not measured


def opposite(share: Estimate) -> Estimate:
    """What a share, 0 to 1, leaves of 1."""
    return Estimate(1 - share.value, 1 - share.high, 1 - share.low, share.n)


def format_estimate(estimate: Estimate) -> str:
    """An estimate as it prints itself; a dash where there is none, for want of films."""
    return "–" if math.isnan(estimate.value) else str(estimate)


def is_at_most(estimate: Estimate, limit: float) -> bool | None:
    """Whether a figure is at most `limit` by its whole interval.

    None where the interval holds the limit, or is not known, so that the films at hand decide
    nothing.
    """
    if estimate.high <= limit:
        return True
    return False if estimate.low > limit else None


def auroc(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Area under the receiver operating characteristic. Both classes must be present."""
    from sklearn.metrics import roc_auc_score  # seconds, and cards with estimates need none of it

    return float(roc_auc_score(positive, scores, sample_weight=weights))


def auroc_by_weights(positive: np.ndarray, scores: np.ndarray) -> Callable[[np.ndarray], float]:
    """A function of films' weights, float (films,), that gives their `auroc`.

    NaN where the weights leave a class out. The films are sorted once, for all the draws of a
    bootstrap. `positive`: bool (films,);
    `scores`: float (films,). Raises ValueError for a score that is NaN.
    """
    return auroc_within_by_weights(positive, scores, np.zeros(len(scores), np.intp))


def auroc_within_by_weights(
    positive: np.ndarray, scores: np.ndarray, strata: np.ndarray
) -> Callable[[np.ndarray], float]:
    """A function of films' weights, float (films,), that gives their AUROC by pairs of one stratum.

    That is the share of pairs, one positive film and one negative of the same stratum, in which the
    positive film scores higher; a tie counts half. Pairs of all strata are pooled, so a stratum
    counts by its pairs. Where a class is commoner in one stratum, as COVID-19 in AP views, `auroc`
    also rewards a score that separates the strata; this does not. `strata`: a name or number for
    each film. NaN where no stratum holds both classes. Raises ValueError for a score that is NaN.
    """
    if np.isnan(scores).any():
        raise ValueError("a score is NaN")
    members = np.unique(strata, return_inverse=True)[1]
    sorted_strata = []
    for i in range(int(members.max(initial=-1)) + 1):
        own = np.nonzero(members == i)[0]
        levels, ranks = np.unique(scores[own], return_inverse=True)
        sorted_strata.append((own, positive[own], ranks, len(levels)))

    def statistic(weights: np.ndarray) -> float:
        won = pairs = 0.0
        for own, ill, ranks, levels in sorted_strata:
            positives = np.bincount(ranks, weights[own] * ill, levels)
            negatives = np.bincount(ranks, weights[own] * ~ill, levels)
            below = negatives.cumsum() - negatives / 2  # a tie is half won
            won += (positives * below).sum()
            pairs += positives.sum() * negatives.sum()
        with np.errstate(invalid="ignore"):
            return float(np.divide(won, pairs))

    return statistic


def proportion(of: np.ndarray, among: np.ndarray, weights: np.ndarray | None = None) -> float:
    """The share of the films `among` (bool) that are also `of` (bool); NaN among none."""
    counted = np.ones(len(of)) if weights is None else weights
    with np.errstate(invalid="ignore"):
        return float(np.divide((counted * (of & among)).sum(), (counted * among).sum()))


def estimate(
    statistic: Callable[[np.ndarray], float], groups: np.ndarray, n: int, *, seed: int = 0
) -> Estimate:
    """A statistic of weighted films with its percentile bootstrap interval over groups.

    `statistic`: weights, float (films,), to the figure. `groups`: the patient, or set of same
    pictures, of each film; whole groups are drawn with replacement (Field and Welsh 2007), since
    films of one patient are no independent evidence. A draw that lacks a class is drawn again.
    """
    members = np.unique(groups, return_inverse=True)[1]
    count = int(members.max()) + 1
    drawing = np.random.default_rng(seed)
    values: list[float] = []
    for _ in range(2 * RESAMPLES):  # a rare class may be missing from half the draws, not more
        times = np.bincount(drawing.integers(0, count, count), minlength=count)
        value = statistic(times[members].astype(float))
        if np.isfinite(value):
            values.append(value)
        if len(values) == RESAMPLES:
            break
    low, high = np.percentile(values, (2.5, 97.5)) if values else (np.nan, np.nan)
    return Estimate(statistic(np.ones(len(groups))), float(low), float(high), n)


def mean(values: np.ndarray, groups: np.ndarray) -> Estimate:
    """The mean of the films' values, float or bool (films,), with its interval.

    Films whose value is NaN are left out; among none it is NaN.
    """
    known = np.isfinite(values)
    if not known.any():
        return NO_ESTIMATE
    kept = values[known].astype(float)
    return estimate(
        lambda weights: float(np.average(kept, weights=weights)), groups[known], len(kept)
    )


def share(of: np.ndarray, among: np.ndarray, groups: np.ndarray) -> Estimate:
    """The share of the films `among`, bool (N,), that are in `of`, bool (N,)."""
    return estimate(lambda w: proportion(of, among, w), groups, int(among.sum()))


def sensitivity(positive: np.ndarray, called: np.ndarray, groups: np.ndarray) -> Estimate:
    """The share of positive films that are called so."""
    return share(called, positive, groups)


def specificity(positive: np.ndarray, called: np.ndarray, groups: np.ndarray) -> Estimate:
    """The share of negative films that are not called positive."""
    return share(~called, ~positive, groups)


def precision(positive: np.ndarray, called: np.ndarray, groups: np.ndarray) -> Estimate:
    """The share of films called positive that are so: the positive predictive value."""
    return share(positive, called, groups)


def f1(positive: np.ndarray, called: np.ndarray, groups: np.ndarray) -> Estimate:
    """The harmonic mean of precision and sensitivity (recall)."""

    def statistic(weights: np.ndarray) -> float:
        hits = (weights * (positive & called)).sum()
        with np.errstate(invalid="ignore"):
            return float(np.divide(2 * hits, (weights * (positive.astype(int) + called)).sum()))

    return estimate(statistic, groups, len(positive))


def auroc_estimate(positive: np.ndarray, scores: np.ndarray, groups: np.ndarray) -> Estimate:
    """The `auroc` with its interval."""
    return estimate(auroc_by_weights(positive, scores), groups, len(positive))


def auroc_within_estimate(
    positive: np.ndarray, scores: np.ndarray, strata: np.ndarray, groups: np.ndarray
) -> Estimate:
    """The AUROC by pairs of one stratum, with its interval, of strata that hold both classes."""
    paired = np.isin(strata, strata[positive]) & np.isin(strata, strata[~positive])
    if not paired.any():
        return NO_ESTIMATE
    statistic = auroc_within_by_weights(positive[paired], scores[paired], strata[paired])
    return estimate(statistic, groups[paired], int(paired.sum()))


@dataclass(frozen=True, slots=True)
class Reliability:
    """Films sorted by how sure the network was of its call, in bins of equal width.

    Only bins that hold films. `sure`: mean confidence; `right`: share called right; `films`: how
    many.
    """

    sure: tuple[float, ...]
    right: tuple[float, ...]
    films: tuple[int, ...]

    @property
    def error(self) -> float:
        """Expected calibration error: how far `sure` is from `right`, films counting alike."""
        gaps = np.abs(np.array(self.sure) - np.array(self.right))
        return float(np.average(gaps, weights=self.films))


def reliability(confidence: np.ndarray, right: np.ndarray) -> Reliability:
    """How often films of each of 15 levels of confidence were called right (Guo et al. 2017).

    `confidence`: the called answer's probability, float (N,) 0 to 1; `right`: bool (N,).
    """
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    held = [bins == i for i in np.unique(bins)]
    return Reliability(
        tuple(float(confidence[one].mean()) for one in held),
        tuple(float(right[one].mean()) for one in held),
        tuple(int(one.sum()) for one in held),
    )


def confusion(labels: np.ndarray, calls: np.ndarray, classes: int) -> np.ndarray:
    """Counts, int (classes, classes): row the reference label, column the call."""
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (labels, calls), 1)
    return table


def cohen_kappa(counts: np.ndarray) -> float:
    """Cohen's kappa of a `confusion` table: agreement beyond chance, 1 at best, 0 for chance.

    NaN where chance alone would always agree. Each cell of the table stands for its films.
    """
    from sklearn.metrics import cohen_kappa_score  # slow to import, as for `auroc`

    labels, calls = np.nonzero(counts)
    if len(set(labels) | set(calls)) == 1:
        return float("nan")
    return float(cohen_kappa_score(labels, calls, sample_weight=counts[labels, calls]))


def average_precision_by_weights(
    positive: np.ndarray, scores: np.ndarray
) -> Callable[[np.ndarray], float]:
    """A function of films' weights, float (films,), that gives their average precision.

    That is the precision at each score, weighted by the share of positive films that it adds (as
    scikit-learn's). NaN where no film is positive. The films are sorted once. Raises ValueError for
    a score that is NaN.
    """
    if np.isnan(scores).any():
        raise ValueError("a score is NaN")
    levels, ranks = np.unique(-scores, return_inverse=True)

    def statistic(weights: np.ndarray) -> float:
        hits = np.bincount(ranks, weights * positive, len(levels))
        called = np.bincount(ranks, weights, len(levels)).cumsum()
        precision = hits.cumsum() / np.maximum(called, np.finfo(float).tiny)
        with np.errstate(invalid="ignore"):
            return float(np.divide((hits * precision).sum(), hits.sum()))

    return statistic
