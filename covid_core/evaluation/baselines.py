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
from dataclasses import asdict
from typing import Any

import numpy as np

from covid_core.datasets.split import Split
from covid_core.errors import DatasetError
from covid_core.evaluation.baseline_features import BaselineFeatures
from covid_core.evaluation.targets import TEST
from covid_core.metrics import auroc_by_weights, estimate, proportion
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
_LEAST = 10  # films of a class; with fewer, no choice is made
_SEED = 0

_Dict = Mapping[str, Any]
_Statistic = Callable[[np.ndarray], float]


def measure_baselines(
    films: Films,
    scores: Mapping[str, np.ndarray],
    task: Task,
    results: _Dict,
    answers: Mapping[Split, np.ndarray] | None = None,
) -> dict[str, Any]:
    """The baselines of each part of films in a card's `results`, for `results["floors"]`.

    `films` are labelled by `task`, and `scores` are theirs, from `score_baselines`. By part,
    `targets.TEST` or a source, by baseline of `BASELINES`: `accuracy`; `auroc`, of the disease,
    where the network has one; and `lead`, by figure how far the network is above, as an estimate,
    and whether it is `paired`. `answers`: the network's probabilities of the test part and of what
    is held out, (films, outputs). Raises DatasetError where the results are not of these films.
    """
    found = {}
    for name, (split, own, summary) in parts_of(films, results).items():
        indices = films.part(split)[own]
        if len(indices) != summary["films"]:
            raise DatasetError(
                f"the card's figures of {name} are of {summary['films']} films, and here are"
                f" {len(indices)}",
                "Give the manifest and the form that it was trained on",
            )
        given = None if answers is None else answers[split][own]
        found[name] = _baselines(films, indices, scores, summary, task, given)
    return found


def score_baselines(films: Films, features: BaselineFeatures, task: Task) -> dict[str, np.ndarray]:
    """Each baseline's probabilities of all films, float64 (N, outputs), by a model of the training
    part: gradient-boosted trees, or logistic regression where that is better on few films.

    Empty where fewer than two classes train.
    """
    train = films.part(Split.TRAIN)
    if len(np.unique(films.labels[train])) < _TWO:
        return {}
    seen = {name: getattr(features, name) for name in BASELINES if name != COMMONEST}
    scores = {}
    for name, features in seen.items():
        model = _fitted(features[train], films.labels[train], films.groups[train])
        scores[name] = np.zeros((len(features), len(task.outputs)))
        scores[name][:, model.classes_] = model.predict_proba(features)
    return scores


def parts_of(films: Films, results: _Dict) -> dict[str, tuple[Split, np.ndarray, _Dict]]:
    """Each part of a card's `results` by name: its split; which of the split's films, bool; and the
    network's summary.
    """
    test, held_out = (films.sources[films.part(split)] for split in (Split.TEST, Split.HELD_OUT))
    within, outside = results["test_by_source"], results["held_out"]
    return {
        TEST: (Split.TEST, np.ones(len(test), bool), results["test"]),
        **{name: (Split.TEST, test == name, own) for name, own in within.items()},
        **{name: (Split.HELD_OUT, held_out == name, own) for name, own in outside.items()},
    }


def is_clear(baseline: _Dict, figure: str) -> bool:
    """Whether the network is clearly above a baseline by `figure`, one of `FIGURES`."""
    return bool(baseline["lead"][figure]["low"] > 0)


def best_baseline(part: _Dict, figure: str = "accuracy") -> tuple[str, dict[str, float]] | None:
    """The highest baseline of a part by `figure`, one of `FIGURES`: its title, and its estimate.

    None where there is no such figure. `part`: as `measure_baselines` gives it, by baseline.
    """
    known = [
        (BASELINES[name], baseline[figure]) for name, baseline in part.items() if figure in baseline
    ]
    return max(known, key=lambda one: float(one[1]["value"]), default=None)


def baselines_in_words(part: _Dict) -> str:
    """Which figures of a part are not clearly above which baselines; empty where all are.

    `part`: as `measure_baselines` gives it, by baseline.
    """
    sentences = []
    for figure, title in FIGURES.items():
        reached = [
            (baseline[figure]["value"], BASELINES[name])
            for name, baseline in part.items()
            if figure in baseline and not is_clear(baseline, figure)
        ]
        if reached:
            told = ", ".join(f"{name} ({value:.3f})" for value, name in sorted(reached)[::-1])
            sentences.append(f"The {title} is not clearly above what is reached by {told}.")
    return " ".join(sentences)


def _baselines(
    films: Films,
    indices: np.ndarray,
    scores: Mapping[str, np.ndarray],
    summary: _Dict,
    task: Task,
    answers: np.ndarray | None,
) -> dict[str, Any]:
    """Each baseline on the films at `indices`."""
    labels, disease = films.labels[indices], len(task.outputs) - 1
    constant = np.zeros((len(labels), disease + 1))
    constant[:, np.bincount(labels).argmax()] = 1
    given = {COMMONEST: constant} | {name: probs[indices] for name, probs in scores.items()}
    measured = {"accuracy": summary["accuracy"]}
    if task.outputs[-1] in summary["classes"]:
        measured["auroc"] = summary["classes"][task.outputs[-1]]["auroc"]
    groups = films.groups[indices]
    found = {}
    for name, probabilities in given.items():
        own = _figures(probabilities, labels, groups, "auroc" in measured)
        lead: dict[str, Any] = {"paired": answers is not None}
        for figure, value in measured.items():
            lead[figure] = (
                _apart(value, own[figure])
                if answers is None
                else _paired(figure, answers, probabilities, labels, groups)
            )
        found[name] = {**own, "lead": lead}
    return found


def _figures(
    probabilities: np.ndarray, labels: np.ndarray, groups: np.ndarray, disease: bool
) -> dict[str, dict[str, float]]:
    """Accuracy, and AUROC of the last output where `disease`."""
    statistics = _statistics(probabilities, labels)
    return {
        figure: asdict(estimate(statistics[figure], groups, len(labels)))
        for figure in FIGURES
        if disease or figure == "accuracy"
    }


def _paired(
    figure: str, network: np.ndarray, baseline: np.ndarray, labels: np.ndarray, groups: np.ndarray
) -> dict[str, float]:
    """The network's lead in `figure`; each draw of patients asks both."""
    ours, theirs = (_statistics(given, labels)[figure] for given in (network, baseline))
    return asdict(estimate(lambda w: ours(w) - theirs(w), groups, len(labels)))


def _statistics(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, _Statistic]:
    """Weights of films, float (N,), to each of `FIGURES`."""
    right, every = probabilities.argmax(axis=1) == labels, np.ones(len(labels), bool)
    positive = labels == probabilities.shape[1] - 1
    return {
        "accuracy": lambda weights: proportion(right, every, weights),
        "auroc": auroc_by_weights(positive, probabilities[:, -1]),
    }


def _apart(network: _Dict, baseline: _Dict) -> dict[str, float]:
    """The network's lead from two estimates alone, as of independent figures (MOVER)."""
    lead = network["value"] - baseline["value"]
    below = math.hypot(network["value"] - network["low"], baseline["high"] - baseline["value"])
    above = math.hypot(network["high"] - network["value"], baseline["value"] - baseline["low"])
    return {"value": lead, "low": lead - below, "high": lead + above, "n": network["n"]}


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
