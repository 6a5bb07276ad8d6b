"""What was given on the Validate page and what it measures, as the session holds it.

It stays in memory: no film, label or score is written to disk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from app import session
from app.texts import validate as texts
from app.uploads import hold
from covid_core.errors import CovidCoreError
from covid_core.local_validation.profile import SiteProfile
from covid_core.local_validation.scores import Scores
from covid_core.local_validation.validation import Validation, validate
from covid_core.model.card import WeightsCard

CHECK, JOB = "site-check", "site-job"
REFUSED, FAILED, UNSAVED = "site-refused", "site-failed", "site-unsaved"


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """Scores that were given, and what they say of the weights of a card.

    `is_made_up`: not of any film.
    """

    scores: Scores
    found: Validation
    card: WeightsCard
    is_made_up: bool

    @property
    def is_of_unknown_weights(self) -> bool:
        """Whether the scores do not say which weights made them."""
        return not (self.scores.weights or self.is_made_up)


def measure(scores: Callable[[], Scores], *, is_made_up: bool = False) -> None:
    """Keep what scores say of the weights in use, or why they say nothing."""
    try:
        card = session.card()
        given = scores()
        given.refuse_other_weights(card.sha256)
    except CovidCoreError as error:
        refuse(error)
        return
    with st.spinner(texts.MEASURING):
        found = validate(given, card.rules.points)
    st.session_state[CHECK] = Check(given, found, card, is_made_up)


def last_check() -> Check | None:
    """What was measured last. Where other weights have come since, it is dropped and that said."""
    check: Check | None = st.session_state.get(CHECK)
    if check is None or _answers_as(session.card(), check.card):
        return check
    clear()
    refuse(CovidCoreError(texts.WEIGHTS_CHANGED, texts.WEIGHTS_CHANGED_REMEDY))
    return None


def _answers_as(one: WeightsCard, other: WeightsCard) -> bool:
    return (one.sha256, one.rules_sha256) == (other.sha256, other.rules_sha256)


def refuse(error: CovidCoreError) -> None:
    """Keeps why nothing was measured, for the page to say."""
    st.session_state[REFUSED] = error.sentence


def clear() -> None:
    """Forget what was measured, and what is being read."""
    hold(JOB, 0)
    for name in (CHECK, JOB, REFUSED, FAILED):
        st.session_state.pop(name, None)


def use(own: SiteProfile) -> None:
    """Call films by a profile; where it can't be kept for all, remember why."""
    st.session_state.pop(UNSAVED, None)
    try:
        session.use_profile(own)
    except CovidCoreError as error:
        st.session_state[UNSAVED] = error.sentence


def stop_using() -> None:
    """Calls films by the weights' own points again."""
    st.session_state.pop(UNSAVED, None)
    session.forget_profile()
