"""The checks of a reading, made where a page has the film: whole ones, and of one more map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from covid_core.explain.checks import Checks, check_reading
from covid_core.explain.known_films import KnownFilms
from covid_core.explain.lung_zones import attention_by_zone
from covid_core.explain.map_tests import check_map
from covid_core.findings import Finding
from covid_core.model.card import WEIGHTS, WeightsCard
from covid_core.predict.predictor import Prediction, Predictor
from covid_core.read.radiograph import Radiograph


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


def check_also(
    whole: Checks,
    network: Predictor,
    radiograph: Radiograph,
    prediction: Prediction,
    finding: Finding,
    lungs: np.ndarray,
) -> Checks:
    """The checks of another class's map; what holds of the film as a whole is taken over."""
    return replace(
        whole,
        map_check=check_map(network, radiograph, prediction, finding, lungs),
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
