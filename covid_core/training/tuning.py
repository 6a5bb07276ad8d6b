"""The rules that turn a network's logits into calls, fitted on validation films.

Calibration (`calibration`), operating points for the disease, and the thresholds of the prediction
sets; none of it changes the network.
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import roc_curve

from covid_core.errors import DatasetError
from covid_core.exports.optional import needing
from covid_core.model.decision import BALANCED, RULE_IN, RULE_OUT, OperatingPoint, Rules
from covid_core.training.calibration import fit_calibration

COVERAGE = 0.9  # of the prediction sets
LEAST_SENSITIVITY = 0.98  # at rule-out
LEAST_SPECIFICITY = 0.98  # at rule-in
ALONE = 100  # films of a class in a source, from which on its quantile counts alone
_FEW = 10  # a quantile of fewer films of a class means nothing: 1 / (1 - COVERAGE)


def tune(
    logits: np.ndarray, labels: np.ndarray, sources: np.ndarray, groups: np.ndarray | None = None
) -> Rules:
    """Rules from validation films: `logits` float (N, outputs), `labels` int (N,), an output each,
    `sources` text (N,), `groups` int (N,), films of one patient; None where each film is its
    own.

    Raises DatasetError where an output has too few films.
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
    """A group's quantile, drawn towards that of all its class by how few films it has.

    Linear shrinkage with weight min(1, films / 100): the tenth lowest part of 20 films is the
    second lowest film, which may be any outlier, and of 100 its standard error is 3 percentage
    points of coverage. Done on probabilities, not log odds, so that a group of n films lowers
    the threshold by at most n percent of itself, however certain its outliers.
    """
    weight = min(1.0, films / ALONE)
    return weight * own + (1 - weight) * pooled


def _quantile(probabilities: np.ndarray, output: int) -> float:
    """Of films that all have this label, by MAPIE."""
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
    """MAPIE asks a classifier; ours has answered already, and what it is given are the answers."""

    def fit(self, probabilities: np.ndarray, labels: np.ndarray) -> _AsGiven:  # noqa: ARG002
        self.classes_ = np.arange(probabilities.shape[1])
        self.is_fitted_ = True
        return self

    def predict_proba(self, probabilities: np.ndarray) -> np.ndarray:
        return probabilities

    def predict(self, probabilities: np.ndarray) -> np.ndarray:
        return probabilities.argmax(axis=1)
