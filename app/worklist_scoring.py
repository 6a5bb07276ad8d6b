"""A list's films scored one after another, in turn with those of all sessions."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import session
from app.queue import Busy, Work
from app.session import Chosen
from app.shared_queue import take_turn
from app.texts import common
from app.texts import worklist as texts
from covid_core.batch.worklist import Entry, begin_entry, finish_entry, let_go_of_readings
from covid_core.read.archives import Item

_PAUSE_S = 0.2  # between stretches of scoring
_REFRESH_S = 1.5  # how long films are scored before the table shows them
_REFRESH_S_PER_FILM = 0.02  # a long table costs more to send, so it is sent less often


@dataclass(slots=True, eq=False)
class Worklist:
    """One list as the session holds it.

    `open`: no, one or two films. `decided`: by what the entries were. `shown`: whether the page has
    shown what is scored. `spent_s`: on the `timed` films that were scored so far, and in line.
    """

    entries: dict[Item, Entry] = field(default_factory=dict)
    open: tuple[Item, ...] = ()
    decided: Chosen | None = None
    stopped: bool = False
    shown: bool = False
    spent_s: float = 0.0
    timed: int = 0


@st.fragment(run_every=_PAUSE_S)
def score_in_stretches(worklist: Worklist, items: Sequence[Item]) -> None:
    """Score film after film in stretches between the page's own runs, which show them.

    A run of the page that scored would end early for the next one, and Streamlit clears what is
    left of other pages only when a run ends by itself. A click ends a stretch at the next step of
    the bar; the next one goes on from there, as it does where others' films fill the line.
    """
    bar = st.progress(len(worklist.entries) / len(items), _progress(worklist, len(items)))
    if _is_first_shown(worklist):
        return
    started = time.monotonic()
    refresh_s = max(_REFRESH_S, _REFRESH_S_PER_FILM * len(worklist.entries))
    for item in [item for item in items if item not in worklist.entries]:
        before = time.monotonic()
        try:
            show_position = partial(_show_position, bar, worklist, len(items))
            worklist.entries[item] = score_film(item, show_position)
            let_go_of_readings(worklist.entries)
        except Busy as error:
            bar.progress(len(worklist.entries) / len(items), error.sentence)
            return
        worklist.spent_s += time.monotonic() - before
        worklist.timed += 1
        bar.progress(len(worklist.entries) / len(items), _progress(worklist, len(items)))
        if time.monotonic() - started > refresh_s:
            break
    st.rerun()


def score_film(item: Item, show_position: Callable[[int], object] | None = None) -> Entry:
    """A film read and judged as the controls stand, its checks in a turn of their own.

    `show_position`: as `take_turn` has it. Raises Busy.
    """
    reader, chosen = session.reader(), session.chosen()
    with take_turn(show_position):
        begun = begin_entry(item, reader)
    with take_turn(show_position, Work.CHECKS):
        return finish_entry(begun, reader, point=chosen.point, prevalence=chosen.prevalence)


def _is_first_shown(worklist: Worklist) -> bool:
    """Whether this is the page's own run, which only shows, and no stretch."""
    first, worklist.shown = not worklist.shown, True
    return first


def _progress(worklist: Worklist, total: int) -> str:
    done = len(worklist.entries)
    left_s = worklist.spent_s / worklist.timed * (total - done) if worklist.timed else None
    return texts.progress(done, total, left_s)


def _show_position(bar: DeltaGenerator, worklist: Worklist, total: int, position: int) -> None:
    words = f"{_progress(worklist, total)}. {common.WAITING.format(position=position)}"
    bar.progress(len(worklist.entries) / total, words)
