"""From a radiograph to a prediction, the one way for the app, the commands and the audits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from covid_core.engines.choice import Choice, engine_of
from covid_core.engines.engine import Engine, Lanes, Precision
from covid_core.engines.proof import read_proof
from covid_core.engines.trained import classifier
from covid_core.errors import Abstained
from covid_core.findings import Finding
from covid_core.model.card import (
    APPEARANCE,
    SHIPPED,
    WeightsCard,
    find_part,
    head_tensors,
    read_card,
)
from covid_core.model.decision import (
    BALANCED,
    Decision,
    OperatingPoint,
    decide,
    is_close,
    softmax,
)
from covid_core.model.gate_findings import UNDER_18, UNUSABLE, Remark, remarks_on_crop
from covid_core.model.head import Head, sigmoid
from covid_core.model.saliency import Saliency
from covid_core.model.tiers import Tier
from covid_core.predict.gate import INSIDE, Gate
from covid_core.predict.gate import NAME as GATE_NAME
from covid_core.predict.gate import PREPROCESS as GATE_PREPROCESS
from covid_core.predict.prediction import Prediction
from covid_core.prepare.preprocess import shrink_for
from covid_core.read.radiograph import Radiograph

FLOAT32 = Precision.FLOAT32


@dataclass(frozen=True, slots=True)
class SecondLook:
    """A second engine for films whose call a quicker precision might change.

    `engine`: the same network in float32. `margin`: how near to a limit that is, in log odds.
    """

    engine: Engine
    margin: float


class Predictor:
    """A loaded network.

    It holds no state between calls, so all sessions may share one, and threads may call it side by
    side. `engine`: what runs it. `gate`: what stands before it, if anything.
    """

    def __init__(
        self,
        engine: Engine,
        head: Head,
        card: WeightsCard,
        gate: Gate | None = None,
        second_look: SecondLook | None = None,
        appearance: Head | None = None,
    ) -> None:
        self.card = card
        self._appearance = appearance
        self.engine = engine
        self.head = head
        self.gate = gate
        self._second_look = second_look

    @classmethod
    def load(
        cls,
        folder: str | Path,
        recipe: str = SHIPPED,
        *,
        choice: Choice = Choice.AUTO,
        lanes: Lanes | None = None,
        gated: bool = True,
        card: WeightsCard | None = None,
    ) -> Predictor:
        """The predictor of a recipe's weights, behind the gate. Raises WeightsError.

        The project's own gate stands before any classifier. `card`: of these weights, where it was
        read already, as that of a study's network by the shipped one's name.
        """
        folder = Path(folder)
        card = card or read_card(folder, recipe)
        tensors = head_tensors(folder, recipe, card)
        head = Head.of(tensors, card.head_plan)
        appearance = Head.of_layers(tensors, APPEARANCE) if card.appearance else None
        trained = classifier(folder, recipe, card)
        proof = read_proof(folder, recipe, card.sha256)
        engine = engine_of(trained, choice, proof.precision if proof else FLOAT32, lanes)
        gate = Gate.load(find_part(folder, GATE_NAME), choice, lanes) if gated else None
        if proof is None or engine.precision is FLOAT32:
            return cls(engine, head, card, gate, appearance=appearance)
        exact = engine_of(trained, choice, FLOAT32, lanes)
        if engine.title != proof.engine:  # of another engine, or version, nothing is known
            return cls(exact, head, card, gate, appearance=appearance)
        return cls(engine, head, card, gate, SecondLook(exact, proof.margin), appearance)

    def predict(self, radiograph: Radiograph, point: str = BALANCED) -> Prediction:
        """Prepare the film, run the network once, decide at an operating point.

        Raises Abstained where the gate finds no frontal chest radiograph, CovidCoreError where the
        weights do not have that point.
        """
        (judged,) = self.predict_many([radiograph], point)
        if isinstance(judged, Abstained):
            try:
                raise judged
            finally:
                del judged, radiograph  # what is raised holds this frame, and would hold the film
        return judged

    def predict_many(
        self, radiographs: Sequence[Radiograph], point: str = BALANCED
    ) -> list[Prediction | Abstained]:
        """Each film's prediction, in one call of the engine; an abstention is given, not raised.

        Raises CovidCoreError where the weights do not have that point.
        """
        remarks = [self._examine(film) for film in radiographs]
        refusals = [_refusal(found) for found in remarks]
        films = [film for film, no in zip(radiographs, refusals, strict=True) if no is None]
        pictures = [self.card.preprocess.picture(film) for film in films]
        given = zip(pictures, self._maps_of_each(pictures), strict=True)
        return [
            no or self._judged(film, *next(given), found, point)
            for film, found, no in zip(radiographs, remarks, refusals, strict=True)
        ]

    def _examine(self, film: Radiograph) -> tuple[Remark, ...]:
        """What speaks against judging a film, or should be known to its reader."""
        borders = self.card.preprocess.borders
        if self.gate is None:
            return remarks_on_crop(self.card.preprocess.crop(film))
        shrink_for(film, GATE_PREPROCESS, INSIDE, self.card.preprocess)
        found = self.gate.examine(film)
        if _refusal(found):
            return found
        return (*found, *remarks_on_crop(film.crop, kept=borders == "keep"))

    @property
    def margin(self) -> float:
        """How near to a limit, in log odds, a quicker precision might err; 0 in float32."""
        return self._second_look.margin if self._second_look else 0.0

    def feature_maps(self, x: np.ndarray, *, exact: bool = False) -> np.ndarray:
        """The network's feature maps of prepared films, float32 (N, channels, h, w).

        Films too close to call are run a second time in float32; all of them where `exact`.
        """
        if exact and self._second_look:
            return self._second_look.engine.run(x)[0]
        return self._maps(x)[0]

    def _maps(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """The feature maps; and the opacity maps' log odds, float32 (N, 1, h, w), if any."""
        maps = self.engine.run(x)
        look = self._second_look
        close = [i for i, found in enumerate(maps[0]) if look and self._is_close(found, look)]
        if look and close:
            for own, exact in zip(maps, look.engine.run(x[close]), strict=True):
                own[close] = exact
        return maps

    def _maps_of_each(
        self, pictures: Sequence[np.ndarray]
    ) -> list[tuple[np.ndarray, np.ndarray | None]]:
        """Each picture's feature map, and its opacity map where there is one."""
        if not pictures:
            return []
        features, *more = self._maps(self.card.preprocess.input(np.stack(pictures)))
        opacity = [sigmoid(one[0]) for one in more[0]] if more else [None] * len(features)
        return list(zip(features, opacity, strict=True))

    def logits(self, pictures: np.ndarray, *, exact: bool = False) -> np.ndarray:
        """The network's logits, float64 (N, answers), without the gate.

        `pictures`: uint8 (N, S, S), as its card's `preprocess` makes them, or changed since;
        `exact`: as `feature_maps` takes it.
        """
        found = self.feature_maps(self.card.preprocess.input(pictures), exact=exact)
        return np.stack([self.head.logits(feature_map) for feature_map in found])

    def _is_close(self, feature_map: np.ndarray, look: SecondLook) -> bool:
        rules = self.card.rules
        return is_close(rules.probabilities(self.head.logits(feature_map)), rules, look.margin)

    def _judged(
        self,
        radiograph: Radiograph,
        picture: np.ndarray,
        maps: tuple[np.ndarray, np.ndarray | None],
        remarks: tuple[Remark, ...],
        point: str,
    ) -> Prediction:
        feature_map, opacity = maps
        logits = self.head.logits(feature_map)
        probabilities = self.card.rules.probabilities(logits)
        crop = self.card.preprocess.crop(radiograph)
        placement = self.card.preprocess.placement(*crop.shape(*radiograph.shape))
        if opacity is not None:
            size_px = self.card.preprocess.size_px
            opacity = np.where(_cells_of_film(opacity.shape, placement, size_px), opacity, 0)
        head = self._appearance
        appearances = None if head is None else softmax(head.logits(feature_map))
        decision = decide(probabilities, self.card.rules, self.card.classes, point)
        return Prediction(
            picture=picture,
            answers=self.card.classes,
            probabilities=probabilities,
            logits=logits,
            feature_map=feature_map,
            placement=placement,
            calibrated=self.card.rules.fitted,
            decision=_withhold_unusable(decision, remarks, radiograph.child),
            radiograph_sha256=radiograph.sha256,
            weights_sha256=self.card.sha256,
            model=self.card.name,
            notes=radiograph.notes,
            remarks=remarks,
            crop=crop,
            opacity=opacity,
            appearances=appearances,
            child=radiograph.child,
        )

    def decide(self, prediction: Prediction, point: OperatingPoint) -> Prediction:
        """The same prediction decided at another operating point; runs no network.

        Raises WeightsError where other weights made it.
        """
        prediction.refuse_other_weights(self.card.sha256)
        rules = replace(self.card.rules, points=(point,))
        decision = decide(prediction.probabilities, rules, self.card.classes, point.name)
        return replace(
            prediction, decision=_withhold_unusable(decision, prediction.remarks, prediction.child)
        )

    def explain(self, prediction: Prediction, finding: Finding) -> Saliency:
        """Any answer's saliency of a prediction made by these weights; runs no network.

        Raises WeightsError where others made it.
        """
        prediction.refuse_other_weights(self.card.sha256)
        output = self.card.classes.index(finding)
        return Saliency(
            finding=finding,
            cells=self.head.evidence(prediction.feature_map, output),
            bias=float(self.head.bias[output]),
            placement=prediction.placement,
            size_px=self.card.preprocess.size_px,
            full_heat=self.card.full_heat,
            crop=prediction.crop,
        )


def _cells_of_film(
    shape: tuple[int, ...], placement: tuple[int, int, int, int], size_px: int
) -> np.ndarray:
    """Which cells of a map of the input hold something of the film, bool (h, w)."""
    top, left, height, width = placement
    edges = [np.arange(count + 1) * size_px / count for count in shape]
    down, across = (
        (edge[1:] > start) & (edge[:-1] < start + length)
        for edge, start, length in zip(edges, (top, left), (height, width), strict=True)
    )
    return np.logical_and.outer(down, across)


def _withhold_unusable(decision: Decision, remarks: Sequence[Remark], child: bool) -> Decision:
    """The decision, withheld of a child's film, and where the gate found what forbids to use it."""
    if child:
        return decision.withheld(UNDER_18, Tier.CHILD)
    for remark in remarks:
        if remark.code in UNUSABLE:
            return decision.withheld(remark.sentence)
    return decision


def _refusal(remarks: Sequence[Remark]) -> Abstained | None:
    """The abstention for the first remark that allows no probability; None if all allow one."""
    for remark in remarks:
        if remark.abstains:
            return Abstained(remark.code, remark.problem, remark.remedy)
    return None
