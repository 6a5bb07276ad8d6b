"""From probabilities to a call in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from covid_core.findings import CLASSES, Finding

MIN_PROBABILITY = 0.5  # below it the others together outweigh any one of them
INDETERMINATE = "indeterminate"


@dataclass(frozen=True, slots=True)
class Decision:
    """`finding`: what the film is called, or None where no class has the majority."""

    finding: Finding | None
    sentence: str

    @property
    def name(self) -> str:
        """The word used in files: a class, or `indeterminate`."""
        return self.finding.value if self.finding else INDETERMINATE


def decide(probabilities: np.ndarray, answers: Sequence[Finding] = CLASSES) -> Decision:
    """Probabilities, (N,) in the order of `answers`, to a call: what has the majority, if any."""
    first, second = np.argsort(probabilities)[::-1][:2]
    leading, runner_up = answers[first], answers[second]
    if probabilities[first] < MIN_PROBABILITY:
        return Decision(
            None, f"{leading.display_name} or {in_sentence(runner_up)}: the model can't tell."
        )
    number = {2: "two", 3: "three"}[len(answers)]
    sentence = f"{leading.display_name} is the most likely of the {number}."
    if leading in (Finding.NORMAL, Finding.NOT_COVID):
        sentence += " A normal film does not exclude COVID-19."
    return Decision(leading, sentence)


def in_sentence(finding: Finding) -> str:
    """A finding's name inside a sentence: small letters, but for COVID-19."""
    name = finding.display_name
    return name if finding is Finding.COVID else name[0].lower() + name[1:]
