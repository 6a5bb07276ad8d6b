"""The log of readings, where the deployer wants one: what was answered of which film, by what.

One line of JSON a reading, whichever page requested it: when (UTC), the film's and the weights'
SHA-256, and the answer. No name, no tag and no user is in it.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from app.deployment import deployment
from covid_core.errors import Abstained, CovidCoreError
from covid_core.model.decision import BALANCED
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.read.radiograph import Radiograph
from covid_core.storage.append import append_line

_LOG = logging.getLogger(__name__)
_ABSTAINED = "abstained"


class LoggedPredictor(Predictor):
    """A predictor whose every answer goes into the log of readings."""

    def predict(self, radiograph: Radiograph, point: str = BALANCED) -> Prediction:
        """The prediction of `Predictor.predict`. That the log can't be written stops no reading."""
        try:
            prediction = super().predict(radiograph, point)
        except Abstained:
            log_reading(radiograph.sha256, self.card.sha256, _ABSTAINED)
            raise
        decision = prediction.decision
        log_reading(radiograph.sha256, self.card.sha256, decision.name, decision.point.name)
        return prediction


def log_reading(
    film_sha256: str, weights_sha256: str, answer: str, operating_point: str | None = None
) -> None:
    """Adds a line, where the deployer wants one.

    `answer`: as `Decision.name` has it before the checks, or `abstained`. `operating_point`: that
    it was given at; None of an abstention.
    """
    try:
        path = deployment().readings_log
        if path is None:
            return
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "film_sha256": film_sha256,
            "weights_sha256": weights_sha256,
            "answer": answer,
            "operating_point": operating_point,
        }
        append_line(path, json.dumps(line).encode())
    except (OSError, CovidCoreError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        _LOG.warning("a reading is not in the log: %s", reason or error)
