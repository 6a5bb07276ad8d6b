"""The calibration of a network's logits, fitted on validation films: temperature or matrix.

Both have few parameters, and both fit the films they saw. So they are compared where a calibration
is needed, on a source that had no part in the fit, and only a matrix that is better there is taken.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from covid_core.model.decision import scaled_by

Calibration = tuple[tuple[tuple[float, ...], ...], tuple[float, ...]]  # `Rules`' weights and bias
Fold = tuple[np.ndarray, np.ndarray]  # indices to fit on, and of those left out
_FOLDS = 5  # of the validation films, left out in turn
_PENALTIES = (0.01, 0.1, 1.0, 10.0)  # scikit-learn's C: the larger, the weaker
_FEW = 10  # films; a source of fewer is not left out for itself


def fit_calibration(
    logits: np.ndarray,
    labels: np.ndarray,
    sources: np.ndarray | None = None,
    groups: np.ndarray | None = None,
) -> Calibration:
    """Temperature and bias, or a whole matrix and bias (Guo et al. 2017), whichever fits better.

    Better is less cross-entropy in a source left out of the fit, the sources counting alike; where
    there is one source alone, in patients left out, a fifth at a time. It is temperature and bias
    where the matrix is not monotone, or where no part to fit on holds every class.
    """
    groups = np.arange(len(labels)) if groups is None else groups
    folds = [] if sources is None else _source_folds(labels, sources)
    if not folds:
        folds = _patient_folds(labels, groups)
    temperature = fit_temperature(logits, labels)
    if not folds:
        return temperature
    matrix = fit_matrix(logits, labels, groups)
    if not is_monotone(matrix[0]):
        return temperature

    def left_out(fit: Callable[[np.ndarray], Calibration]) -> float:
        """The mean cross-entropy of the films left out; `fit`: indices to a calibration."""
        values = [_cross_entropy(*fit(seen), logits[rest], labels[rest]) for seen, rest in folds]
        return float(np.mean(values))

    by_temperature = left_out(lambda seen: fit_temperature(logits[seen], labels[seen]))
    by_matrix = left_out(lambda seen: fit_matrix(logits[seen], labels[seen], groups[seen]))
    return matrix if by_matrix < by_temperature else temperature


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> Calibration:
    """Temperature and bias of least cross-entropy.

    The biases sum to 0, since only their differences matter.
    """
    answers = logits.shape[1]

    def calibration(parameters: np.ndarray) -> Calibration:
        return scaled_by(float(np.exp(parameters[0])), answers), tuple(parameters[1:])

    def cross_entropy(parameters: np.ndarray) -> float:
        return _cross_entropy(*calibration(parameters), logits, labels)

    fitted = minimize(cross_entropy, np.zeros(1 + answers), method="BFGS").x
    fitted[1:] -= fitted[1:].mean()
    weights, bias = calibration(fitted)
    return weights, tuple(map(float, bias))


def fit_matrix(
    logits: np.ndarray, labels: np.ndarray, groups: np.ndarray | None = None
) -> Calibration:
    """A matrix and bias of least penalised cross-entropy, by logistic regression.

    Its penalty is chosen on patients left out, a fifth at a time. It sees the logits less their
    mean: softmax ignores that mean, so a network's training leaves it arbitrary, and as a feature
    it would be noise. Each row of the matrix sums to 0, and a shift of all logits by the same
    amount changes nothing.
    """
    centred = logits - logits.mean(axis=1, keepdims=True)
    folds = _patient_folds(labels, np.arange(len(labels)) if groups is None else groups)

    def left_out(penalty: float) -> float:
        values = [
            _cross_entropy(
                *_regression(centred[seen], labels[seen], penalty), centred[rest], labels[rest]
            )
            for seen, rest in folds
        ]
        return float(np.mean(values))

    penalty = min(_PENALTIES, key=left_out) if folds else 1.0
    return _regression(centred, labels, penalty)


def is_monotone(weights: Sequence[Sequence[float]]) -> bool:
    """Whether raising one logit alone never lowers that answer's own probability.

    With p = softmax(W z + b), dp_i/dz_i = p_i (W_ii - sum_k p_k W_ki). The sum is a mean of column
    i, so this is never negative if W_ii is the greatest of its column; and where it is not, it is
    negative wherever the answer with the greatest entry has nearly all the probability.
    """
    matrix = np.array(weights)
    return bool((np.diag(matrix) >= matrix.max(axis=0)).all())


def _regression(centred: np.ndarray, labels: np.ndarray, penalty: float) -> Calibration:
    """The calibration that logistic regression gives, its rows summing to 0."""
    fitted = LogisticRegression(C=penalty, solver="newton-cholesky", max_iter=5000).fit(
        centred, labels
    )
    rows, bias = fitted.coef_, fitted.intercept_
    if len(rows) == 1:  # of two answers it gives the second's alone
        rows, bias = np.stack([-rows[0], rows[0]]) / 2, np.array([-bias[0], bias[0]]) / 2
    rows = rows - rows.mean(axis=1, keepdims=True)
    return tuple(map(tuple, rows.tolist())), tuple(bias.tolist())


def _source_folds(labels: np.ndarray, sources: np.ndarray) -> list[Fold]:
    """A fold for each source of films enough to leave out, where the others hold every class.

    Empty where there would be fewer than two.
    """
    kept = [np.nonzero(sources != source)[0] for source in np.unique(sources)]
    kept = [seen for seen in kept if len(labels) - len(seen) >= _FEW]
    return _complete_folds(labels, kept, fewest=2)


def _patient_folds(labels: np.ndarray, groups: np.ndarray) -> list[Fold]:
    """Up to five folds, no patient on both sides, without those that lack a class to fit on."""
    if len(np.unique(groups)) < _FOLDS or np.bincount(labels).max() < _FOLDS:
        return []
    with warnings.catch_warnings():  # of a class of fewer patients than folds: seen to below
        warnings.filterwarnings("ignore", "The least populated class")
        split = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=0).split(
            labels, labels, groups
        )
        return _complete_folds(labels, [seen for seen, _ in split], fewest=1)


def _complete_folds(labels: np.ndarray, kept: Sequence[np.ndarray], *, fewest: int) -> list[Fold]:
    """The folds that hold every class and leave films out; empty where fewer than `fewest` do.

    `kept`: the indices that each fold fits on.
    """
    classes = len(np.unique(labels))
    complete = [
        (seen, np.setdiff1d(np.arange(len(labels)), seen))
        for seen in kept
        if len(np.unique(labels[seen])) == classes and len(seen) < len(labels)
    ]
    return complete if len(complete) >= fewest else []


def _cross_entropy(
    weights: Sequence[Sequence[float]],
    bias: Sequence[float],
    logits: np.ndarray,
    labels: np.ndarray,
) -> float:
    log_probabilities = log_softmax(logits @ np.array(weights).T + np.array(bias), axis=1)
    return float(-log_probabilities[np.arange(len(labels)), labels].mean())
