"""The rules that turn a network's logits into calls, fitted on validation films.

They are the calibration (`fit_calibration`), operating points for the disease, and the thresholds
of the prediction sets. None of it changes the network.
"""

from __future__ import annotations

import numpy as np
from sklearn.metrics import roc_curve

from covid_core.errors import DatasetError
from covid_core.local_validation.prediction_sets import (
    COVERAGE,
    FEW,
    conformal_quantile,
    shrink_quantile,
)
from covid_core.model.decision import BALANCED, RULE_IN, RULE_OUT, OperatingPoint, Rules
from covid_core.training.fit_calibration import fit_calibration

LEAST_SENSITIVITY = 0.98  # at rule-out
LEAST_SPECIFICITY = 0.98  # at rule-in


def fit_rules(
    logits: np.ndarray, labels: np.ndarray, sources: np.ndarray, groups: np.ndarray | None = None
) -> Rules:
    """Rules fitted on validation films. Raises DatasetError where an output has too few of them.

    `logits`: float (N, outputs); `labels`: int (N,), an output each; `sources`: text (N,);
    `groups`: int (N,), the same for films of one patient; None where each film is its own.
    """
    fewest = np.bincount(labels, minlength=logits.shape[1]).min()
    if fewest < FEW:
        raise DatasetError(
            f"a class has only {fewest} validation films, too few to fit thresholds on",
            f"Give at least {FEW} films of each class to validation",
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
        pooled = conformal_quantile(probabilities[own], output)
        parts = [] if sources is None else [own & (sources == s) for s in np.unique(sources[own])]
        shrunk = [
            shrink_quantile(
                conformal_quantile(probabilities[part], output), pooled, int(part.sum())
            )
            for part in parts
            if part.sum() >= FEW
        ]
        least.append(min([pooled, *shrunk]))
    return tuple(least)
