"""What is open in this session only: its films, and what was made of them.

A film never leaves the session that it was opened in.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

import streamlit as st

from app import session
from app.open_film import OpenFilm, keep_latest, read_film, unchecked
from app.queue import Busy, Work
from app.shared_queue import take_turn
from covid_core.errors import Abstained
from covid_core.findings import Finding
from covid_core.storage.arrays import stamp_of

if TYPE_CHECKING:
    from covid_core.case.case_reading import Reading
    from covid_core.read.radiograph import Radiograph

Value = TypeVar("Value")
Films = OrderedDict[tuple[str, str], OpenFilm]
READINGS_KEPT = 3  # in one session, so that going back is instant; each is up to 81 MB
ABSTAINED = "abstained"  # the session's place for why films were refused
AHEAD = "ahead"  # the session's place for the film that is read ahead
LIST = "worklist"  # the key of the Read page's list


def list_place(key: str) -> str:
    """The session's place for what was made of a list's films. `key`: of the list."""
    return f"{key}-state"


def waiting_place(key: str) -> str:
    """The session's place for the film that is ticked and waits for another to compare it with."""
    return f"{key}-waiting"


_OF_THE_LIST = (list_place(LIST), waiting_place(LIST))


class Slot(StrEnum):
    """What is made of films and kept in the session while one is open."""

    READINGS = "readings"
    PREPARED = "prepared"
    FILES = "files"
    RECIPE_ANSWERS = "recipe-answers"
    COPIES = "copies"
    RECOGNISED = "recognised"


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
    sha256, weights = hashlib.sha256(data).hexdigest(), session.predictor().card.sha256
    film = _films().get((sha256, weights))
    if film is None:
        if known and not known.is_of(sha256, weights):
            known = None
        if known and not unchecked(session.reader().decide(known, session.chosen().point)):
            on_film = None
        refuse_again((sha256, weights), data, on_film)
        try:
            with take_turn():
                film = read_film(
                    data,
                    sha256,
                    session.reader(),
                    on_film,
                    name=name,
                    is_phantom=is_phantom,
                    known=known,
                )
        except Abstained as error:
            reason = error.code, error.problem, error.remedy
            keep_latest(_abstained(), (sha256, weights), reason, READINGS_KEPT)
            raise
    keep(film)
    return replace(film, name=name, is_phantom=is_phantom)


def refuse_again(
    key: tuple[str, str], data: bytes, on_film: Callable[[Radiograph], object] | None
) -> None:
    """Raise the Abstained of a film that was refused in this session: it is not read again.

    `on_film`: is given the film, as it would be if it were read; not where too many wait.
    """
    reason = _abstained().get(key)
    if reason is None:
        return
    if on_film:
        from covid_core.read.reading import read_radiograph  # what the empty page can do without

        with suppress(Busy), take_turn():
            on_film(read_radiograph(data, key[0]))
    raise Abstained(*reason)


def make_current(film: OpenFilm) -> None:
    """Make it the film that the other pages speak of."""
    st.session_state["current"] = film


def close_film() -> None:
    """No film is open, until one is opened."""
    st.session_state.pop("current", None)


def current() -> OpenFilm | None:
    """The film that is open in this session, as these weights read it."""
    one: OpenFilm | None = st.session_state.get("current")
    if one is not None and one.prediction.weights_sha256 != session.card().sha256:
        return None
    return one


def forget_of_older_card() -> None:
    """Drop what was made of films by another card than today's: its rules may be others."""
    stamp = stamp_of(session.card_file())
    if st.session_state.setdefault("card", stamp) != stamp:
        st.session_state["card"] = stamp
        for name in ("current", ABSTAINED, AHEAD, *_OF_THE_LIST, *Slot):
            st.session_state.pop(name, None)


def close_list() -> None:
    """No list of films is open, until one is opened: what was made of its films is dropped."""
    for place in _OF_THE_LIST:
        st.session_state.pop(place, None)


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
    return replace(film, reading=session.reader().decide(film.reading, session.chosen().point))


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
            film = replace(film, reading=session.reader().check(film.reading, *missing))
        keep(film)
    return film


def _abstained() -> OrderedDict[tuple[str, str], tuple[str, str, str]]:
    """Code, problem and remedy of films that were refused, by their keys."""
    kept: OrderedDict[tuple[str, str], tuple[str, str, str]]
    kept = st.session_state.setdefault(ABSTAINED, OrderedDict())
    return kept


def _films() -> Films:
    """The session's films by their keys, the last shown at the end."""
    kept: Films = st.session_state.setdefault(Slot.READINGS, OrderedDict())
    return kept
