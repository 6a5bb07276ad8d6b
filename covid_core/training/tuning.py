"""The rules that turn a network's logits into calls, fitted on validation films.

Calibration, operating points for the disease, and the thresholds of
the prediction sets; none of it changes the network.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_curve
from sklearn.model_selection import StratifiedKFold

from covid_core.decision import BALANCED, RULE_IN, RULE_OUT, OperatingPoint, Rules, scaled_by
from covid_core.errors import DatasetError
from covid_core.exports.optional import needing

Calibration = tuple[tuple[tuple[float, ...], ...], tuple[float, ...]]  # `Rules`' weights and bias
COVERAGE = 0.9  # of the prediction sets
LEAST_SENSITIVITY = 0.98  # at rule-out
LEAST_SPECIFICITY = 0.98  # at rule-in
_PARTS = 5  # of the validation films, left out in turn
_PENALTY = 1e3  # scikit-learn's C: the larger, the less is penalised
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
    weights, bias = fit_calibration(logits, labels)
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


def fit_calibration(logits: np.ndarray, labels: np.ndarray) -> Calibration:
    """Temperature and bias, or a whole matrix and bias: whichever has the less cross-entropy on
    films left out of the fit, five parts in turn (Guo et al. 2017 for both)."""
    parts = list(StratifiedKFold(_PARTS, shuffle=True, random_state=0).split(logits, labels))

    def left_out(fit: Callable[[np.ndarray, np.ndarray], Calibration]) -> float:
        return float(
            np.mean(
                [
                    _cross_entropy(*fit(logits[seen], labels[seen]), logits[rest], labels[rest])
                    for seen, rest in parts
                ]
            )
        )

    return min((by_temperature, by_matrix), key=left_out)(logits, labels)


def by_temperature(logits: np.ndarray, labels: np.ndarray) -> Calibration:
    """Temperature and bias of least cross-entropy. The biases sum to 0, since only their
    differences matter."""
    answers = logits.shape[1]

    def unfolded(parameters: np.ndarray) -> Calibration:
        return scaled_by(float(np.exp(parameters[0])), answers), tuple(parameters[1:])

    def cross_entropy(parameters: np.ndarray) -> float:
        return _cross_entropy(*unfolded(parameters), logits, labels)

    fitted = minimize(cross_entropy, np.zeros(1 + answers), method="BFGS").x
    fitted[1:] -= fitted[1:].mean()
    weights, bias = unfolded(fitted)
    return weights, tuple(map(float, bias))


def by_matrix(logits: np.ndarray, labels: np.ndarray) -> Calibration:
    """A matrix and bias of least cross-entropy, all but unpenalised: logistic regression."""
    fitted = LogisticRegression(C=_PENALTY, max_iter=5000).fit(logits, labels)
    rows, bias = fitted.coef_, fitted.intercept_
    if len(rows) == 1:  # of two answers it tells the second's alone
        rows, bias = np.stack([-rows[0], rows[0]]) / 2, np.array([-bias[0], bias[0]]) / 2
    return tuple(map(tuple, rows.tolist())), tuple(bias.tolist())


def _cross_entropy(
    weights: Sequence[Sequence[float]],
    bias: Sequence[float],
    logits: np.ndarray,
    labels: np.ndarray,
) -> float:
    found = log_softmax(logits @ np.array(weights).T + np.array(bias), axis=1)
    return float(-found[np.arange(len(labels)), labels].mean())


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

    def fit(self, probabilities: np.ndarray, labels: np.ndarray) -> _AsGiven:
        self.classes_ = np.arange(probabilities.shape[1])
        self.is_fitted_ = True
        return self

    def predict_proba(self, probabilities: np.ndarray) -> np.ndarray:
        return probabilities

    def predict(self, probabilities: np.ndarray) -> np.ndarray:
        return probabilities.argmax(axis=1)
