"""What the pages share: the model, loaded once for all; and what is open in this session only.

A film and what was made of it never leave the session that it was opened in: `st.cache_data` is
shared by all visitors, so only what holds no film is kept there.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import streamlit as st

from app.deployment import Deployment, deployment
from app.open_film import OpenFilm, keep_latest, read_film, unchecked
from app.queue import Work
from app.readings_log import LoggedPredictor
from app.shared_queue import take_turn
from app.texts import common as texts
from covid_core.findings import Finding
from covid_core.local_validation.profile import SiteProfile, fits, read_profile, save_profile
from covid_core.model.audit import AuditFigures
from covid_core.model.calls import PREVALENCE
from covid_core.model.card import AUDIT, SHIPPED, WEIGHTS, WeightsCard, read_audit, read_card
from covid_core.model.decision import BALANCED, SITE, OperatingPoint
from covid_core.predict.lungs import Lungs
from covid_core.predict.predictor import Predictor
from covid_core.storage.arrays import stamp_of

if TYPE_CHECKING:
    from covid_core.case.case_reading import Reading
    from covid_core.case.reader import CaseReader
    from covid_core.explain.known_films import KnownFilms
    from covid_core.read.radiograph import Radiograph

Value = TypeVar("Value")
Films = OrderedDict[tuple[str, str], OpenFilm]
READINGS_KEPT = 3  # in one session, so that going back is instant; each is up to 81 MB
AHEAD = "ahead"  # the session's place for the film that is read ahead


class Slot(StrEnum):
    """What is made of films and kept in the session while one is open."""

    READINGS = "readings"
    PREPARED = "prepared"
    FILES = "files"
    RECIPE_ANSWERS = "recipe-answers"
    COPIES = "copies"
    RECOGNISED = "recognised"


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
    if settings().save_profile:
        save_profile(own, settings().profile)


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


def open_file(
    data: bytes,
    name: str,
    *,
    is_phantom: bool = False,
    on_film: Callable[[Radiograph], object] | None = None,
    known: Reading | None = None,
) -> OpenFilm:
    """The film of a file's bytes, kept in the session by the file's and the weights' SHA-256.

    Its checks may still have to be made. `known`: the reading that a list kept of it, without its
    film; it counts where it is of this very file and these weights. `on_film`: is given the film as
    soon as it is decoded, where more than that is to be done. Raises CovidCoreError: the file can't
    be read, the gate abstains, or (Busy) too many wait.
    """
    sha256, weights = hashlib.sha256(data).hexdigest(), predictor().card.sha256
    film = _films().get((sha256, weights))
    if film is None:
        if known and not known.is_of(sha256, weights):
            known = None
        if known and not unchecked(reader().decide(known, chosen().point)):
            on_film = None
        with take_turn():
            film = read_film(
                data, sha256, reader(), on_film, name=name, is_phantom=is_phantom, known=known
            )
    keep(film)
    return replace(film, name=name, is_phantom=is_phantom)


def make_current(film: OpenFilm) -> None:
    """Make it the film that the other pages speak of."""
    st.session_state["current"] = film


def close_film() -> None:
    """No film is open, until one is opened."""
    st.session_state.pop("current", None)


def current() -> OpenFilm | None:
    """The film that is open in this session, as these weights read it."""
    one: OpenFilm | None = st.session_state.get("current")
    if one is not None and one.prediction.weights_sha256 != card().sha256:
        return None
    return one


def forget_closed() -> None:
    """Drop what was made of films, where none is open any more."""
    if current() is None:
        for slot in Slot:
            st.session_state.pop(slot, None)


def remember(slot: Slot, of: object, make: Callable[[], Value]) -> Value:
    """What was made for `of`; made now, in place of the last, where that was for another."""
    made_of, made = st.session_state.get(slot, (None, None))
    if made_of != of:
        made = make()
        st.session_state[slot] = of, made
    value: Value = made
    return value


def keep(film: OpenFilm) -> None:
    """Keep a film in the session, in place of the one that was shown longest ago."""
    keep_latest(_films(), film.key, film, READINGS_KEPT)


def drop_ahead() -> None:
    """Nothing is read ahead, until something is: what was begun is held here alone, and ends."""
    st.session_state.pop(AHEAD, None)


def decide(film: OpenFilm) -> OpenFilm:
    """The film at the operating point chosen; runs no network."""
    return replace(film, reading=reader().decide(film.reading, chosen().point))


def check(film: OpenFilm, *findings: Finding) -> OpenFilm:
    """The film at the operating point chosen, with the checks of each map that is shown.

    And of these classes' maps. Checks that are missing are made now, and kept; they give way to
    films that are still to be read.
    """
    known = _films().get(film.key)
    film = decide(replace(film, reading=known.reading) if known else film)
    missing = unchecked(film.reading, *findings)
    if missing:
        with take_turn(work=Work.CHECKS):
            film = replace(film, reading=reader().check(film.reading, *missing))
        keep(film)
    return film


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


def _films() -> Films:
    """The session's films by their keys, the last shown at the end."""
    kept: Films = st.session_state.setdefault(Slot.READINGS, OrderedDict())
    return kept


def _profile() -> SiteProfile | None:
    if "profile" in st.session_state:
        own: SiteProfile | None = st.session_state["profile"]
        return own
    return read_profile(settings().profile)
