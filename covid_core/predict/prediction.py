"""What a network made of one radiograph: the record that everything else presents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from covid_core.crop import WHOLE, Crop
from covid_core.findings import Finding
from covid_core.model.decision import Decision
from covid_core.predict.gate import Remark


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What the network made of one radiograph.

    `probabilities` (calibrated), `logits`: float64, one for each of `answers`, in their order.
    `feature_map`: float32 (channels, h, w), which gives any answer's saliency without another
    pass. `opacity`: the probability of an opacity in each cell, float32 (h, w), by a network that
    learnt radiologists' boxes; None from any other. `crop`: the part of the film inside its
    borders, where they are cut off. `placement`: where it lay in the network's input.
    `radiograph_sha256`,
    `weights_sha256`: what was judged, and by what. `remarks`: what the gate found odd about it.
    """

    answers: tuple[Finding, ...]
    probabilities: np.ndarray
    logits: np.ndarray
    feature_map: np.ndarray
    placement: tuple[int, int, int, int]
    decision: Decision
    radiograph_sha256: str
    weights_sha256: str
    model: str
    notes: tuple[str, ...]
    remarks: tuple[Remark, ...] = ()
    crop: Crop = WHOLE
    opacity: np.ndarray | None = None

    @property
    def label(self) -> Finding:
        """The most probable answer, majority or not."""
        return self.answers[int(self.probabilities.argmax())]

    def probability(self, finding: Finding) -> float:
        """The calibrated probability of one of the answers."""
        return float(self.probabilities[self.answers.index(finding)])

    def heat_due(self, finding: Finding) -> bool:
        """Whether the class reaches its threshold, below which heat would be read as a finding.

        The threshold is the operating point's for the disease, the prediction set's for the others.
        """
        if finding is self.answers[-1]:
            return self.decision.positive
        return finding in self.decision.candidates
