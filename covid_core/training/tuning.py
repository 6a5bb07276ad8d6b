"""The rules that turn a network's logits into calls, fitted on validation films.

Calibration by temperature and class bias, operating points for the disease, and the thresholds of
the prediction sets; none of it changes the network.
"""

from __future__ import annotations

import warnings

import numpy as np
from mapie.classification import SplitConformalClassifier
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import roc_curve

from covid_core.decision import BALANCED, RULE_IN, RULE_OUT, OperatingPoint, Rules
from covid_core.errors import DatasetError

COVERAGE = 0.9  # of the prediction sets
LEAST_SENSITIVITY = 0.98  # at rule-out
LEAST_SPECIFICITY = 0.98  # at rule-in
_FEW = 10  # a quantile of fewer films of a class means nothing: 1 / (1 - COVERAGE)


def tune(logits: np.ndarray, labels: np.ndarray, sources: np.ndarray) -> Rules:
    """Rules from validation films: `logits` float (N, outputs), `labels` int (N,), an output each,
    `sources` text (N,).

    Raises DatasetError where an output has too few films.
    """
    fewest = np.bincount(labels, minlength=logits.shape[1]).min()
    if fewest < _FEW:
        raise DatasetError(
            f"a class has only {fewest} validation films, too few to fit thresholds on",
            f"Give at least {_FEW} films of each class to validation",
        )
    temperature, bias = fit_calibration(logits, labels)
    calibrated = Rules(temperature, bias, (), (0.0,) * len(bias))
    probabilities = calibrated.probabilities(logits)
    disease = logits.shape[1] - 1
    return Rules(
        temperature,
        bias,
        operating_points(labels == disease, probabilities[:, disease]),
        least_probabilities(probabilities, labels, sources),
        COVERAGE,
    )


def fit_calibration(logits: np.ndarray, labels: np.ndarray) -> tuple[float, tuple[float, ...]]:
    """Temperature and bias of least cross-entropy (Guo et al. 2017: temperature and, of vector
    scaling, the bias alone). The biases sum to 0, since only their differences matter."""
    films = np.arange(len(labels))

    def cross_entropy(parameters: np.ndarray) -> float:
        scaled = logits * np.exp(parameters[0]) + parameters[1:]
        return float(-log_softmax(scaled, axis=1)[films, labels].mean())

    fitted = minimize(cross_entropy, np.zeros(1 + logits.shape[1]), method="BFGS").x
    bias = fitted[1:] - fitted[1:].mean()
    return float(np.exp(-fitted[0])), tuple(map(float, bias))


def operating_points(positive: np.ndarray, probabilities: np.ndarray) -> tuple[OperatingPoint, ...]:
    """Rule-out, balanced and rule-in, from labels, bool (N,), and the disease's probability, (N,).

    Rule-out: the highest threshold of the sensitivity asked; rule-in: the lowest of the
    specificity asked; balanced: the greatest sum of both (Youden 1950). Each lies midway between
    two films' probabilities, so that no film sits on it.
    """
    false_alarms, found, thresholds = roc_curve(positive, probabilities, drop_intermediate=False)
    thresholds = np.append(np.minimum(thresholds, 1.0), 0.0)
    chosen = {
        RULE_OUT: int(np.argmax(found >= LEAST_SENSITIVITY)),
        BALANCED: int(np.argmax(found - false_alarms)),
        RULE_IN: int(np.nonzero(1 - false_alarms >= LEAST_SPECIFICITY)[0][-1]),
    }
    return tuple(
        OperatingPoint(name, float(thresholds[i : i + 2].mean())) for name, i in chosen.items()
    )


def least_probabilities(
    probabilities: np.ndarray, labels: np.ndarray, sources: np.ndarray | None = None
) -> tuple[float, ...]:
    """For each output, the least probability at which it belongs to the prediction set.

    Split conformal prediction within each class (Vovk 2012), score 1 - probability (Sadinle et al.
    2019), so that a rare class is covered like a frequent one. With `sources`, within each source
    of each class that has films enough, and the lowest counts: the next hospital will be more like
    the hardest of those known than like their mean.
    """
    least = []
    for output in range(probabilities.shape[1]):
        own = labels == output
        parts = [own]
        if sources is not None:
            parts += [own & (sources == source) for source in np.unique(sources[own])]
        large = [part for part in parts if part.sum() >= _FEW]
        least.append(min(_quantile(probabilities[part], output) for part in large))
    return tuple(least)


def _quantile(probabilities: np.ndarray, output: int) -> float:
    """Of films that all have this label, by MAPIE."""
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
    """MAPIE asks a classifier; ours has answered already, and what it is given are the answers."""

    def fit(self, probabilities: np.ndarray, labels: np.ndarray) -> _AsGiven:
        self.classes_ = np.arange(probabilities.shape[1])
        self.is_fitted_ = True
        return self

    def predict_proba(self, probabilities: np.ndarray) -> np.ndarray:
        return probabilities

    def predict(self, probabilities: np.ndarray) -> np.ndarray:
        return probabilities.argmax(axis=1)
