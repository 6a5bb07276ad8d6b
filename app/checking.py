"""The checks of a reading, made where a page has the film: whole ones, and of one more map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from app.film import Reading
from covid_core.checks import Checks, check_reading
from covid_core.findings import Finding
from covid_core.known_films import KnownFilms
from covid_core.map_check import check_map
from covid_core.predictor import Prediction, Predictor
from covid_core.radiograph import Radiograph
from covid_core.weights import WEIGHTS, WeightsCard
from covid_core.zones import attention_by_zone


def known_films(card: WeightsCard) -> KnownFilms | None:
    """The index of the films that trained these weights, loaded once for all sessions; None where
    there is none. Raises WeightsError where it is damaged."""
    return _known_films(card.sha256, card)


def check_whole(
    network: Predictor, radiograph: Radiograph, prediction: Prediction, lungs: np.ndarray
) -> dict[Finding, Checks]:
    """All checks of a film, its likeliest class's map among them."""
    known, finding = known_films(network.card), prediction.label
    return {finding: check_reading(network, known, radiograph, prediction, finding, lungs)}


def check_also(reading: Reading, network: Predictor, finding: Finding) -> None:
    """Add the checks of another class's map; what holds of the film as a whole is taken over."""
    prediction, lungs = reading.prediction, reading.lungs
    reading.checks[finding] = replace(
        reading.checks[prediction.label],
        map_check=check_map(network, reading.radiograph(), prediction, finding, lungs),
        zones=attention_by_zone(network.explain(prediction, finding), lungs),
    )


def at_point(checks: Checks, prediction: Prediction) -> Checks:
    """The same checks of a prediction that is decided at another operating point."""
    meter = checks.meter
    if meter is None:
        return checks
    return replace(checks, meter=meter.at(prediction.decision))


@st.cache_resource(max_entries=1, show_spinner=False)
def _known_films(weights_sha256: str, _card: WeightsCard) -> KnownFilms | None:
    return KnownFilms.load(WEIGHTS, _card)
