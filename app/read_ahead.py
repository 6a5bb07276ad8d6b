"""The next film of a list, read before anybody asks for it: in a thread, where nobody else waits.

A session has one such film at most. It is the session's own: what it made goes into this session
or nowhere, and whoever drops the list, or closes the page, drops it too.
"""

from __future__ import annotations

import hashlib
import threading
import weakref
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import streamlit as st

from app import film_session, session, shared_queue
from app.film_view import Prepared, keep_prepared, prepare_view
from app.open_film import OpenFilm, read_film, unchecked
from app.queue import Work
from app.texts import read as texts
from covid_core.errors import CovidCoreError, foreseen

if TYPE_CHECKING:
    from collections.abc import Collection

    from covid_core.case.case_reading import Reading
    from covid_core.case.reader import CaseReader
    from covid_core.model.decision import OperatingPoint
    from covid_core.read.archives import Item

Made = tuple[OpenFilm, Prepared]


class _Dropped(BaseException):
    """Nobody wants it any more."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class _Ahead:
    """A film that is being read ahead; only the session holds it, and its thread sees it go."""

    item: Item
    weights_sha256: str
    made: Future[Made] = field(default_factory=Future)


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """What the thread is given: nothing of the session."""

    item: Item
    known: Reading | None
    reader: CaseReader
    point: OperatingPoint

    def run(self, ahead: weakref.ref[_Ahead], made: Future[Made]) -> None:
        """Reads it once nobody waits, unless it is dropped before."""

        def stop_if_dropped(_: int = 0) -> None:
            if ahead() is None or made.cancelled():
                raise _Dropped

        try:
            with shared_queue.TURNS.turn(stop_if_dropped, Work.AHEAD):
                stop_if_dropped()
                if made.set_running_or_notify_cancel():
                    with foreseen():
                        made.set_result(self.read())
        except CovidCoreError as error:  # reported when the film is opened
            made.set_exception(error)
        except _Dropped:
            pass

    def read(self) -> Made:
        """The film with all that is shown of it at this operating point."""
        data = self.item.read()
        sha256 = hashlib.sha256(data).hexdigest()
        known, weights = self.known, self.reader.predictor.card.sha256
        if known and not known.is_of(sha256, weights):
            known = None
        film = read_film(
            data,
            sha256,
            self.reader,
            name=self.item.name,
            is_phantom=self.item.synthetic,
            known=known,
        )
        reading = self.reader.decide(film.reading, self.point)
        reading = self.reader.check(reading, *unchecked(reading))
        film = replace(film, reading=reading)
        return film, prepare_view(reading)


def read_ahead(item: Item, known: Reading | None) -> None:
    """Begin with this film, and drop any other. `known`: as `film_session.open_file` has it."""
    weights = session.card().sha256
    ahead: _Ahead | None = st.session_state.get(film_session.AHEAD)
    if ahead and (ahead.item, ahead.weights_sha256) == (item, weights):
        return
    film_session.drop_ahead()
    ahead = st.session_state[film_session.AHEAD] = _Ahead(item, weights)
    job = _Job(item, known, session.reader(), session.chosen().point)
    threading.Thread(target=job.run, args=(weakref.ref(ahead), ahead.made), daemon=True).start()


def keep_ahead_of(items: Collection[Item]) -> None:
    """Drop what is read ahead, unless it is of one of these films."""
    ahead: _Ahead | None = st.session_state.get(film_session.AHEAD)
    if ahead is not None and ahead.item not in items:
        film_session.drop_ahead()


def adopt_ahead(opened: Collection[Item]) -> None:
    """Keep in the session what was read ahead of one of these films, if it was begun.

    What is being read just now is waited for; what still waits for its turn is dropped.
    """
    ahead: _Ahead | None = st.session_state.get(film_session.AHEAD)
    if ahead is None or ahead.item not in opened:
        return
    film_session.drop_ahead()
    if ahead.made.cancel():
        return
    try:
        with nullcontext() if ahead.made.done() else st.spinner(texts.READING):
            film, ready = ahead.made.result()
    except CovidCoreError:
        return
    film_session.keep(film)
    keep_prepared(film, ready)
