"""Ways to calibrate, and ways to make prediction sets, compared.

    python -m benchmarks.calibration MANIFEST [--weights DIR]

Fitted on validation films, measured on the test part and on sources held out. What was chosen is in
`covid_core.training.fit_rules`; the rest stays here alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.isotonic import IsotonicRegression

from benchmarks.arguments import parser_of
from covid_core.datasets.manifest import read_manifest
from covid_core.datasets.split import MEASURED, Split
from covid_core.engines.memory import pick_device
from covid_core.evaluation.answers import load_or_compute_logits
from covid_core.metrics import auroc, reliability
from covid_core.model.card import WEIGHTS
from covid_core.model.decision import COVERAGE, Rules
from covid_core.model.network_files import load_weights
from covid_core.present import markdown
from covid_core.training.films import Films, load_films
from covid_core.training.fit_calibration import fit_matrix, fit_temperature
from covid_core.training.fit_rules import fit_rules, least_probabilities

Calibrated = Callable[[np.ndarray], np.ndarray]  # logits (N, outputs) to probabilities
PARTS = (Split.VALIDATION, *MEASURED)


def as_it_is(logits: np.ndarray, labels: np.ndarray) -> Calibrated:
    return lambda given: softmax(given, axis=1)


def temperature(logits: np.ndarray, labels: np.ndarray) -> Calibrated:
    """Guo et al. 2017."""

    def cross_entropy(exponent: float) -> float:
        found = log_softmax(logits * np.exp(exponent), axis=1)
        return float(-found[np.arange(len(labels)), labels].mean())

    scale = np.exp(minimize_scalar(cross_entropy).x)
    return lambda given: softmax(given * scale, axis=1)


def temperature_and_bias(logits: np.ndarray, labels: np.ndarray) -> Calibrated:
    weights, bias = fit_temperature(logits, labels)
    return Rules(weights, bias, (), (0.0,) * len(bias)).probabilities


def matrix(logits: np.ndarray, labels: np.ndarray) -> Calibrated:
    weights, bias = fit_matrix(logits, labels)
    return Rules(weights, bias, (), (0.0,) * len(bias)).probabilities


def isotonic(logits: np.ndarray, labels: np.ndarray) -> Calibrated:
    """Each class against the rest, then made to sum to one (Zadrozny and Elkan 2002)."""
    scores = softmax(logits, axis=1)
    fitted = [
        IsotonicRegression(out_of_bounds="clip", y_min=1e-4, y_max=1 - 1e-4).fit(
            scores[:, i], labels == i
        )
        for i in range(logits.shape[1])
    ]

    def calibrated(given: np.ndarray) -> np.ndarray:
        each = softmax(given, axis=1)
        rows = np.stack([one.predict(each[:, i]) for i, one in enumerate(fitted)], axis=1)
        return rows / rows.sum(axis=1, keepdims=True)

    return calibrated


WAYS = {
    "as it is": as_it_is,
    "temperature": temperature,
    "temperature and bias": temperature_and_bias,
    "matrix": matrix,
    "isotonic": isotonic,
}


def calibrations(logits: dict[Split, np.ndarray], labels: dict[Split, np.ndarray]) -> str:
    """Calibration error, cross-entropy and AUROC of COVID-19, by way and part."""
    rows = []
    for name, fit in WAYS.items():
        calibrated = fit(logits[Split.VALIDATION], labels[Split.VALIDATION])
        row = [name]
        for part in MEASURED:
            found, own = calibrated(logits[part]), labels[part]
            right = found.argmax(axis=1) == own
            entropy = -np.log(found[np.arange(len(own)), own] + 1e-12).mean()
            error = reliability(found.max(axis=1), right).error
            row += [f"{error:.4f}", f"{entropy:.3f}", f"{auroc(own == 2, found[:, 2]):.3f}"]
        rows.append(row)
    measured = ("calibration error", "cross-entropy", "AUROC, COVID-19")
    header = [f"{part}: {figure}" for part in ("test", "held out") for figure in measured]
    return markdown.table(["Calibration", *header], rows)


def sets(films: Films, logits: dict[Split, np.ndarray], labels: dict[Split, np.ndarray]) -> str:
    """Coverage and decisiveness of prediction sets, by how their thresholds were found."""
    sources = films.sources[films.part(Split.VALIDATION)]
    groups = films.groups[films.part(Split.VALIDATION)]
    fitted = fit_rules(logits[Split.VALIDATION], labels[Split.VALIDATION], sources, groups)
    known = fitted.probabilities(logits[Split.VALIDATION])
    own = labels[Split.VALIDATION]
    coverage = fitted.coverage or COVERAGE
    lowest = int(np.floor((len(own) + 1) * (1 - coverage))) - 1
    marginal = np.sort(known[np.arange(len(own)), own])[lowest]
    ways = {
        "all classes together": replace(fitted, least=(float(marginal),) * 3),
        "each class": replace(fitted, least=least_probabilities(known, own, coverage=coverage)),
        "each class, hardest source": fitted,
    }
    rows = []
    for name, rules in ways.items():
        row = [name]
        for part in MEASURED:
            found = rules.prediction_sets(rules.probabilities(logits[part]))
            covered, one = found[np.arange(len(found)), labels[part]], found.sum(axis=1) == 1
            row += [f"{covered.mean():.3f}", f"{one.mean():.3f}", f"{covered[one].mean():.3f}"]
        rows.append(row)
    measured = ("covered", "one answer", "right, of those")
    header = [f"{part}: {figure}" for part in ("test", "held out") for figure in measured]
    return markdown.table(["Thresholds of", *header], rows)


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--cache", type=Path, default=Path("runs/cache"))
    options = parser.parse_args()
    network, card = load_weights(options.weights)
    films = load_films(read_manifest(options.manifest), card.preprocess, options.cache, workers=2)
    device = pick_device()
    logits = load_or_compute_logits(network.to(device), card, films, options.cache, device=device)
    labels = {part: films.labels[films.part(part)] for part in PARTS}
    print(calibrations(logits, labels), sets(films, logits, labels), sep="\n\n")


if __name__ == "__main__":
    main()
