"""May this picture be judged at all?

A small network and plain statistics of pixels, before any probability is shown.

What is no frontal chest film, or stands on its head, abstains: an answer to it would mean nothing.
What is one, but cropped, badly exposed or of a child, is read with a warning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from covid_core.engines.choice import Choice, engine_of
from covid_core.engines.engine import Engine, Lanes
from covid_core.engines.trained import Kind, Trained
from covid_core.errors import WeightsError
from covid_core.model.card import WEIGHTS
from covid_core.model.decision import softmax
from covid_core.model.gate_findings import COLOURED, FLAWS, OTHERS, WORDS, Code, Remark
from covid_core.model.tensors import RETRAIN, as_card, is_number, read_pair
from covid_core.prepare.preprocess import Borders, Preprocess
from covid_core.read.grey_levels import Film, percentile, share_above
from covid_core.read.radiograph import POLARITY_NOTE, Radiograph, View

__all__ = ["Code", "Gate", "GateCard", "Remark"]  # what callers need, in one place

GATE = WEIGHTS / "gate"
PREPROCESS = Preprocess(size_px=128, tone="equalise")
NAME = "gate"
_WHITE = 0.995
_DISTANCE_WEIGHT = 5.0  # brings the logarithm of a distance to the scale of log odds
EXPOSURES = (Code.TOO_DARK, Code.SATURATED)
ABSTAINING = (*OTHERS, Code.UNFAMILIAR, Code.ROTATED, Code.UPSIDE_DOWN, Code.INVERTED)


@dataclass(frozen=True, slots=True)
class GateCard:
    """What stands beside the tensors.

    `thresholds`: the score from which a code is given; "other" is that of all OTHERS together.
    `measured`: figures by name, on films and pictures that did not train. `never_seen`: what no
    real example of was at hand, in words.
    """

    sha256: str
    created: str
    git_commit: str
    thresholds: dict[str, float]
    measured: dict[str, Any]
    never_seen: list[str]
    films: dict[str, int]
    training: dict[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What the network finds in N pictures, all float64.

    `kinds` (N, 4): probabilities of a frontal chest film and of OTHERS. `flaws` (N, 5):
    probabilities of FLAWS. `distances` (N,): Mahalanobis, from the good films that trained, in
    deviations.
    """

    kinds: np.ndarray
    flaws: np.ndarray
    distances: np.ndarray

    @property
    def other(self) -> np.ndarray:
        """How little it is a frontal chest film, float64 (N,), as log odds."""
        return np.log(self.kinds[:, 1:].sum(axis=1) + 1e-12) - np.log(self.kinds[:, 0] + 1e-12)


class Gate:
    """A loaded gate. It holds no state between calls, so all sessions may share one."""

    def __init__(self, engine: Engine, card: GateCard) -> None:
        self.card = card
        self._engine = engine

    @classmethod
    def load(
        cls, folder: Path = GATE, choice: Choice = Choice.AUTO, lanes: Lanes | None = None
    ) -> Gate:
        """From a weights folder. Raises WeightsError."""
        raw, _ = read_pair(folder, NAME)
        card = as_card(raw, GateCard, folder / f"{NAME}.json")
        _check(card.thresholds, folder)
        trained = Trained(Kind.GATE, folder, NAME, card.sha256, PREPROCESS.size_px)
        return cls(engine_of(trained, choice, lanes=lanes), card)

    def examine(self, radiograph: Radiograph, borders: Borders = "keep") -> tuple[Remark, ...]:
        """What speaks against judging it; empty for a good frontal film of an adult.

        If anything abstains, only that is told. `borders`: what becomes of them before the film is
        judged.
        """
        if radiograph.coloured:
            return (Remark(Code.NOT_A_RADIOGRAPH, *COLOURED, abstains=True),)
        codes = self._codes(radiograph, borders)
        abstaining = [code for code in codes if code in ABSTAINING]
        return tuple(
            Remark(code, *_words(code, radiograph), abstains=bool(abstaining))
            for code in abstaining or codes
        )

    def refuses(self, films: Sequence[np.ndarray]) -> np.ndarray:
        """Whether it abstains, bool (N,), from radiograph pixels, each float32 (height, width)."""
        pictures = np.stack([PREPROCESS.picture(pixels) for pixels in films])
        return abstains(self.scores(pictures), self.card.thresholds)

    def scores(self, pictures: np.ndarray) -> Scores:
        """Of pictures that `PREPROCESS` made, uint8 (N, 128, 128)."""
        return scores_from(*self._engine.run(PREPROCESS.input(pictures)))

    def _codes(self, radiograph: Radiograph, borders: Borders) -> list[Code]:
        if radiograph.view is View.LATERAL:
            return [Code.LATERAL_OR_CT]
        picture = replace(PREPROCESS, borders=borders).picture(radiograph)
        scores = self.scores(picture[np.newaxis])
        film = radiograph.inside if borders == "cut" else radiograph.film
        limits = self.card.thresholds
        if scores.other[0] >= limits["other"]:
            return [OTHERS[int(scores.kinds[0, 1:].argmax())]]
        found = {**dict(zip(FLAWS, scores.flaws[0], strict=True)), **exposure(film)}
        found[Code.UNFAMILIAR] = scores.distances[0]
        return [code for code in Code if code in found and found[code] >= limits[code.value]]


def _words(code: Code, radiograph: Radiograph) -> tuple[str, str]:
    """What was found and what to do; of black and white swapped, with the tag that swapped them."""
    problem, remedy = WORDS[code]
    by = [note for note in radiograph.notes if note.startswith(POLARITY_NOTE)]
    if code is not Code.INVERTED or not by:
        return problem, remedy
    return f"{problem} ({by[0]})", f"{remedy}, or with another Presentation LUT Shape"


def _check(thresholds: dict[str, float], folder: Path) -> None:
    """That every score meets a number: nothing would ever reach a threshold that is none."""
    for name in ("other", *(code.value for code in (*FLAWS, *EXPOSURES, Code.UNFAMILIAR))):
        if not is_number(thresholds.get(name)):
            problem = f"the card lacks or garbles the threshold of {name!r}"
            raise WeightsError(problem, RETRAIN, file=str(folder / f"{NAME}.json"))


def scores_from(logits: np.ndarray, distances: np.ndarray) -> Scores:
    """Of the gate network's outputs for N pictures: logits (N, 9), kinds then FLAWS, and distances
    (N,).
    """
    kinds = 1 + len(OTHERS)
    answers = logits.astype(np.float64)
    return Scores(
        kinds=softmax(answers[:, :kinds]),
        flaws=1 / (1 + np.exp(-answers[:, kinds:])),
        distances=distances.astype(np.float64),
    )


def foreign(scores: Scores, thresholds: dict[str, float]) -> np.ndarray:
    """One score of "no frontal chest film", float64 (N,): 0 where the network's answer or the
    distance of its features just abstains, the more the farther beyond.
    """
    strange = np.log(np.maximum(scores.distances, 1e-6) / thresholds[Code.UNFAMILIAR])
    return np.maximum(scores.other - thresholds["other"], _DISTANCE_WEIGHT * strange)


def abstains(scores: Scores, thresholds: dict[str, float]) -> np.ndarray:
    """Whether any reason to show no probability was found, bool (N,)."""
    turned = [
        scores.flaws[:, FLAWS.index(code)] >= thresholds[code]
        for code in FLAWS
        if code in ABSTAINING
    ]
    return np.any([foreign(scores, thresholds) >= 0, *turned], axis=0)


def exposure(film: Film) -> dict[Code, float]:
    """How far its bright parts (the 90th percentile) stay below white, and what share of it is
    burnt out; both 0 to 1.
    """
    return {
        Code.TOO_DARK: 1 - percentile(film, 90),
        Code.SATURATED: share_above(film, _WHITE),
    }
