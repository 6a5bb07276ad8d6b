"""From which probabilities on an answer belongs to the prediction set, fitted on labelled films.

Split conformal prediction within each class (Vovk 2012), score 1 - probability (Sadinle et al.
2019), by MAPIE: the training's films fit them, and a site's own.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from covid_core.extras import needing
from covid_core.local_validation.scores import Scores
from covid_core.model.decision import COVERAGE, Rules

ALONE = 100  # films of a class, from which on a group's quantile counts alone
FEW = 10  # films of a class; a quantile of fewer means nothing


def sets_at_site(scores: Scores, rules: Rules) -> tuple[float, ...] | None:
    """A site's own thresholds, one an answer; None where its films allow none.

    Each class whose films are enough is fitted to them, shrunk towards the weights' own threshold
    by `shrink_quantile`; the others keep theirs. Films need their probabilities for all classes.
    """
    if scores.probabilities is None or scores.labels is None:
        return None
    coverage = rules.coverage or COVERAGE
    least = list(rules.least)
    for output, pooled in enumerate(rules.least):
        own = scores.labels == output
        if own.sum() >= films_needed(coverage):
            quantile = conformal_quantile(scores.probabilities[own], output, coverage)
            least[output] = shrink_quantile(quantile, pooled, int(own.sum()))
    return tuple(least)


def films_needed(coverage: float) -> int:
    """The fewest films of a class that have a quantile at this coverage, FEW at least."""
    return max(FEW, math.ceil(round(1 / (1 - coverage), 6)))


def shrink_quantile(own: float, pooled: float, films: int) -> float:
    """A group's quantile, drawn towards that of its whole class the more, the fewer its films.

    Linear shrinkage with weight min(1, films / 100): the tenth lowest part of 20 films is the
    second lowest film, which may be any outlier, and of 100 its standard error is 3 percentage
    points of coverage. It is done on probabilities, not log odds, so that a group of n films lowers
    the threshold by at most n percent of itself, however certain its outliers.
    """
    weight = min(1.0, films / ALONE)
    return weight * own + (1 - weight) * pooled


def conformal_quantile(probabilities: np.ndarray, output: int, coverage: float = COVERAGE) -> float:
    """The conformal quantile of films that all have this label, (N, outputs), by MAPIE.

    `coverage`: the share of such films whose set holds the label, 0 to 1; N is `films_needed` of it
    or more.
    """
    with needing("mapie", "prediction-sets"):
        from mapie.classification import SplitConformalClassifier

    labels = np.full(len(probabilities), output)
    answering = _AsGiven().fit(probabilities, labels)
    conformal = SplitConformalClassifier(
        answering, confidence_level=coverage, conformity_score="lac"
    )
    with warnings.catch_warnings():  # that only one class is there is the point
        warnings.filterwarnings("ignore", ".*less labels.*")
        conformal.conformalize(probabilities, labels)
    covered = conformal.predict_set(probabilities)[1][:, output, 0]
    return float(probabilities[covered, output].min())  # the quantile is one of the films' own


class _AsGiven(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier for MAPIE that returns the probabilities it is given: the network's answers."""

    def fit(self, probabilities: np.ndarray, labels: np.ndarray) -> _AsGiven:  # noqa: ARG002
        self.classes_ = np.arange(probabilities.shape[1])
        self.is_fitted_ = True
        return self

    def predict_proba(self, probabilities: np.ndarray) -> np.ndarray:
        return probabilities

    def predict(self, probabilities: np.ndarray) -> np.ndarray:
        return probabilities.argmax(axis=1)
