"""The figures of the model card, from the locked test part and the held-out sources."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from covid_core.datasets.split import Split
from covid_core.evaluation.baseline_features import read_features
from covid_core.evaluation.baselines import measure_baselines, score_baselines
from covid_core.metrics import (
    auroc_estimate,
    confusion,
    f1,
    mean,
    precision,
    sensitivity,
    specificity,
)
from covid_core.model.decision import CALIBRATED, SOFTMAX, Probabilities, Rules, softmax
from covid_core.model.networks import Network
from covid_core.model.results import ClassFigures, Results, Summary
from covid_core.model.saliency import LEAST_SCALE
from covid_core.model.tasks import THREE_CLASSES, Task
from covid_core.prepare.preprocess import Preprocess
from covid_core.training.films import Films
from covid_core.training.inference import compute_logits, probabilities_by_split

_BATCH = 64
_TYPICAL = 1000  # films; more show a typical map no better
_FEW = 5  # fewer films of a class than this say nothing about it


def evaluate(
    films: Films,
    logits: Mapping[Split, np.ndarray],
    *,
    task: Task = THREE_CLASSES,
    rules: Rules | None = None,
    cache: Path | None = None,
    workers: int = 1,
) -> Results:
    """Results for the card, of a network's logits of each part as `logits_by_split` gives them.

    `films` are labelled by `task`. Sources stand for themselves, because between sources a network
    can recognise the hospital instead of the disease. `baselines` are measured where there is a
    `cache` for what they see. They learn the classes' frequencies, so only probabilities calibrated
    by `rules` fitted on validation are fairly compared with them.
    """
    rules = rules or Rules.plain(len(task.outputs))
    answers = probabilities_by_split(logits, rules)
    results = measure_parts(films, answers, task, name_probabilities(rules))
    if cache is None:
        return results
    scores = score_baselines(films, read_features(films.names, cache, workers=workers), task)
    return results.replace(baselines=measure_baselines(films, scores, task, results, answers))


def name_probabilities(rules: Rules) -> Probabilities:
    """What figures measured by these rules are measured on, for a card's results."""
    return CALIBRATED if rules.fitted else SOFTMAX


def measure_storage_change(
    network: Network,
    films: Films,
    preprocess: Preprocess,
    stored: np.ndarray,
    *,
    device: torch.device,
) -> float:
    """The largest change of any softmax probability of the test part by storing in float16.

    `network`: as training left it, not as it is loaded from a file, which has lost what storing
    loses. `stored`: logits of the test part by the tensors as they are stored.
    """
    exact = compute_logits(
        network.to(device), films, films.part(Split.TEST), preprocess, device=device
    )
    return float(np.abs(softmax(exact) - softmax(stored)).max(initial=0.0))


def measure_parts(
    films: Films,
    answers: Mapping[Split, np.ndarray],
    task: Task,
    probabilities: Probabilities,
) -> Results:
    """The results of the test part, of its sources and of the sources held out.

    `answers`: probabilities of the test part and of what is held out, (films, outputs), and what
    these are called.
    """
    test, held_out = films.part(Split.TEST), films.part(Split.HELD_OUT)
    return Results(
        test=summarise(films, test, answers[Split.TEST], task),
        test_by_source=_by_source(films, test, answers[Split.TEST], task),
        held_out=_by_source(films, held_out, answers[Split.HELD_OUT], task),
        probabilities=probabilities,
    )


def measure_full_heat(
    network: Network, films: Films, preprocess: Preprocess, *, device: torch.device
) -> float:
    """The evidence of one cell, in logits, to draw at full heat; for the card.

    The 99th percentile of the called class's cells over validation films called right, so that a
    typical map uses the whole scale and one scale serves all films. Above 0.
    """
    network = network.to(device).eval()
    strongest: list[np.ndarray] = []
    right: list[np.ndarray] = []
    validation = films.part(Split.VALIDATION)
    if not len(validation):  # of a study that kept none
        trained = films.part(Split.TRAIN)
        validation = trained[:: max(1, len(trained) // _TYPICAL)]
    for start in range(0, len(validation), _BATCH):
        indices = validation[start : start + _BATCH]
        with torch.inference_mode():
            maps = network.feature_map(preprocess.tensor(films.pictures[indices]).to(device))
        maps = maps.clone().requires_grad_()  # out of inference mode: the head is differentiated
        logits = network.head(maps)
        calls = logits.argmax(dim=1)
        called = logits.gather(1, calls[:, None]).sum()
        (gradient,) = torch.autograd.grad(called, maps)
        weights = gradient.mean(dim=(2, 3), keepdim=True)  # Grad-CAM's
        cells = (maps * weights).sum(dim=1).detach()
        strongest.append(cells.flatten(1).cpu().numpy())
        right.append(calls.cpu().numpy() == films.labels[indices])
    evidence, called_right = np.concatenate(strongest), np.concatenate(right)
    # A network that calls nothing right has no typical map; its card shall still be written.
    chosen = evidence[called_right] if called_right.any() else evidence
    return max(float(np.percentile(chosen, 99)), LEAST_SCALE)


def summarise(
    films: Films, indices: np.ndarray, scored: np.ndarray, task: Task = THREE_CLASSES
) -> Summary:
    """Counts, confusion and per-class figures of the films at `indices`, each with its interval.

    Films whose patient is not known count as independent, so that intervals are too narrow where
    `patients_known` is below 1. `scored`: probabilities, (len(indices), outputs). A class of fewer
    than five films is left out.
    """
    labels, groups = films.labels[indices], films.groups[indices]
    calls = scored.argmax(axis=1)
    classes = {}
    for i, output in enumerate(task.outputs):
        positive = labels == i
        if min(positive.sum(), (~positive).sum()) < _FEW:
            continue
        classes[output] = ClassFigures(
            auroc=auroc_estimate(positive, scored[:, i], groups),
            sensitivity=sensitivity(positive, calls == i, groups),
            specificity=specificity(positive, calls == i, groups),
            precision=precision(positive, calls == i, groups),
            f1=f1(positive, calls == i, groups),
        )
    known = films.patients_known
    return Summary(
        films=len(labels),
        groups=len(np.unique(groups)),
        patients_known=None if known is None else float(known[indices].mean()),
        confusion=tuple(map(tuple, confusion(labels, calls, len(task.outputs)).tolist())),
        accuracy=mean(calls == labels, groups),
        commonest=float(np.bincount(labels).max() / len(labels)),
        classes=classes,
    )


def _by_source(
    films: Films, indices: np.ndarray, scored: np.ndarray, task: Task
) -> dict[str, Summary]:
    summaries = {}
    for source in sorted(set(films.sources[indices])):
        own = films.sources[indices] == source
        summary = summarise(films, indices[own], scored[own], task)
        if summary.classes:
            summaries[str(source)] = summary
    return summaries
