"""The rules that turn a network's logits into calls, fitted on validation films.

They are the calibration (`fit_calibration`), operating points for the disease, and the thresholds
of the prediction sets. None of it changes the network.
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import roc_curve

from covid_core.errors import DatasetError
from covid_core.exports.optional import needing
from covid_core.model.decision import BALANCED, RULE_IN, RULE_OUT, OperatingPoint, Rules
from covid_core.training.fit_calibration import fit_calibration

COVERAGE = 0.9  # of the prediction sets
LEAST_SENSITIVITY = 0.98  # at rule-out
LEAST_SPECIFICITY = 0.98  # at rule-in
ALONE = 100  # films of a class in a source, from which on its quantile counts alone
_FEW = 10  # a quantile of fewer films of a class means nothing: 1 / (1 - COVERAGE)


def fit_rules(
    logits: np.ndarray, labels: np.ndarray, sources: np.ndarray, groups: np.ndarray | None = None
) -> Rules:
    """Rules fitted on validation films. Raises DatasetError where an output has too few of them.

    `logits`: float (N, outputs); `labels`: int (N,), an output each; `sources`: text (N,);
    `groups`: int (N,), the same for films of one patient; None where each film is its own.
    """
    fewest = np.bincount(labels, minlength=logits.shape[1]).min()
    if fewest < _FEW:
        raise DatasetError(
            f"a class has only {fewest} validation films, too few to fit thresholds on",
            f"Give at least {_FEW} films of each class to validation",
        )
    weights, bias = fit_calibration(logits, labels, sources, groups)
    calibrated = Rules(weights, bias, (), (0.0,) * len(bias))
    probabilities = calibrated.probabilities(logits)
    disease = logits.shape[1] - 1
    return Rules(
        weights,
        bias,
        operating_points(labels == disease, probabilities[:, disease]),
        least_probabilities(probabilities, labels, sources),
        COVERAGE,
    )


def operating_points(positive: np.ndarray, probabilities: np.ndarray) -> tuple[OperatingPoint, ...]:
    """The operating points rule-out, balanced and rule-in for the disease.

    `positive`: bool (N,); `probabilities`: of the disease, (N,). Rule-out is the highest threshold
    whose sensitivity is enough, rule-in the lowest whose specificity is, balanced that of the
    greatest sum of both (Youden 1950). Each lies midway between two films' probabilities, so that
    no film sits on it.
    """
    false_alarms, sensitivities, thresholds = roc_curve(
        positive, probabilities, drop_intermediate=False
    )
    thresholds = np.append(np.minimum(thresholds, 1.0), 0.0)
    chosen = {
        RULE_OUT: int(np.argmax(sensitivities >= LEAST_SENSITIVITY)),
        BALANCED: int(np.argmax(sensitivities - false_alarms)),
        RULE_IN: int(np.nonzero(1 - false_alarms >= LEAST_SPECIFICITY)[0][-1]),
    }
    return tuple(
        OperatingPoint(name, float(thresholds[i : i + 2].mean())) for name, i in chosen.items()
    )


def least_probabilities(
    probabilities: np.ndarray, labels: np.ndarray, sources: np.ndarray | None = None
) -> tuple[float, ...]:
    """The least probability of each output at which it belongs to the prediction set.

    Split conformal prediction within each class (Vovk 2012), score 1 - probability (Sadinle et al.
    2019), so that a rare class is covered like a frequent one. With `sources`, within each source
    of each class too, shrunk towards the class's pooled quantile by `shrink_quantile`, and the
    lowest counts: the next hospital will be more like the hardest of those known than like their
    mean.
    """
    least = []
    for output in range(probabilities.shape[1]):
        own = labels == output
        pooled = _quantile(probabilities[own], output)
        parts = [] if sources is None else [own & (sources == s) for s in np.unique(sources[own])]
        shrunk = [
            shrink_quantile(_quantile(probabilities[part], output), pooled, int(part.sum()))
            for part in parts
            if part.sum() >= _FEW
        ]
        least.append(min([pooled, *shrunk]))
    return tuple(least)


def shrink_quantile(own: float, pooled: float, films: int) -> float:
    """A group's quantile, drawn towards that of its whole class the more, the fewer its films.

    Linear shrinkage with weight min(1, films / 100): the tenth lowest part of 20 films is the
    second lowest film, which may be any outlier, and of 100 its standard error is 3 percentage
    points of coverage. It is done on probabilities, not log odds, so that a group of n films lowers
    the threshold by at most n percent of itself, however certain its outliers.
    """
    weight = min(1.0, films / ALONE)
    return weight * own + (1 - weight) * pooled


def _quantile(probabilities: np.ndarray, output: int) -> float:
    """The conformal quantile of films that all have this label, by MAPIE."""
    with needing("mapie"):
        from mapie.classification import SplitConformalClassifier

    labels = np.full(len(probabilities), output)
    answering = _AsGiven().fit(probabilities, labels)
    conformal = SplitConformalClassifier(
        answering, confidence_level=COVERAGE, conformity_score="lac"
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
