"""The one queue in which the films of all sessions wait for the machine's cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import streamlit as st

from app.queue import Turns, Work
from app.texts import common as texts
from covid_core.engines.engine import cores

_WAITING_PER_CORE = 32  # half a minute's work, of usual films
# Not in a cache of Streamlit's, which any visitor may clear.
TURNS = Turns(cores(), _WAITING_PER_CORE * cores())


@contextmanager
def take_turn(
    show_position: Callable[[int], object] | None = None, work: Work = Work.READING
) -> Iterator[None]:
    """Take a turn for the heavy work on one film, which is done inside.

    `show_position`: as `Turns.turn` has it; without, the page says here which position the film
    has. Raises Busy.

    Whoever closes the page or takes the film back loses the place: Streamlit then ends the run at
    the next thing that it shows, which is the position.
    """
    place = cache(st.empty)  # made once somebody has to wait
    words = texts.WAITING if work is Work.READING else texts.CHECKS_WAITING
    with TURNS.turn(show_position or (lambda n: place().caption(words.format(position=n))), work):
        if place.cache_info().currsize:
            place().empty()
        yield
