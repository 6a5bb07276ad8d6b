"""Calibration undoes what was done to logits, ignores what softmax ignores, and is chosen where it
had no part in the fit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from covid_core.model.decision import Rules
from covid_core.training.fit_calibration import (
    fit_calibration,
    fit_matrix,
    fit_temperature,
    is_monotone,
)
from tests.training.test_fit_rules import drawn

# Logits multiplied by it can be had back: its columns sum to 1, so a common shift stays one.
MIXING = np.array([[1.0, 0.3, 0.0], [0.0, 0.7, 0.3], [0.0, 0.0, 0.7]])


def probabilities(calibration: tuple, logits: np.ndarray) -> np.ndarray:
    weights, bias = calibration
    return Rules(weights, bias, (), (0.0,) * len(bias)).probabilities(logits)


def test_calibration_undoes_what_was_done_to_the_logits() -> None:
    labels, logits = drawn(20000, seed=0)
    weights, bias = fit_temperature((logits - np.array([1.0, 0.0, -1.0])) * 3, labels)
    assert np.array(weights) == pytest.approx(np.eye(3) / 3, rel=0.05)
    assert np.array(bias) == pytest.approx([1, 0, -1], abs=0.08)
    assert sum(bias) == pytest.approx(0, abs=1e-9)


def test_a_matrix_is_fitted_only_where_films_left_out_are_better_for_it() -> None:
    labels, logits = drawn(2000, seed=8)
    few = slice(0, 90)
    plain, _ = fit_calibration(logits[few], labels[few])
    assert np.count_nonzero(plain) == 3, "a temperature, where there is nothing else to find"
    whole = fit_calibration(logits @ MIXING, labels)
    assert np.count_nonzero(whole[0]) == 9
    _, scored = drawn(20000, seed=9)
    found = probabilities(whole, scored @ MIXING)
    assert np.abs(found - softmax(scored, axis=1)).mean() < 0.02


@pytest.mark.parametrize("fit", [fit_temperature, fit_matrix, fit_calibration])
def test_a_shift_of_all_logits_changes_no_probability(fit) -> None:
    labels, logits = drawn(2000, seed=1)
    # The mean of the logits depends on the class, as an untrained direction of a network may.
    shifted = logits @ MIXING + 2.0 * labels[:, None]
    calibration = fit(shifted, labels)
    before = probabilities(calibration, shifted)
    for shift in (0.1, 1.0, -50.0):
        assert probabilities(calibration, shifted + shift) == pytest.approx(before, abs=1e-9)
    assert probabilities(fit(shifted + 5.0, labels), shifted) == pytest.approx(before, abs=1e-4)


def test_a_matrix_of_two_answers_is_symmetric() -> None:
    labels, logits = drawn(3000, seed=10)
    two = labels < 2
    weights, bias = fit_matrix(logits[two, :2], labels[two])
    assert np.array(weights).sum(axis=0) == pytest.approx([0, 0])
    assert np.array(weights).sum(axis=1) == pytest.approx([0, 0])
    assert sum(bias) == pytest.approx(0)


def test_what_is_less_wrong_in_a_source_left_out_is_chosen() -> None:
    """The largest source mixes its answers up one way, the others the other way: a matrix is better
    on patients left out of all of them, and wrong in each source that it did not see."""
    labels, logits = drawn(1500, seed=3)
    sources = np.random.default_rng(3).choice(["one", "two", "three"], 1500, p=(0.8, 0.1, 0.1))
    strong = np.array([[1.0, 0.6, 0.0], [0.0, 0.4, 0.6], [0.0, 0.0, 0.4]])
    mixed = np.where((sources == "one")[:, None], logits @ strong, logits @ np.linalg.inv(strong))
    assert np.count_nonzero(fit_calibration(mixed, labels)[0]) == 9
    assert np.count_nonzero(fit_calibration(mixed, labels, sources)[0]) == 3
    alike = fit_calibration(logits @ MIXING, labels, sources)
    assert np.count_nonzero(alike[0]) == 9, "where all sources are mixed alike, a matrix is better"


def test_patients_are_not_on_both_sides_when_the_penalty_is_chosen() -> None:
    """Noise, and each patient's films are copies: taken for independent, they can be learnt."""
    patients = np.repeat(np.arange(18), 20)
    labels, logits = patients % 3, np.random.default_rng(5).normal(size=(18, 3))[patients]
    grouped, _ = fit_matrix(logits, labels, patients)
    alone, _ = fit_matrix(logits, labels)
    assert np.abs(grouped).sum() < np.abs(alone).sum() / 2


def test_one_class_in_one_source_leaves_temperature_and_bias() -> None:
    labels, logits = drawn(60, seed=6)
    groups = labels  # all films of a class are one patient's
    assert np.count_nonzero(fit_calibration(logits, labels, None, groups)[0]) == 3


@pytest.mark.parametrize("seed", range(5))
def test_monotone_is_what_no_logit_raised_alone_lowers_itself_by(seed: int) -> None:
    drawing = np.random.default_rng(seed)
    for _ in range(20):
        weights = drawing.normal(size=(3, 3)) + np.eye(3)
        weights -= weights.mean(axis=1, keepdims=True)
        rules = Rules(tuple(map(tuple, weights)), (0.0,) * 3, (), (0.0,) * 3)
        logits = drawing.normal(size=(4000, 3)) * 12
        before, falls = rules.probabilities(logits), False
        for i in range(3):
            raised = logits.copy()
            raised[:, i] += 0.01
            falls |= bool((rules.probabilities(raised)[:, i] < before[:, i] * (1 - 1e-9)).any())
        assert is_monotone(weights.tolist()) == (not falls)


def test_a_matrix_that_is_not_monotone_is_never_chosen() -> None:
    """Logits of two answers are swapped, so only a matrix that lowers an answer by its own logit
    fits the films."""
    labels, logits = drawn(2000, seed=2)
    swapped = logits[:, [1, 0, 2]]
    assert not is_monotone(fit_matrix(swapped, labels)[0])
    weights, _ = fit_calibration(swapped, labels)
    assert is_monotone(weights) and np.count_nonzero(weights) == 3
