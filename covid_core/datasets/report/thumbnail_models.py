"""What small models see in a thumbnail alone: the source of a film, and its class in a source.

A thumbnail holds next to nothing of what a radiologist reads. What a model can see in it, a
network may have learnt from it too (Maguolo and Nanni 2021). Two models, because each is blind to
what the other sees: a linear one on 32 px, and small boosted trees on 16 px.

Every film is scored by a model that was fitted without it, its patient and its twins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from covid_core.datasets.duplicates import halved
from covid_core.datasets.split import groups_of, on_a_side
from covid_core.findings import CLASSES, Finding
from covid_core.metrics import Estimate, auroc_estimate

LINEAR = "logistic regression on 32 px"
TREES = "boosted trees on 16 px"
_MOST = 800  # films of a source, or of a source and class
_LEAST = 30  # films of a source, or of a source and class, to say anything of it
_COMPONENTS = 100
_FOLDS = 3
_TREE_SIDE_PX = 16


@dataclass(frozen=True, slots=True)
class SourceSeparation:
    """How well the better of the two models separates one source from the others.

    `accuracy`: the mean of sensitivity and specificity, 0.5 by chance. `films`: how many it was
    tried on. `model`: `LINEAR` or `TREES`.
    """

    source: str
    accuracy: float
    films: int
    model: str


@dataclass(frozen=True, slots=True)
class ClassSeparation:
    """How well boosted trees separate one class from the rest inside one source.

    `positive`: COVID-19, or pneumonia in a source without it. `auroc`: with its 95% interval, and
    how many films it was measured on.
    """

    source: str
    positive: Finding
    auroc: Estimate


def separate_sources(
    table: pd.DataFrame, thumbnails: np.ndarray, *, seed: int
) -> list[SourceSeparation]:
    """How well thumbnails, uint8 (rows, 64, 64), separate each source of used films from others."""
    used, groups, sources = on_a_side(table), groups_of(table), table["source"].to_numpy(str)
    members = [used & (sources == source) for source in np.unique(sources)]
    rows = _draw([own for own in members if _is_large(own, groups)], seed)
    names, labels = np.unique(sources[rows], return_inverse=True)
    if len(names) < 2:
        return []
    called = {
        LINEAR: _predict_linear(halved(thumbnails[rows]), labels, groups[rows], seed),
        TREES: _predict_trees(_quartered(thumbnails[rows]), labels, groups[rows], seed),
    }
    found = []
    for label, source in enumerate(names):
        own = labels == label
        accuracies = {
            model: float(((answers[own] == label).mean() + (answers[~own] != label).mean()) / 2)
            for model, answers in called.items()
        }
        better = max(accuracies, key=accuracies.__getitem__)
        found.append(SourceSeparation(str(source), accuracies[better], int(own.sum()), better))
    return found


def separate_classes(
    table: pd.DataFrame, thumbnails: np.ndarray, *, seed: int
) -> list[ClassSeparation]:
    """How well thumbnails separate the classes, in each source with two classes of enough films."""
    used, groups = on_a_side(table), groups_of(table)
    sources, labels = table["source"].to_numpy(str), table["label"].to_numpy(str)
    found = []
    for source in np.unique(sources[used]):
        films = used & (sources == source)
        members = {label: films & (labels == label.value) for label in CLASSES}
        large = {label: own for label, own in members.items() if _is_large(own, groups)}
        if len(large) < 2:
            continue
        rows = _draw(list(large.values()), seed)
        label = list(large)[-1]  # CLASSES ends with COVID-19
        positive = labels[rows] == label.value
        scores = _score(_quartered(thumbnails[rows]), positive.astype(int), groups[rows], seed)
        auroc = auroc_estimate(positive, scores[:, 1], groups[rows])
        found.append(ClassSeparation(str(source), label, auroc))
    return found


def _is_large(members: np.ndarray, groups: np.ndarray) -> bool:
    """Whether there are enough films, of patients enough to leave some out."""
    return members.sum() >= _LEAST and len(np.unique(groups[members])) >= _FOLDS


def _draw(members: Sequence[np.ndarray], seed: int) -> np.ndarray:
    """Rows of some films of each set; a set is bool (rows,)."""
    drawing = np.random.default_rng(seed)
    rows = [drawing.permutation(np.nonzero(own)[0])[:_MOST] for own in members]
    return np.concatenate([np.empty(0, np.int64), *rows])


def _quartered(thumbnails: np.ndarray) -> np.ndarray:
    """uint8 (N, 64, 64) to float32 (N, 256): means of 4 x 4."""
    return halved(halved(thumbnails).reshape(-1, 2 * _TREE_SIDE_PX, 2 * _TREE_SIDE_PX))


def _predict_linear(
    features: np.ndarray, labels: np.ndarray, groups: np.ndarray, seed: int
) -> np.ndarray:
    """Each film's label, int (N,), by logistic regression on principal components."""
    model = make_pipeline(
        StandardScaler(),
        PCA(min(_COMPONENTS, len(labels) // 2), whiten=True, random_state=seed),
        LogisticRegression(C=0.1, max_iter=1000, class_weight="balanced"),
    )
    with threadpool_limits(1):
        return np.asarray(
            cross_val_predict(model, features, labels, groups=groups, cv=_folds(seed))
        )


def _predict_trees(
    features: np.ndarray, labels: np.ndarray, groups: np.ndarray, seed: int
) -> np.ndarray:
    """Each film's label, int (N,), by boosted trees that count every label alike."""
    return np.argmax(_score(features, labels, groups, seed) / np.bincount(labels), axis=1)


def _score(features: np.ndarray, labels: np.ndarray, groups: np.ndarray, seed: int) -> np.ndarray:
    """Each film's probability of each label, float64 (N, labels), by small boosted trees.

    Large ones gain little here and take minutes.
    """
    scores = np.zeros((len(labels), labels.max() + 1))
    with threadpool_limits(1):  # on busy cores, threads that wait for one another take minutes
        for fitted, left in _folds(seed).split(features, labels, groups):
            # Weights would make scikit-learn's binning of the features some twenty times slower.
            trees = HistGradientBoostingClassifier(
                max_iter=60,
                max_leaf_nodes=8,
                max_bins=63,
                max_features=0.2,
                early_stopping=False,
                random_state=seed,
            ).fit(features[fitted], labels[fitted])
            scores[np.ix_(left, trees.classes_)] = trees.predict_proba(features[left])
    return scores


def _folds(seed: int) -> StratifiedGroupKFold:
    return StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed)
