"""From three probabilities to a call in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from covid_core.findings import CLASSES, Finding

MIN_PROBABILITY = 0.5  # below it the three together outweigh any one of them
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


def decide(probabilities: np.ndarray) -> Decision:
    """Probabilities, (3,) in class order, to a call: the class that has the majority, if any."""
    first, second = np.argsort(probabilities)[::-1][:2]
    leading, runner_up = CLASSES[first], CLASSES[second]
    if probabilities[first] < MIN_PROBABILITY:
        return Decision(
            None, f"{leading.display_name} or {in_sentence(runner_up)}: the model can't tell."
        )
    sentence = f"{leading.display_name} is the most likely of the three."
    if leading is Finding.NORMAL:
        sentence += " A normal film does not exclude COVID-19."
    return Decision(leading, sentence)


def in_sentence(finding: Finding) -> str:
    """A finding's name inside a sentence: small letters, but for COVID-19."""
    return finding.display_name if finding is Finding.COVID else finding.display_name.lower()
