"""Whether maps point at the opacities that radiologists drew boxes around.

Two figures of a map, over films with one box at least: how often its hottest point lies in a box
(the pointing game: Zhang et al. 2016), and how many times the share of heat in the boxes is their
share of the film's area. A large box is easily hit, and most opacities lie in the lower lungs; so
beside the first stand the boxes' share of the area, which a point at random would reach, and the
best fixed point, the same in every film, which is chosen on one half of the patients and measured
on the other, both ways. And the same map of a network with random weights stands beside it
(Adebayo et al. 2018).

A map lies on the film as the page shows it, by `Saliency`'s own placement and interpolation; films
are measured on a grid of GRID x GRID points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from covid_core.boxes import Boxes, union_mask
from covid_core.metrics import mean
from covid_core.model.results import MapAgreement, RandomMap
from covid_core.model.saliency import Saliency

GRID = 128
AREA, FIXED_POINT, RANDOM = "area", "fixed point", "random weights"


@dataclass(frozen=True, slots=True, eq=False)
class Pointing:
    """What maps of films make of their boxes; an entry a film.

    `peak`: float64 (N,), 1 where the map's hottest point lies in a box, else 0; or a mean over
    several maps of the film. `heat`: the share of heat in the boxes over their share of the area,
    float64 (N,), NaN where a map has no heat at all.
    """

    peak: np.ndarray
    heat: np.ndarray


def point_at_boxes(maps: Sequence[Saliency], boxes: Sequence[Boxes]) -> Pointing:
    """Each film's map against its boxes, of which it has one at least.

    A map without any heat points nowhere, so its peak lies in no box.
    """
    peaks, heats = np.zeros(len(boxes)), np.full(len(boxes), np.nan)
    for i, (saliency, own) in enumerate(zip(maps, boxes, strict=True)):
        heat = saliency.positive(GRID, GRID).astype(np.float64)
        if not heat.any():
            continue
        inside = union_mask(own, GRID, GRID)
        row, column = np.unravel_index(int(heat.argmax()), heat.shape)
        peaks[i] = is_inside(own, int(row), int(column))
        heats[i] = (heat * inside).sum() / heat.sum() / inside.mean()
    return Pointing(peaks, heats)


def is_inside(boxes: Boxes, row: int, column: int) -> bool:
    """Whether the middle of a cell of the GRID lies in any box."""
    x, y = (column + 0.5) / GRID, (row + 0.5) / GRID
    return any(left <= x < right and top <= y < bottom for left, top, right, bottom in boxes)


def point_at_the_best_place(
    boxes: Sequence[Boxes], groups: np.ndarray, *, seed: int = 0
) -> np.ndarray:
    """Whether each film's boxes hold the best fixed point, float64 (N,), 1 or 0.

    For each half of the patients that is the point of the grid that lies in the boxes of most films
    of the other half; NaN where there is but one patient. `groups`: int (N,), the same for films of
    one patient.
    """
    covered = np.stack([union_mask(own, GRID, GRID) >= 0.5 for own in boxes])
    patients = np.unique(groups)
    if len(patients) < 2:
        return np.full(len(boxes), np.nan)
    chosen = np.random.default_rng(seed).permutation(patients)[: len(patients) // 2]
    first = np.isin(groups, chosen)
    hits = np.zeros(len(boxes))
    for half in (first, ~first):
        often = covered[~half].mean(axis=0, dtype=np.float32)
        hits[half] = covered[half].reshape(half.sum(), -1)[:, int(often.argmax())]
    return hits


def measure_agreement(
    boxes: Sequence[Boxes], groups: np.ndarray, pointing: Pointing, random: Pointing
) -> MapAgreement:
    """The figures of one map, as estimates over patients; a lead is film by film.

    `random`: the same map by a network with random weights; NaN for films that it was not shown.
    """
    area = np.array([union_mask(own, GRID, GRID).mean(dtype=np.float64) for own in boxes])
    fixed = point_at_the_best_place(boxes, groups)
    beside = {AREA: area, FIXED_POINT: fixed, RANDOM: random.peak}
    return MapAgreement(
        films=len(boxes),
        area=mean(area, groups),
        fixed_point=mean(fixed, groups),
        peak=mean(pointing.peak, groups),
        heat=mean(pointing.heat, groups),
        random=RandomMap(peak=mean(random.peak, groups), heat=mean(random.heat, groups)),
        lead={other: mean(pointing.peak - values, groups) for other, values in beside.items()},
    )


def average(pointings: Sequence[Pointing]) -> Pointing:
    """The mean of several maps of each film; heat over those that have any."""
    heat = np.stack([one.heat for one in pointings])
    known = np.isfinite(heat)
    with np.errstate(invalid="ignore"):
        heats = np.where(known, heat, 0).sum(axis=0) / known.sum(axis=0)
    return Pointing(np.mean([one.peak for one in pointings], axis=0), heats)
