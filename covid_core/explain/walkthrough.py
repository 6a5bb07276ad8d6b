"""How one answer came about, in numbers: picture, cells, score, probability, call."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from covid_core.errors import CovidCoreError
from covid_core.findings import Finding
from covid_core.model.card import WeightsCard
from covid_core.model.decision import OperatingPoint, softmax
from covid_core.model.saliency import Saliency
from covid_core.predict.prediction import Prediction

_EXACT = 1e-3  # logits; the cells are added in float32


@dataclass(frozen=True, slots=True, eq=False)
class Walkthrough:
    """The way from a film to the probability of one class.

    `picture`: what the network is given, uint8 (size_px, size_px). `cells`: the evidence for
    (above 0) or against `finding` in each part of it, float32 (H, W), in logits; their sum plus
    `bias` is `score`, the class's logit. `before`: softmax of all logits, `after`: calibrated,
    float64 (N,), in the order of `answers`. `least`: the probability from which an answer belongs
    to the prediction set, one an answer. `points`: the operating points there are; `point`: the
    one that decided.
    """

    finding: Finding
    answers: tuple[Finding, ...]
    picture: np.ndarray
    cells: np.ndarray
    bias: float
    score: float
    before: np.ndarray
    after: np.ndarray
    least: tuple[float, ...]
    points: tuple[OperatingPoint, ...]
    point: OperatingPoint

    @property
    def supporting(self) -> float:
        """The sum of the cells that speak for the class, in logits."""
        return float(np.maximum(self.cells, 0).sum(dtype=np.float64))

    @property
    def opposing(self) -> float:
        """The sum of the cells that speak against it: 0 or below, in logits."""
        return float(np.minimum(self.cells, 0).sum(dtype=np.float64))

    @property
    def strongest(self) -> tuple[int, int]:
        """Row and column, from 1, of the cell that speaks loudest for the class."""
        row, column = np.unravel_index(int(self.cells.argmax()), self.cells.shape)
        return int(row) + 1, int(column) + 1


def walk_through(card: WeightsCard, prediction: Prediction, saliency: Saliency) -> Walkthrough:
    """The steps from a film to the class of `saliency`, one of this prediction's maps.

    `card`: of the weights that made the prediction. Runs no network. Raises CovidCoreError where
    the cells do not add up to the score, as behind a head of several layers.
    """
    finding = saliency.finding
    score = float(prediction.logits[prediction.answers.index(finding)])
    if abs(float(saliency.cells.sum(dtype=np.float64)) + saliency.bias - score) > _EXACT:
        raise CovidCoreError(
            "the cells of this network do not add up to its score",
            "Ask for a network with one linear layer after the mean, such as the shipped one",
        )
    rules = card.rules
    return Walkthrough(
        finding=finding,
        answers=prediction.answers,
        picture=prediction.picture,
        cells=saliency.cells,
        bias=saliency.bias,
        score=score,
        before=softmax(prediction.logits),
        after=prediction.probabilities,
        least=rules.sets_of(prediction.decision.point).least,
        points=rules.points,
        point=prediction.decision.point,
    )
