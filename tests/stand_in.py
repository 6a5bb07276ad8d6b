"""A predictor that asks no network, for tests of what stands around it.

python -m tests.stand_in predict PATH...      the command line with it in the network's place

Where the environment has PAUSES_AFTER, that process pauses itself (SIGSTOP) at so many films.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np

from covid_core.__main__ import main
from covid_core.errors import Abstained
from covid_core.model.card import WEIGHTS, read_card
from covid_core.model.decision import BALANCED, decide
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.read.radiograph import Radiograph


class StandIn:
    """Answers by the hash of a film's bytes, with the shipped weights' card.

    `batch_films`: how many films a call is best given; `batches`: how many each was given;
    `pauses_after`: at how many films its process pauses itself, 0 for never. `opacity`: whether it
    answers as weights with an opacity map and the RSNA categories.
    """

    def __init__(
        self, batch_films: int = 1, pauses_after: int = 0, *, opacity: bool = False
    ) -> None:
        self.opacity = opacity
        self.card = read_card(WEIGHTS)
        self.engine = SimpleNamespace(batch_films=batch_films)
        self.batches: list[int] = []
        self.pauses_after = pauses_after
        self._films = 0

    def predict(self, radiograph: Radiograph, point: str = BALANCED) -> Prediction:
        self._films += 1
        if self._films == self.pauses_after:
            os.kill(os.getpid(), signal.SIGSTOP)
        drawn = np.frombuffer(bytes.fromhex(radiograph.sha256)[:3], np.uint8) / 128 - 1
        logits = drawn * (2, 2, 8) + (-2, 0, 4)  # so that each decision comes up
        probabilities = self.card.rules.probabilities(logits)
        return Prediction(
            picture=np.zeros((224, 224), np.uint8),
            answers=self.card.classes,
            probabilities=probabilities,
            logits=logits,
            feature_map=np.zeros((1, 7, 7), np.float32),
            placement=(0, 0, 224, 224),
            decision=decide(probabilities, self.card.rules, self.card.classes, point),
            radiograph_sha256=radiograph.sha256,
            weights_sha256=self.card.sha256,
            model=self.card.name,
            notes=(),
            opacity=np.full((7, 7), abs(drawn[0]), np.float32) if self.opacity else None,
            appearances=np.array([0.1, 0.7, 0.15, 0.05]) if self.opacity else None,
        )

    def predict_many(
        self, radiographs: Sequence[Radiograph], point: str = BALANCED
    ) -> Sequence[Prediction | Abstained]:
        self.batches.append(len(radiographs))
        return [self.predict(one, point) for one in radiographs]


def in_its_place(batch_films: int = 1, pauses_after: int = 0) -> Any:
    """A context in which every predictor that is loaded is a stand-in."""
    return patch.object(Predictor, "load", lambda *_, **__: StandIn(batch_films, pauses_after))


if __name__ == "__main__":
    with in_its_place(pauses_after=int(os.environ.get("PAUSES_AFTER", "0"))):
        sys.exit(main())
