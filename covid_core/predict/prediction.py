"""What a network made of one radiograph: the record that everything else presents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from covid_core.crop import WHOLE, Crop
from covid_core.errors import WeightsError
from covid_core.findings import APPEARANCES, Appearance, Finding
from covid_core.model.decision import Decision
from covid_core.model.gate_findings import Remark


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What the network made of one radiograph.

    `picture`: the film as the network was given it, uint8 (S, S). `probabilities` (calibrated),
    `logits`: float64, one for each of `answers`, in their order.
    `feature_map`: float32 (channels, h, w), from which any answer's saliency is had without another
    pass. `opacity`: the probability of an opacity in each cell, float32 (h, w), 0 where a cell
    holds nothing of the film, by a network that learnt radiologists' boxes; None by any other.
    `appearances`: the network's share for each RSNA category, float64 (4,), in the order of
    APPEARANCES, not calibrated; None by a network that did not learn them. `crop`: the part of the
    film inside its borders, where they are cut off. `placement`: where it lay in the network's
    input. `radiograph_sha256`, `weights_sha256`: what was judged, and by what. `remarks`: what the
    gate found odd about it. `child`: whether its file says that the patient is one. `calibrated`:
    whether the probabilities are, or the weights have no rules for that.
    """

    picture: np.ndarray
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
    appearances: np.ndarray | None = None
    child: bool = False
    calibrated: bool = True

    @property
    def score_name(self) -> str:
        """What its probabilities are to be called."""
        return "Calibrated probability" if self.calibrated else "Score, not calibrated"

    def score_of(self, name: str) -> str:
        """What its probability of the class of that name is to be called."""
        return f"{self.score_name}{'' if self.calibrated else ','} of {name}"

    @property
    def label(self) -> Finding:
        """The most probable answer, majority or not."""
        return self.answers[int(self.probabilities.argmax())]

    @property
    def category(self) -> Appearance | None:
        """The likeliest RSNA category; None by a network that did not learn them."""
        if self.appearances is None:
            return None
        return APPEARANCES[int(self.appearances.argmax())]

    @property
    def category_share(self) -> float | None:
        """The network's share for the likeliest RSNA category, 0 to 1, not calibrated."""
        return None if self.appearances is None else float(self.appearances.max())

    @property
    def opacity_peak(self) -> float | None:
        """The highest probability of an opacity in any cell; None without an opacity map."""
        return None if self.opacity is None else float(self.opacity.max())

    def refuse_other_weights(self, sha256: str) -> None:
        """Raise WeightsError where other weights made it than those of this SHA-256."""
        if self.weights_sha256 != sha256:
            raise WeightsError(
                "this prediction was made by other weights", "Read the film again with these"
            )

    def probability(self, finding: Finding) -> float:
        """The calibrated probability of one of the answers."""
        return float(self.probabilities[self.answers.index(finding)])

    def heat_due(self, finding: Finding) -> bool:
        """Whether the class reaches its threshold, below which heat would be read as a finding.

        None does where no map may be drawn (`Decision.draws_heat`), and what is normal never does.
        The threshold is the operating point's for the disease, the prediction set's for the others.
        """
        if finding is Finding.NORMAL or not self.decision.draws_heat:
            return False
        if finding is self.answers[-1]:
            return self.decision.positive
        return finding in self.decision.candidates
