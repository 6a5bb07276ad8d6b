"""Probabilities to a call: by majority, in words, and honest about a tie."""

from __future__ import annotations

import numpy as np
import pytest

from covid_core.decision import decide
from covid_core.findings import CLASSES, Finding


@pytest.mark.parametrize("finding", CLASSES)
def test_majority_is_called(finding: Finding) -> None:
    probabilities = np.full(3, 0.1)
    probabilities[CLASSES.index(finding)] = 0.8
    decision = decide(probabilities)
    assert decision.finding is finding
    assert decision.name == finding.value
    assert finding.display_name in decision.sentence


def test_no_majority_names_the_two_it_cannot_tell() -> None:
    decision = decide(np.array([0.15, 0.43, 0.42]))
    assert decision.finding is None
    assert decision.name == "indeterminate"
    assert decision.sentence == "Other pneumonia or COVID-19: the model can't tell."


def test_a_normal_film_is_not_said_to_exclude_covid() -> None:
    assert "does not exclude COVID-19" in decide(np.array([0.9, 0.05, 0.05])).sentence
