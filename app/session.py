"""What the pages share: the model, loaded once for all visitors, and this session's choices.

`st.cache_data` is shared by all visitors, so nothing that holds a film is kept there; films are
`film_session`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from app.deployment import Deployment, deployment
from app.readings_log import LoggedPredictor
from app.texts import common as texts
from covid_core.local_validation.profile import SiteProfile, fits, read_profile, save_profile
from covid_core.model.audit import AuditFigures
from covid_core.model.calls import PREVALENCE
from covid_core.model.card import AUDIT, SHIPPED, WEIGHTS, WeightsCard, read_audit, read_card
from covid_core.model.decision import BALANCED, SITE, OperatingPoint
from covid_core.predict.lungs import Lungs
from covid_core.predict.predictor import Predictor
from covid_core.storage.arrays import stamp_of

if TYPE_CHECKING:
    from covid_core.case.reader import CaseReader
    from covid_core.explain.known_films import KnownFilms


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the user's controls say. `prevalence`: of COVID-19 among their films, 0 to 1."""

    point: OperatingPoint
    prevalence: float


def card() -> WeightsCard:
    """What the weights' card says now; read anew once its file changes. Raises WeightsError."""
    return _card(stamp_of(card_file())) if card_file().exists() else read_card(WEIGHTS)


def card_file() -> Path:
    """Where the card of the weights in use lies."""
    return WEIGHTS / f"{SHIPPED}.json"


def predictor() -> Predictor:
    """The network for all sessions, anew for another card: `calibrate` changes only that.

    Raises WeightsError.
    """
    card()
    return _predictor(stamp_of(card_file()))


def lungs() -> Lungs:
    """The network that finds lungs, for all sessions. Raises WeightsError."""
    return _lungs()


def known() -> KnownFilms | None:
    """The index of the films that trained the model; None where there is none.

    Raises WeightsError where it is damaged.
    """
    own = card()
    return _known_films(own.sha256, own)


def reader() -> CaseReader:
    """All of these together, which read films. Raises WeightsError."""
    from covid_core.case.reader import CaseReader  # what the empty page can do without

    return CaseReader(predictor(), lungs(), known())


def audit() -> AuditFigures | None:
    """What an audit found of the weights; None where there was none."""
    return _audit(stamp_of(card_file(), WEIGHTS / f"{SHIPPED}{AUDIT}.json"))


def settings() -> Deployment:
    """What the deployer allows. Raises CovidCoreError."""
    return deployment()


def points() -> tuple[OperatingPoint, ...]:
    """The weights' operating points, and the site's own where its profile fits them."""
    rules, own = card().rules, profile()
    return rules.points if own is None else (*rules.points, own.point)


def profile() -> SiteProfile | None:
    """The site's profile: this session's, or the one in the deployer's settings.

    None where there is none, or where it was made for other weights. Raises CovidCoreError for a
    damaged one.
    """
    own = _profile()
    return own if own is not None and fits(own, card()) else None


def outdated_profile() -> SiteProfile | None:
    """The site's profile where it was made for other weights: they want validation again."""
    own = _profile()
    return own if own is not None and not fits(own, card()) else None


def use_profile(own: SiteProfile) -> None:
    """Call films by it from now on: in this session, and for all where the deployer allows that.

    Raises CovidCoreError where it can't be written for all; it counts in this session even so.
    """
    st.session_state.update(profile=own, point=SITE)
    if settings().profile.save:
        save_profile(own, settings().profile.file)


def forget_profile() -> None:
    """Call films by the weights' own points, in this session only: the deployer's file stays."""
    st.session_state.update(profile=None, point=BALANCED)


def chosen() -> Chosen:
    """The operating point and prevalence chosen; the defaults before the controls exist."""
    known = {point.name: point for point in points()}
    name = st.session_state.get("point", "")
    prevalence = st.session_state.get("prevalence", PREVALENCE * 100) / 100
    return Chosen(known.get(name) or known[default_point()], prevalence)


def default_point() -> str:
    """The site's own where there is one; else the weights' balanced one."""
    own = profile()
    return own.point.name if own else BALANCED


@st.cache_resource(max_entries=1, show_spinner=False)
def _card(stamp: bytes) -> WeightsCard:
    return read_card(WEIGHTS)


@st.cache_resource(max_entries=1, show_spinner=texts.LOADING)
def _predictor(stamp: bytes) -> Predictor:
    return LoggedPredictor.load(WEIGHTS)


@st.cache_resource(max_entries=1, show_spinner=False)
def _lungs() -> Lungs:
    return Lungs.load()


@st.cache_resource(max_entries=1, show_spinner=False)
def _known_films(weights_sha256: str, _card: WeightsCard) -> KnownFilms | None:
    from covid_core.explain.known_films import KnownFilms  # as in `reader`

    return KnownFilms.load(WEIGHTS, _card)


@st.cache_data(max_entries=1, show_spinner=False)
def _audit(stamp: bytes) -> AuditFigures | None:
    return read_audit(WEIGHTS, card())


def _profile() -> SiteProfile | None:
    if "profile" in st.session_state:
        own: SiteProfile | None = st.session_state["profile"]
        return own
    return read_profile(settings().profile.file)
