"""The figures at the end of an epoch: loss, accuracy, AUROCs, and whether the map finds boxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from scipy.special import softmax
from torch.nn import functional as F

from covid_core.datasets.split import Split
from covid_core.metrics import auroc
from covid_core.model.networks import Network
from covid_core.model.tasks import Task
from covid_core.prepare.preprocess import Preprocess
from covid_core.training.films import MASK_PX, Films
from covid_core.training.inference import compute_logits, opacity_logits

LOSS, ACCURACY = "validation_loss", "validation_accuracy"
WITHIN, UNSEEN = "within_auroc", "unseen_auroc"
MEASURES = (LOSS, ACCURACY, WITHIN, UNSEEN)  # that a recipe may stop or choose by
PEAK_IN_BOX = "peak_in_box"
_HALF = 127  # of a pixel's 255: it lies in a box
_FEW = 20  # fewer films for or against say too little to choose by

Aurocs = dict[str, dict[str, float]]
"""By source, then by output."""


def measure_epoch(
    network: Network,
    films: Films,
    preprocess: Preprocess,
    task: Task,
    size_px: int,
    *,
    chooses_by: Split = Split.VALIDATION,
) -> dict[str, float]:
    """The figures of a network at a film size, by name, as far as these films can give them.

    Loss, accuracy and AUROCs are of the split `chooses_by`: validation, or what a study took for
    it. `within_auroc`: the mean of the AUROCs within each of its sources that holds more than one
    class, for there the hospital is no clue. `unseen_auroc`: the same within sources held out,
    which a recipe may choose by, but the source is then unseen no more; beside both each of their
    parts, as `unseen_auroc SOURCE OUTPUT`. `peak_in_box`: the share of the films with boxes whose
    opacity map is hottest inside one.
    """
    device = next(network.parameters()).device
    figures: dict[str, float] = {}
    for name, split in ((WITHIN, chooses_by), (UNSEEN, Split.HELD_OUT)):
        indices = films.part(split)
        if not len(indices):
            continue
        logits = compute_logits(
            network, films, indices, preprocess, device=device, size_px=size_px, half=True
        )
        probabilities, labels = softmax(logits, axis=1), films.labels[indices]
        if split is chooses_by:
            figures |= _over_all(labels, probabilities, task)
        by_source = _within_sources(films.sources[indices], labels, probabilities, task)
        figures |= {f"{name} {s} {o}": v for s, own in by_source.items() for o, v in own.items()}
        if by_source:
            means = [np.mean(list(own.values())) for own in by_source.values()]
            figures[name] = float(np.mean(means))
    with_boxes = np.array([bool(boxes) for boxes in films.boxes], bool)
    indices = np.nonzero((films.splits == chooses_by.value) & with_boxes)[0]
    if network.opacity is not None and len(indices):
        cells = compute_logits(
            network,
            films,
            indices,
            preprocess,
            device=device,
            size_px=size_px,
            half=True,
            output=opacity_logits,
        )
        figures[PEAK_IN_BOX] = share_of_peaks_in_boxes(cells, films, indices)
    return figures


def share_of_peaks_in_boxes(cells: np.ndarray, films: Films, indices: np.ndarray) -> float:
    """The share of films whose map, (N, h, w), is hottest inside one of their boxes, 0 to 1.

    `indices`: of these films, each of which has boxes.
    """
    fine = F.interpolate(
        torch.from_numpy(cells).float().unsqueeze(1), MASK_PX, mode="bicubic", align_corners=False
    )
    peaks = fine.flatten(1).argmax(dim=1).numpy()
    masks = films.masks(indices).reshape(len(indices), -1)
    return float((masks[np.arange(len(indices)), peaks] > _HALF).mean())


def goodness(figures: Mapping[str, Any], measure: str) -> float:
    """An epoch's figure for a measure, with its sign such that more is better; NaN for none."""
    value = figure_of(figures, measure)
    return -value if measure == LOSS else value


def figure_of(figures: Mapping[str, Any], measure: str) -> float:
    """An epoch's figure for a measure; NaN for none.

    Without a source held out, what was seen within sources stands for what was not seen.
    """
    if measure == UNSEEN and UNSEEN not in figures:
        measure = WITHIN
    return float(figures.get(measure, float("nan")))


def _over_all(labels: np.ndarray, probabilities: np.ndarray, task: Task) -> dict[str, float]:
    """Loss, accuracy and AUROCs, whatever the source."""
    aurocs = _aurocs(labels, probabilities, task, few=1)
    return {
        LOSS: float(-np.log(probabilities[np.arange(len(labels)), labels] + 1e-12).mean()),
        ACCURACY: float((probabilities.argmax(axis=1) == labels).mean()),
        **{f"validation_auroc_{output}": value for output, value in aurocs.items()},
    }


def _within_sources(
    sources: np.ndarray, labels: np.ndarray, probabilities: np.ndarray, task: Task
) -> Aurocs:
    """AUROCs of the sources that hold enough films for and against."""
    by_source = {}
    for source in sorted(set(sources)):
        own = sources == source
        aurocs = _aurocs(labels[own], probabilities[own], task, few=_FEW)
        if aurocs:
            by_source[str(source)] = aurocs
    return by_source


def _aurocs(
    labels: np.ndarray, probabilities: np.ndarray, task: Task, *, few: int
) -> dict[str, float]:
    """The AUROC of each output that has at least `few` films for it and against it."""
    aurocs: dict[str, float] = {}
    for i, output in enumerate(task.outputs):
        positive = labels == i
        if min(positive.sum(), (~positive).sum()) >= few:
            aurocs[output] = auroc(positive, probabilities[:, i])
    return aurocs
