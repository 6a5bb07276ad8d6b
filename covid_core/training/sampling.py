"""Which films a step sees: drawn with replacement, the rare as often as the recipe says; or each
once an epoch, in a new order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from covid_core.training.recipe import EACH_ONCE, Balance


def balance(labels: np.ndarray, sources: np.ndarray, by: Balance) -> np.ndarray:
    """How often each film is drawn.

    `class`: classes alike. `class and source`: besides, within a class a source counts by the
    square root of its size, so that the few adults with pneumonia weigh more against the many
    children, and a class is less the same as a source. `class and sources alike`: within a class
    every source counts the same, however few its films.
    """
    power = {"class and source": 0.5, "class and sources alike": 1.0}.get(by, 0.0)
    alike = by in ("none", EACH_ONCE)
    weights = np.ones(len(labels)) if alike else np.zeros(len(labels))
    for label in () if alike else np.unique(labels):
        of_class = labels == label
        for source in np.unique(sources[of_class]):
            members = of_class & (sources == source)
            weights[members] = 1 / members.sum() ** power
        weights[of_class] /= weights[of_class].sum()
    return weights / weights.sum()


def draws(
    indices: np.ndarray, weights: np.ndarray, steps: int, batch_size: int, seed: int, start: int
) -> Iterator[np.ndarray]:
    """The films of each step from `start` on, the same whenever the step is drawn."""
    for step in range(start, steps):
        drawing = np.random.default_rng((seed, step))
        yield np.sort(drawing.choice(indices, batch_size, p=weights))


def rounds(
    indices: np.ndarray, steps: int, batch_size: int, seed: int, start: int
) -> Iterator[np.ndarray]:
    """The films of each step from `start` on, each film once in as many steps as hold them all; an
    epoch's last step takes what is left."""
    per_epoch = steps_of(len(indices), batch_size)
    for step in range(start, steps):
        epoch, number = divmod(step, per_epoch)
        order = np.random.default_rng((seed, epoch)).permutation(indices)
        yield np.sort(order[number * batch_size : (number + 1) * batch_size])


def steps_of(films: int, batch_size: int) -> int:
    """How many steps see every film once."""
    return max(1, -(-films // batch_size))
