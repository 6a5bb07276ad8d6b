"""Which films each step sees: drawn with weights, or each film once an epoch in a new order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from covid_core.training.recipe import CELLS, EACH_ONCE, Balance

MOST_OFTEN = 5.0  # how many times more often than on average a film of its class is drawn
WITHOUT_CLASS = 0.1  # of the draws go to films that teach by appearance or boxes alone
UNKNOWN_SHARE = 0.1  # of the draws go to films of which nothing is known, for a teacher to answer


def film_weights(
    labels: np.ndarray, sources: np.ndarray, balance: Balance, known: np.ndarray | None = None
) -> np.ndarray:
    """The probability that each film is drawn, float64 (N,), summing to 1.

    A label of -1 is no class. `known`: bool (N,), whether anything is known of a film; None where
    it is of all. `class`: every class is drawn equally often. `class and source`:
    besides, within a class a source counts by the square root of its size, so that the few adults
    with pneumonia weigh more against the many children, and a class is less the same as a source.
    `class and sources alike`: within a class every source counts the same, however few its films.
    `cells`: the same, but no film is drawn more than MOST_OFTEN times as often as its class's films
    are on average, so that a source of few films is not learnt by heart; what that frees goes to
    the larger sources.
    """
    if balance == CELLS:
        return _cell_weights(
            labels, sources, np.ones(len(labels), bool) if known is None else known
        )
    if balance in ("none", EACH_ONCE):
        return np.full(len(labels), 1 / len(labels))
    power = {"class and source": 0.5, "class and sources alike": 1.0}.get(balance, 0.0)
    weights = np.zeros(len(labels))
    for label in np.unique(labels):
        of_class = labels == label
        for source in np.unique(sources[of_class]):
            members = of_class & (sources == source)
            weights[members] = 1 / members.sum() ** power
        weights[of_class] /= weights[of_class].sum()
    return weights / weights.sum()


def draw_batches(
    indices: np.ndarray, weights: np.ndarray, steps: int, batch_size: int, seed: int, start: int
) -> Iterator[np.ndarray]:
    """The films of each step from `start` on, drawn by the seed and the step's number alone."""
    for step in range(start, steps):
        drawing = np.random.default_rng((seed, step))
        yield np.sort(drawing.choice(indices, batch_size, p=weights))


def shuffle_batches(
    indices: np.ndarray, steps: int, batch_size: int, seed: int, start: int
) -> Iterator[np.ndarray]:
    """The films of each step from `start` on, every film once an epoch.

    An epoch's last step takes what is left.
    """
    per_epoch = steps_per_epoch(len(indices), batch_size)
    for step in range(start, steps):
        epoch, number = divmod(step, per_epoch)
        order = np.random.default_rng((seed, epoch)).permutation(indices)
        yield np.sort(order[number * batch_size : (number + 1) * batch_size])


def steps_per_epoch(films: int, batch_size: int) -> int:
    """The number of steps that see every film once."""
    return max(1, -(-films // batch_size))


def _cell_weights(labels: np.ndarray, sources: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The weights of `cells`: a cell is the films of one class from one source."""
    weights = np.zeros(len(labels))
    for label in np.unique(labels):
        of_class = labels == label
        _, cell, counts = np.unique(sources[of_class], return_inverse=True, return_counts=True)
        weights[of_class] = _capped_weights(counts, MOST_OFTEN / of_class.sum())[cell]
    classed = labels >= 0
    shares = [(WITHOUT_CLASS, ~classed & known), (UNKNOWN_SHARE, ~classed & ~known)]
    shares = [(share, some) for share, some in shares if some.any()]
    if classed.any():
        for share, some in [*shares, (1 - sum(share for share, _ in shares), classed)]:
            weights[some] *= share / weights[some].sum()
    return weights / weights.sum()


def _capped_weights(counts: np.ndarray, most: float) -> np.ndarray:
    """The weight of a film of each cell, float64 (cells,), none above `most`.

    The cells share 1 evenly as far as that allows. `counts`: films of each cell.
    """
    level = 1 / len(counts)  # of a cell that is not at its limit
    for _ in counts:
        full = counts * most < level
        free = 1 - (counts[full] * most).sum()
        level = free / max(1, (~full).sum())
    return np.minimum(level / counts, most)
