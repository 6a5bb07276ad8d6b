"""What the pages share: the model, loaded once for all; and what is open in this session only.

A film and what was made of it never leave the session that it was opened in: `st.cache_data` is
shared by all visitors, so only what holds no film is kept there.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.deployment import Deployment, deployment
from app.film import Reading, read_film
from app.texts import common as texts
from app.turns import in_turn
from covid_core.findings import Finding
from covid_core.local_validation.profile import SiteProfile, fits, read_profile, save_profile
from covid_core.model.card import WEIGHTS, WeightsCard, read_audit, read_card
from covid_core.model.decision import BALANCED, SITE, OperatingPoint
from covid_core.predict.lungs import Lungs
from covid_core.predict.predictor import Prediction, Predictor

if TYPE_CHECKING:
    from covid_core.explain.checks import Checks
    from covid_core.explain.known_films import KnownFilms

READINGS_KEPT = 3  # in one session, so that going back is instant; each is up to 47 MB
PREVALENCE = 0.1


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the user's controls say. `prevalence`: of COVID-19 among their films, 0 to 1."""

    point: OperatingPoint
    prevalence: float


def card() -> WeightsCard:
    """What the weights' card says now. Raises WeightsError."""
    return read_card(WEIGHTS)


def predictor() -> Predictor:
    """The network for all sessions; new weights make a new one. Raises WeightsError."""
    return _predictor(card().sha256)


def lungs() -> Lungs:
    return _lungs()


def known() -> KnownFilms | None:
    """The index of the films that trained the model; None where there is none. Raises
    WeightsError where it is damaged."""
    from app.checking import known_films

    return known_films(card())


def audit() -> dict[str, Any] | None:
    return _audit(card().sha256)


def settings() -> Deployment:
    """What the deployer allows. Raises CovidCoreError."""
    return deployment()


def points() -> tuple[OperatingPoint, ...]:
    """The weights' operating points, and the site's own where its profile fits them."""
    rules, own = card().rules, profile()
    return rules.points if own is None else (*rules.points, own.point)


def profile() -> SiteProfile | None:
    """The site's profile: this session's, or the one that the deployer laid down; None where there
    is none, or where it was made for other weights. Raises CovidCoreError for a damaged one."""
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
    """As the controls stand; the first of these is what has the widgets' keys."""
    known = {point.name: point for point in points()}
    name = st.session_state.get("point", "")
    prevalence = st.session_state.get("prevalence", PREVALENCE * 100) / 100
    return Chosen(known.get(name) or known[default_point()], prevalence)


def default_point() -> str:
    """The site's own where there is one; else the weights' balanced one."""
    own = profile()
    return own.point.name if own else BALANCED


def reading(
    data: bytes,
    name: str,
    *,
    is_phantom: bool = False,
    called: Callable[[Reading], object] | None = None,
) -> Reading:
    """The reading of a file's bytes, kept in the session by the file's and the weights' SHA-256.

    `called`: as `film.read_film` has it. Raises CovidCoreError: the file can't be read, the gate
    abstains, or (Busy) too many wait.
    """
    network = predictor()
    kept: OrderedDict[tuple[str, str], Reading] = st.session_state.setdefault(
        "readings", OrderedDict()
    )
    key = (hashlib.sha256(data).hexdigest(), network.card.sha256)
    if key not in kept:
        with in_turn():
            kept[key] = read_film(
                data, key[0], network, lungs(), called, name=name, is_phantom=is_phantom
            )
    kept.move_to_end(key)
    while len(kept) > READINGS_KEPT:
        kept.popitem(last=False)
    return replace(kept[key], name=name, is_phantom=is_phantom)


def open_reading(one: Reading) -> None:
    """Make it the film that the other pages speak of."""
    st.session_state["current"] = one


def close_reading() -> None:
    """No film is open, until one is opened."""
    st.session_state.pop("current", None)


def current() -> Reading | None:
    """The film that is open in this session, as these weights read it."""
    one: Reading | None = st.session_state.get("current")
    if one is not None and one.prediction.weights_sha256 != card().sha256:
        return None
    return one


def forget_closed() -> None:
    """Drop what was made of films, where none is open any more."""
    if current() is None:
        for kept in ("readings", "files", "opinions", "copies"):
            st.session_state.pop(kept, None)


def decided(one: Reading) -> Prediction:
    """A reading's prediction at the operating point chosen."""
    return predictor().decide(one.prediction, chosen().point)


def checks_of(one: Reading, finding: Finding) -> Checks:
    """The checks of a reading with a class's map, at the operating point chosen; the map's are made
    now where it was not asked for yet. Raises Busy."""
    from app.checking import at_point, check_also

    if finding not in one.checks:
        with in_turn():
            one.checks[finding] = check_also(
                one.checks[one.prediction.label],
                predictor(),
                one.radiograph(),
                one.prediction,
                finding,
                one.lungs,
            )
    return at_point(one.checks[finding], decided(one))


@st.cache_resource(max_entries=1, show_spinner=texts.LOADING)
def _predictor(weights_sha256: str) -> Predictor:
    return Predictor.load(WEIGHTS)


@st.cache_resource(max_entries=1, show_spinner=False)
def _lungs() -> Lungs:
    return Lungs.load()


@st.cache_data(max_entries=1, show_spinner=False)
def _audit(weights_sha256: str) -> dict[str, Any] | None:
    return read_audit(WEIGHTS, card())


def _profile() -> SiteProfile | None:
    if "profile" in st.session_state:
        own: SiteProfile | None = st.session_state["profile"]
        return own
    return read_profile(settings().profile)
