"""Baselines: how far one gets without looking at the lungs, or hardly, beside each accuracy.

Simple models learn the same question from the same training films as the network, and answer the
same test films, from almost nothing: the file's header, the film's outer frame without its lungs,
a thumbnail of 32 px. A network that is not clearly above them has proven nothing by its figure.

"Clearly": the 95% interval of the network's lead over a baseline lies above zero. It is a bootstrap
over patients of the two on the same films, where the network's answers are at hand. Where only its
card is, the two intervals are put together as those of independent figures (MOVER: Zou and Donner
2008), which is wider for two that err on the same films: it says "not clearly" rather too often.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from covid_core.datasets.split import Split
from covid_core.errors import DatasetError
from covid_core.evaluation.baseline_features import BaselineFeatures
from covid_core.evaluation.parts import parts_of
from covid_core.metrics import Estimate, auroc_by_weights, estimate, proportion
from covid_core.model.results import Baseline, Lead, Results, Summary
from covid_core.model.tasks import Task
from covid_core.training.films import Films

COMMONEST = "commonest"
BASELINES: dict[str, str] = {
    COMMONEST: "always calling the commonest class",
    "header": "the file's header",
    "frame": "the outer frame, lungs removed",
    "thumbnail": "a 32 px thumbnail",
}
FIGURES = {"accuracy": "accuracy", "auroc": "AUROC"}
_MANY = 2000  # training films, from which on boosted trees are taken without a trial
_FOLDS = 3
_TWO = 2
_LEAST = 10  # patients, or groups of alike pictures, of a class; with fewer, no choice is made
_SEED = 0

_Statistic = Callable[[np.ndarray], float]


def measure_baselines(
    films: Films,
    scores: Mapping[str, np.ndarray],
    task: Task,
    results: Results,
    answers: Mapping[Split, np.ndarray] | None = None,
) -> dict[str, dict[str, Baseline]]:
    """The baselines of each part of films that the results have, by part, then by `BASELINES`.

    `films` are labelled by `task`, and `scores` are theirs, from `score_baselines`. `answers`: the
    network's probabilities of the test part and of what is held out, (films, outputs). Raises
    DatasetError where the results are not of these films.
    """
    summaries = {part.name: part.summary for part in results.parts}
    found = {}
    for part in parts_of(films):
        if part.name not in summaries:
            continue
        summary, indices = summaries[part.name], films.part(part.split)[part.chosen]
        if len(indices) != summary.films:
            raise DatasetError(
                f"the card's figures of {part.name} are of {summary.films} images, and here are"
                f" {len(indices)}",
                "Give the manifest and the variant that it was trained on",
            )
        given = None if answers is None else answers[part.split][part.chosen]
        found[part.name] = _baselines(films, indices, scores, summary, task, given)
    return found


def score_baselines(films: Films, features: BaselineFeatures, task: Task) -> dict[str, np.ndarray]:
    """Each baseline's probabilities of all films, float64 (N, outputs).

    By a model of the training part: gradient-boosted trees, or logistic regression where that is
    better on few films. Empty where fewer than two classes train.
    """
    train = films.part(Split.TRAIN)
    if len(np.unique(films.labels[train])) < _TWO:
        return {}
    seen = {name: getattr(features, name) for name in BASELINES if name != COMMONEST}
    scores = {}
    for name, values in seen.items():
        model = _fitted(values[train], films.labels[train], films.groups[train])
        scores[name] = np.zeros((len(values), len(task.outputs)))
        scores[name][:, model.classes_] = model.predict_proba(values)
    return scores


def is_clear(baseline: Baseline, figure: str) -> bool:
    """Whether the network is clearly above a baseline by `figure`, one of `FIGURES`."""
    lead = baseline.lead.figure(figure)
    return lead is not None and lead.low > 0


def best_baseline(
    part: Mapping[str, Baseline], figure: str = "accuracy"
) -> tuple[str, Baseline, Estimate] | None:
    """The highest baseline of a part by `figure`, one of `FIGURES`: its title, it, and the figure.

    None where there is no such figure. `part`: as `measure_baselines` gives it, by baseline.
    """
    known = [
        (BASELINES[name], baseline, found)
        for name, baseline in part.items()
        if (found := baseline.figure(figure))
    ]
    return max(known, key=lambda one: one[2].value, default=None)


def baselines_in_words(part: Mapping[str, Baseline]) -> str:
    """Which figures of a part are not clearly above which baselines; empty where all are.

    `part`: as `measure_baselines` gives it, by baseline.
    """
    sentences = []
    for figure, title in FIGURES.items():
        reached = [
            (found.value, BASELINES[name])
            for name, baseline in part.items()
            if (found := baseline.figure(figure)) and not is_clear(baseline, figure)
        ]
        if reached:
            names = ", ".join(f"{name} ({value:.3f})" for value, name in sorted(reached)[::-1])
            sentences.append(f"The {title} is not clearly above what is reached by {names}.")
    return " ".join(sentences)


def _baselines(
    films: Films,
    indices: np.ndarray,
    scores: Mapping[str, np.ndarray],
    summary: Summary,
    task: Task,
    answers: np.ndarray | None,
) -> dict[str, Baseline]:
    """Each baseline on the films at `indices`."""
    labels, disease = films.labels[indices], len(task.outputs) - 1
    constant = np.zeros((len(labels), disease + 1))
    constant[:, np.bincount(labels).argmax()] = 1
    given = {COMMONEST: constant} | {name: probs[indices] for name, probs in scores.items()}
    measured = {"accuracy": summary.accuracy}
    if task.outputs[-1] in summary.classes:
        measured["auroc"] = summary.classes[task.outputs[-1]].auroc
    groups = films.groups[indices]
    found = {}
    for name, probabilities in given.items():
        own = _figures(probabilities, labels, groups, "auroc" in measured)
        leads = {
            figure: _apart(value, own[figure])
            if answers is None
            else _paired(figure, answers, probabilities, labels, groups)
            for figure, value in measured.items()
        }
        lead = Lead(
            paired=answers is not None, accuracy=leads["accuracy"], auroc=leads.get("auroc")
        )
        found[name] = Baseline(accuracy=own["accuracy"], auroc=own.get("auroc"), lead=lead)
    return found


def _figures(
    probabilities: np.ndarray, labels: np.ndarray, groups: np.ndarray, disease: bool
) -> dict[str, Estimate]:
    """Accuracy, and AUROC of the last output where `disease`."""
    statistics = _statistics(probabilities, labels)
    return {
        figure: estimate(statistics[figure], groups, len(labels))
        for figure in FIGURES
        if disease or figure == "accuracy"
    }


def _paired(
    figure: str, network: np.ndarray, baseline: np.ndarray, labels: np.ndarray, groups: np.ndarray
) -> Estimate:
    """The network's lead in `figure`; each draw of patients asks both."""
    ours, theirs = (_statistics(given, labels)[figure] for given in (network, baseline))
    return estimate(lambda w: ours(w) - theirs(w), groups, len(labels))


def _statistics(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, _Statistic]:
    """Weights of films, float (N,), to each of `FIGURES`."""
    right, every = probabilities.argmax(axis=1) == labels, np.ones(len(labels), bool)
    positive = labels == probabilities.shape[1] - 1
    return {
        "accuracy": lambda weights: proportion(right, every, weights),
        "auroc": auroc_by_weights(positive, probabilities[:, -1]),
    }


def _apart(network: Estimate, baseline: Estimate) -> Estimate:
    """The network's lead from two estimates alone, as of independent figures (MOVER)."""
    lead = network.value - baseline.value
    below = math.hypot(network.value - network.low, baseline.high - baseline.value)
    above = math.hypot(network.high - network.value, baseline.value - baseline.low)
    return Estimate(lead, lead - below, lead + above, network.n)


def _fitted(features: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> Any:
    """A classifier of features, (N, k); labels, int (N,).

    Where films are few, what predicts better for groups that did not train it, among these very
    films; no test film chooses.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier  # slow to import
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    straight = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    boosted = HistGradientBoostingClassifier(early_stopping=False, random_state=_SEED)
    chosen = boosted if len(labels) >= _MANY else straight
    if len(labels) < _MANY and min(_groups_by_class(labels, groups)) >= _LEAST:
        folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=_SEED)
        chosen = max(
            (straight, boosted),
            key=lambda model: cross_val_score(
                model, features, labels, groups=groups, cv=folds, scoring="neg_log_loss"
            ).mean(),
        )
    return chosen.fit(features, labels)


def _groups_by_class(labels: np.ndarray, groups: np.ndarray) -> list[int]:
    return [len(np.unique(groups[labels == label])) for label in np.unique(labels)]
