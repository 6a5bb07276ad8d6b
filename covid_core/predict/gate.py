"""Whether a picture may be judged at all: a small network and plain statistics of its pixels.

What is not one upright frontal chest radiograph gets no probability, which would mean nothing. What
is one, but cropped, badly exposed or like the films of a children's hospital, is read with a
warning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import AfterValidator

from covid_core.engines.choice import Choice, engine_of
from covid_core.engines.engine import Engine, Lanes
from covid_core.engines.trained import Kind, Trained
from covid_core.errors import WeightsError
from covid_core.model.audit import GateMeasured
from covid_core.model.card import WEIGHTS
from covid_core.model.decision import softmax
from covid_core.model.gate_findings import COLOURED, DISPLAYED, FLAWS, OTHERS, WORDS, Code, Remark
from covid_core.model.tensors import RETRAIN, read_pair
from covid_core.prepare.preprocess import Preprocess
from covid_core.read.grey_levels import Film, percentile, share_above
from covid_core.read.radiograph import POLARITY_NOTE, Radiograph, View
from covid_core.storage.records import Finite, Record

NAME = "gate"
GATE = WEIGHTS / NAME
PREPROCESS = Preprocess(size_px=128, tone="equalise")
INSIDE = replace(PREPROCESS, borders="cut")
_WHITE = 0.995
_DISTANCE_WEIGHT = 5.0  # brings the logarithm of a distance to the scale of log odds
EXPOSURES = (Code.TOO_DARK, Code.SATURATED)
ABSTAINING = (*DISPLAYED, *OTHERS, Code.UNFAMILIAR, Code.ROTATED, Code.UPSIDE_DOWN, Code.INVERTED)


def _are_complete(thresholds: dict[str, float]) -> dict[str, float]:
    scored = (code.value for code in (*FLAWS, *EXPOSURES, Code.UNFAMILIAR))
    for name in ("other", "displayed", *scored):
        if name not in thresholds:  # nothing would ever reach a threshold that is none
            raise ValueError(f"the threshold of {name} is missing")
    return thresholds


class GateCard(Record):
    """What is stored beside the gate's tensors.

    `thresholds`: the score from which a code is given; "other" is that of all OTHERS together,
    "displayed" of all DISPLAYED.
    `measured`: figures by name, on films and pictures that did not train. `never_seen`: what no
    real example of was at hand, in words.
    """

    sha256: str
    created: str
    git_commit: str
    thresholds: Annotated[dict[str, Finite], AfterValidator(_are_complete)]
    measured: GateMeasured
    never_seen: tuple[str, ...]
    films: dict[str, int]
    training: dict[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What the network finds in N pictures, all float64.

    `kinds` (N, 4): probabilities of a frontal chest film and of OTHERS. `flaws` (N, 5):
    probabilities of FLAWS. `distances` (N,): Mahalanobis, from the good films that trained, in
    deviations. `displays` (N, 4): probabilities of one film by itself and of DISPLAYED.
    """

    kinds: np.ndarray
    flaws: np.ndarray
    distances: np.ndarray
    displays: np.ndarray

    @property
    def other(self) -> np.ndarray:
        """How little it is a frontal chest film, float64 (N,), as log odds."""
        return _log_odds_against_first(self.kinds)

    @property
    def displayed(self) -> np.ndarray:
        """How little it is one film by itself, float64 (N,), as log odds."""
        return _log_odds_against_first(self.displays)


def read_gate_card(folder: Path) -> GateCard:
    """The card in a weights folder, beside tensors that are those it describes.

    Raises WeightsError.
    """
    raw, _ = read_pair(folder, NAME)
    return GateCard.parse(raw, folder / f"{NAME}.json", error=WeightsError, remedy=RETRAIN)


class Gate:
    """A loaded gate. It holds no state between calls, so all sessions may share one."""

    def __init__(self, engine: Engine, card: GateCard) -> None:
        self.card = card
        self._engine = engine

    @classmethod
    def load(
        cls, folder: Path = GATE, choice: Choice = Choice.AUTO, lanes: Lanes | None = None
    ) -> Gate:
        """The gate of a weights folder. Raises WeightsError."""
        card = read_gate_card(folder)
        trained = Trained(Kind.GATE, folder, NAME, card.sha256, PREPROCESS.size_px)
        return cls(engine_of(trained, choice, lanes=lanes), card)

    def examine(self, radiograph: Radiograph) -> tuple[Remark, ...]:
        """What speaks against judging it; empty for a good frontal radiograph of an adult.

        A remark that abstains leaves the others out. Whether the film is one of several, or in a
        screenshot or a photo, the whole picture shows; all else is judged inside its borders.
        """
        codes = self._codes(radiograph)
        abstaining = [code for code in codes if code in ABSTAINING]
        return tuple(
            Remark(code, *_words(code, radiograph), abstains=bool(abstaining))
            for code in abstaining or codes
        )

    def refuses(self, films: Sequence[np.ndarray]) -> np.ndarray:
        """Whether it abstains, bool (N,), from radiograph pixels, each float32 (height, width).

        They are judged whole, their borders with them.
        """
        pictures = np.stack([PREPROCESS.picture(pixels) for pixels in films])
        return abstains(self.scores(pictures), self.card.thresholds)

    def scores(self, pictures: np.ndarray) -> Scores:
        """The scores of pictures that `PREPROCESS` made, uint8 (N, 128, 128)."""
        return scores_from(*self._engine.run(PREPROCESS.input(pictures)))

    def _codes(self, radiograph: Radiograph) -> list[Code]:
        """All that is found, in the order of `Code`; of what is no film to judge, only the kind."""
        if radiograph.view is View.LATERAL:
            return [Code.LATERAL_OR_CT]
        pictures = [PREPROCESS.picture(radiograph)]
        if not radiograph.crop.is_whole:
            pictures.append(INSIDE.picture(radiograph))
        scores, limits = self.scores(np.stack(pictures)), self.card.thresholds
        is_other = scores.other[-1] >= limits["other"]
        limit = limits["displayed"]
        if radiograph.coloured or is_other or scores.distances[-1] >= limits[Code.UNFAMILIAR]:
            limit = min(0.0, limit)  # it is refused in any case: the likelier reason names it
        if scores.displayed[0] >= limit:
            return [DISPLAYED[int(scores.displays[0, 1:].argmax())]]
        if radiograph.coloured:
            return [Code.NOT_A_RADIOGRAPH]
        if is_other:
            return [OTHERS[int(scores.kinds[-1, 1:].argmax())]]
        flaws = dict(zip(FLAWS, scores.flaws[-1], strict=True))
        found = {**flaws, **exposure(radiograph.inside), Code.UNFAMILIAR: scores.distances[-1]}
        return [code for code in Code if code in found and found[code] >= limits[code.value]]


def _words(code: Code, radiograph: Radiograph) -> tuple[str, str]:
    """What was found and what to do; where a tag swapped black and white, with its name."""
    problem, remedy = WORDS[code]
    if code is Code.NOT_A_RADIOGRAPH and radiograph.coloured:
        return COLOURED
    by = [note for note in radiograph.notes if note.startswith(POLARITY_NOTE)]
    if code is not Code.INVERTED or not by:
        return problem, remedy
    return f"{problem} ({by[0]})", f"{remedy}, or with another Presentation LUT Shape"


def scores_from(logits: np.ndarray, distances: np.ndarray) -> Scores:
    """The scores of N pictures from the network's outputs.

    `logits`: (N, 13), those of the kinds, of FLAWS, of the ways of display; `distances`: (N,).
    """
    kinds, flaws, displays = np.split(
        logits.astype(np.float64), np.cumsum([1 + len(OTHERS), len(FLAWS)]), axis=1
    )
    return Scores(
        kinds=softmax(kinds),
        flaws=1 / (1 + np.exp(-flaws)),
        distances=distances.astype(np.float64),
        displays=softmax(displays),
    )


def _log_odds_against_first(probabilities: np.ndarray) -> np.ndarray:
    """The log odds that it is any but the first, float64 (N,)."""
    against = np.log(probabilities[:, 1:].sum(axis=1) + 1e-12)
    return against - np.log(probabilities[:, 0] + 1e-12)


def strangeness(scores: Scores, thresholds: dict[str, float]) -> np.ndarray:
    """One score of how little each picture is a frontal chest film, float64 (N,).

    It is 0 where the network's answer, or the distance of its features, just abstains, and grows
    with either.
    """
    strange = np.log(np.maximum(scores.distances, 1e-6) / thresholds[Code.UNFAMILIAR])
    shown = scores.displayed - thresholds["displayed"]
    other = np.maximum(scores.other - thresholds["other"], shown)
    return np.maximum(other, _DISTANCE_WEIGHT * strange)


def abstains(scores: Scores, thresholds: dict[str, float]) -> np.ndarray:
    """Whether any reason to show no probability was found, bool (N,)."""
    turned = [
        scores.flaws[:, FLAWS.index(code)] >= thresholds[code]
        for code in FLAWS
        if code in ABSTAINING
    ]
    return np.any([strangeness(scores, thresholds) >= 0, *turned], axis=0)


def exposure(film: Film) -> dict[Code, float]:
    """How dark a film's bright parts are, and what share of it is burnt out; both 0 to 1.

    Its bright parts: the 90th percentile.
    """
    return {
        Code.TOO_DARK: 1 - percentile(film, 90),
        Code.SATURATED: share_above(film, _WHITE),
    }
