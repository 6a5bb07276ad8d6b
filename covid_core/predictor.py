"""The one door from radiograph to prediction, for the app, the command line and the audits."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from covid_core.decision import BALANCED, Decision, OperatingPoint, decide
from covid_core.errors import Abstained, WeightsError
from covid_core.findings import Finding
from covid_core.gate import Gate, Remark
from covid_core.networks import Network
from covid_core.radiograph import Radiograph
from covid_core.saliency import Saliency, grad_cam
from covid_core.weights import SHIPPED, WeightsCard, load_weights


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What the network made of one radiograph.

    `probabilities` (calibrated), `logits`: float64, one for each of `answers`, in their order.
    `feature_map`: float32 (channels, h, w), from which any answer's saliency is had without another
    pass.
    `placement`: where the film lay in the network's input. `radiograph_sha256`, `weights_sha256`:
    what was judged, and by what. `remarks`: what the gate found odd about the film.
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

    @property
    def label(self) -> Finding:
        """The most probable answer, majority or not."""
        return self.answers[int(self.probabilities.argmax())]

    def probability(self, finding: Finding) -> float:
        return float(self.probabilities[self.answers.index(finding)])

    def heat_due(self, finding: Finding) -> bool:
        """Whether the class reaches its threshold: the operating point's for the disease, the
        prediction set's for the others. Below it, heat would be read as a finding."""
        if finding is self.answers[-1]:
            return self.decision.positive
        return finding in self.decision.candidates


class Predictor:
    """A loaded network. It holds no state between calls, so all sessions may share one.

    One film is in the network at a time: two at once would only halve each other's speed, and grow
    the memory.
    """

    def __init__(self, network: Network, card: WeightsCard, gate: Gate | None = None) -> None:
        self.card = card
        self._gate = gate
        self._network = network.eval().requires_grad_(False)
        self._turn = threading.Lock()

    @classmethod
    def load(cls, folder: str | Path, recipe: str = SHIPPED) -> Predictor:
        """What a recipe left in a weights folder, behind the gate. Raises WeightsError.

        The gate knows no classifier: the project's own stands before any.
        """
        return cls(*load_weights(Path(folder), recipe), Gate.load())

    def predict(self, radiograph: Radiograph, point: str = BALANCED) -> Prediction:
        """Prepare the film, run the network once, decide at an operating point.

        Raises Abstained where the gate finds no frontal chest radiograph, CovidCoreError where the
        weights do not have that point.
        """
        remarks = self._gate.examine(radiograph) if self._gate else ()
        for remark in remarks:
            if remark.abstains:
                raise Abstained(remark.code, remark.problem, remark.remedy)
        preprocess = self.card.preprocess
        x = preprocess.tensor(preprocess.picture(radiograph.pixels)[np.newaxis])
        with self._turn, torch.inference_mode():
            feature_map = self._network.feature_map(x)
            logits = self._network.head(feature_map)[0].double()
        probabilities = self.card.rules.probabilities(logits.numpy())
        return Prediction(
            answers=self.card.classes,
            probabilities=probabilities,
            logits=logits.numpy(),
            feature_map=feature_map[0].numpy(),
            placement=preprocess.placement(radiograph.height_px, radiograph.width_px),
            decision=decide(probabilities, self.card.rules, self.card.classes, point),
            radiograph_sha256=radiograph.sha256,
            weights_sha256=self.card.sha256,
            model=self.card.name,
            notes=radiograph.notes,
            remarks=remarks,
        )

    def decide(self, prediction: Prediction, point: OperatingPoint) -> Prediction:
        """The same prediction decided at another operating point; runs no network.

        Raises WeightsError where other weights made it.
        """
        self._check(prediction)
        rules = replace(self.card.rules, points=(point,))
        decision = decide(prediction.probabilities, rules, self.card.classes, point.name)
        return replace(prediction, decision=decision)

    def explain(self, prediction: Prediction, finding: Finding) -> Saliency:
        """Any answer's saliency of a prediction made by these weights; runs no backbone.

        Raises WeightsError where others made it.
        """
        self._check(prediction)
        head, output = self._network.head, self.card.classes.index(finding)
        return Saliency(
            finding=finding,
            cells=grad_cam(head, prediction.feature_map, output),
            bias=float(head.linear.bias[output]),
            placement=prediction.placement,
            size_px=self.card.preprocess.size_px,
            full_heat=self.card.full_heat,
        )

    def _check(self, prediction: Prediction) -> None:
        if prediction.weights_sha256 != self.card.sha256:
            raise WeightsError(
                "this prediction was made by other weights", "Read the film again with these"
            )
