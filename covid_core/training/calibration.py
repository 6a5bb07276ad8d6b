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
Part = tuple[np.ndarray, np.ndarray]  # indices to fit on, and of those left out
_PARTS = 5  # of the validation films, left out in turn
_PENALTIES = (0.01, 0.1, 1.0, 10.0)  # scikit-learn's C: the larger, the weaker
_FEW = 10  # films; a source of fewer is not left out for itself


def fit_calibration(
    logits: np.ndarray,
    labels: np.ndarray,
    sources: np.ndarray | None = None,
    groups: np.ndarray | None = None,
) -> Calibration:
    """Temperature and bias, or a whole matrix and bias (Guo et al. 2017 for both): whichever has
    the less cross-entropy in a source left out of the fit, the sources counting alike.

    Of one source alone, on patients left out, five parts in turn. A matrix that is not monotone
    is never chosen, and nothing is where every part lacks a class: then temperature and bias.
    """
    groups = np.arange(len(labels)) if groups is None else groups
    parts = [] if sources is None else _sources_in_turn(labels, sources)
    if not parts:
        parts = _patients_in_turn(labels, groups)
    scaled = by_temperature(logits, labels)
    if not parts:
        return scaled
    mixed = by_matrix(logits, labels, groups)
    if not is_monotone(mixed[0]):
        return scaled

    def left_out(fit: Callable[[np.ndarray], Calibration]) -> float:
        """The mean cross-entropy of the parts left out; `fit`: indices to a calibration."""
        return float(
            np.mean(
                [_cross_entropy(*fit(seen), logits[rest], labels[rest]) for seen, rest in parts]
            )
        )

    by_scale = left_out(lambda seen: by_temperature(logits[seen], labels[seen]))
    by_mixing = left_out(lambda seen: by_matrix(logits[seen], labels[seen], groups[seen]))
    return mixed if by_mixing < by_scale else scaled


def by_temperature(logits: np.ndarray, labels: np.ndarray) -> Calibration:
    """Temperature and bias of least cross-entropy.

    The biases sum to 0, since only their differences matter.
    """
    answers = logits.shape[1]

    def unfolded(parameters: np.ndarray) -> Calibration:
        return scaled_by(float(np.exp(parameters[0])), answers), tuple(parameters[1:])

    def cross_entropy(parameters: np.ndarray) -> float:
        return _cross_entropy(*unfolded(parameters), logits, labels)

    fitted = minimize(cross_entropy, np.zeros(1 + answers), method="BFGS").x
    fitted[1:] -= fitted[1:].mean()
    weights, bias = unfolded(fitted)
    return weights, tuple(map(float, bias))


def by_matrix(
    logits: np.ndarray, labels: np.ndarray, groups: np.ndarray | None = None
) -> Calibration:
    """A matrix and bias of least penalised cross-entropy: logistic regression on the logits less
    their mean, its penalty chosen on patients left out, five parts in turn.

    Softmax ignores the mean of the logits, so a network's training leaves it arbitrary: as a
    feature it would be noise. Each row of the matrix sums to 0, and a shift of all logits by the
    same amount changes nothing.
    """
    centred = logits - logits.mean(axis=1, keepdims=True)
    parts = _patients_in_turn(labels, np.arange(len(labels)) if groups is None else groups)

    def left_out(penalty: float) -> float:
        found = [
            _cross_entropy(
                *_regressed(centred[seen], labels[seen], penalty), centred[rest], labels[rest]
            )
            for seen, rest in parts
        ]
        return float(np.mean(found))

    penalty = min(_PENALTIES, key=left_out) if parts else 1.0
    return _regressed(centred, labels, penalty)


def is_monotone(weights: Sequence[Sequence[float]]) -> bool:
    """Whether raising one logit alone never lowers that answer's own probability.

    With p = softmax(W z + b), dp_i/dz_i = p_i (W_ii - sum_k p_k W_ki). The sum is a mean of column
    i, so this is never negative if W_ii is the greatest of its column; and where it is not, it is
    negative wherever the answer with the greatest entry has nearly all the probability.
    """
    matrix = np.array(weights)
    return bool((np.diag(matrix) >= matrix.max(axis=0)).all())


def _regressed(centred: np.ndarray, labels: np.ndarray, penalty: float) -> Calibration:
    """The calibration that logistic regression gives, its rows summing to 0."""
    fitted = LogisticRegression(C=penalty, solver="newton-cholesky", max_iter=5000).fit(
        centred, labels
    )
    rows, bias = fitted.coef_, fitted.intercept_
    if len(rows) == 1:  # of two answers it gives the second's alone
        rows, bias = np.stack([-rows[0], rows[0]]) / 2, np.array([-bias[0], bias[0]]) / 2
    rows = rows - rows.mean(axis=1, keepdims=True)
    return tuple(map(tuple, rows.tolist())), tuple(bias.tolist())


def _sources_in_turn(labels: np.ndarray, sources: np.ndarray) -> list[Part]:
    """Each source of films enough left out, where the others still hold every class; empty where
    that is so of fewer than two.
    """
    parts = [np.nonzero(sources != source)[0] for source in np.unique(sources)]
    parts = [seen for seen in parts if len(labels) - len(seen) >= _FEW]
    return _complete(labels, parts, fewest=2)


def _patients_in_turn(labels: np.ndarray, groups: np.ndarray) -> list[Part]:
    """Five parts of the films left out in turn, no patient on both sides; without those whose rest
    lacks a class.
    """
    if len(np.unique(groups)) < _PARTS or np.bincount(labels).max() < _PARTS:
        return []
    with warnings.catch_warnings():  # of a class of fewer patients than parts: seen to below
        warnings.filterwarnings("ignore", "The least populated class")
        split = StratifiedGroupKFold(_PARTS, shuffle=True, random_state=0).split(
            labels, labels, groups
        )
        return _complete(labels, [seen for seen, _ in split], fewest=1)


def _complete(labels: np.ndarray, parts: Sequence[np.ndarray], *, fewest: int) -> list[Part]:
    """Those parts to fit on that hold every class and leave films out, each with what it leaves
    out; empty where they are fewer than `fewest`.
    """
    classes = len(np.unique(labels))
    complete = [
        (seen, np.setdiff1d(np.arange(len(labels)), seen))
        for seen in parts
        if len(np.unique(labels[seen])) == classes and len(seen) < len(labels)
    ]
    return complete if len(complete) >= fewest else []


def _cross_entropy(
    weights: Sequence[Sequence[float]],
    bias: Sequence[float],
    logits: np.ndarray,
    labels: np.ndarray,
) -> float:
    found = log_softmax(logits @ np.array(weights).T + np.array(bias), axis=1)
    return float(-found[np.arange(len(labels)), labels].mean())
