"""Many films: scored one after another, sorted, filtered, and opened from the list.

The list is kept in the session by the items themselves, so a rerun, a click or a stop loses nothing
and no film is scored twice. File names are shown in table cells and by `st.text` only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from app import film_session, session
from app.open_film import OpenFilm
from app.queue import Busy
from app.read_ahead import adopt_ahead, keep_ahead_of, read_ahead
from app.reading_panel import read_in_sight, show_reading
from app.texts import worklist as texts
from app.worklist_scoring import Worklist, score_film, score_in_stretches
from app.worklist_table import show_filters, show_table
from covid_core.batch.worklist import Entry, csv_text, earlier, triage
from covid_core.case.case_reading import Reading
from covid_core.errors import CovidCoreError, foreseen
from covid_core.model.tiers import CAVEAT
from covid_core.predict.predictor import Predictor
from covid_core.present.rows import UNANSWERED
from covid_core.read.archives import Item
from covid_core.read.patient_tags import time_between


def show_worklist(items: Sequence[Item], key: str) -> None:
    """The list of these films, and below it what is open; scores what is not scored yet.

    `key`: of this list in the session. Raises WeightsError.
    """
    predictor = session.predictor()
    worklist = _worklist(items, key, predictor.card.sha256)
    _redecide(worklist, predictor)
    keep_ahead_of(items)
    if len(worklist.entries) < len(items):
        _show_progress(worklist, items, key)
    _show_list(worklist, len(items), key)


def _worklist(items: Sequence[Item], key: str, weights_sha256: str) -> Worklist:
    """The session's list, without films that were taken away and what other weights made."""
    worklist: Worklist = st.session_state.setdefault(film_session.list_place(key), Worklist())
    known = {item: worklist.entries.get(item) for item in items}
    worklist.entries = {
        item: found
        for item, found in known.items()
        if found is not None and found.weights_sha256 == weights_sha256
    }
    worklist.open = tuple(item for item in worklist.open if item in known)
    if st.session_state.get(film_session.waiting_place(key)) not in known:
        st.session_state.pop(film_session.waiting_place(key), None)
    return worklist


def _redecide(worklist: Worklist, predictor: Predictor) -> None:
    chosen = session.chosen()
    if worklist.decided in (None, chosen):
        worklist.decided = chosen
        return
    worklist.entries = {
        item: found.redecided(predictor, chosen.point, chosen.prevalence)
        for item, found in worklist.entries.items()
    }
    worklist.decided = chosen


def _show_progress(worklist: Worklist, items: Sequence[Item], key: str) -> None:
    """How far scoring is, and its one button."""
    bar, button = st.columns([5, 1], vertical_alignment="center")
    label, stop = (texts.GO_ON, False) if worklist.stopped else (texts.STOP, True)
    button.button(
        label,
        key=f"{key}-stop",
        on_click=setattr,
        args=(worklist, "stopped", stop),
        width="stretch",
    )
    done, total = len(worklist.entries), len(items)
    with bar:
        if worklist.stopped:
            st.progress(done / total, texts.STOPPED.format(done=done, total=total))
        else:
            worklist.shown = False
            score_in_stretches(worklist, items)


def _show_list(worklist: Worklist, total: int, key: str) -> None:
    """Summary, filters, table, and what is open."""
    scored = list(worklist.entries.values())
    st.markdown(f"**{texts.summary([one.tier for one in scored], total)}**")
    with st.container(horizontal=True, vertical_alignment="center"):
        wanted, dated = show_filters(key)
        entries = [one for one in triage(scored) if wanted.admits(one)]
        _offer_rows(entries, key)
    items = {one: item for item, one in worklist.entries.items()}
    shown = [items[one] for one in entries]
    if entries:
        on_open = partial(setattr, worklist, "open")
        show_table(shown, entries, worklist.open, key, on_open, dated=dated)
        st.caption(CAVEAT)
    elif scored:
        st.info(texts.NONE_LEFT)
    if worklist.open:
        _show_open(worklist, shown, key)
    else:
        film_session.drop_ahead()
    _show_unread([one for one in scored if one.decision in UNANSWERED])


def _offer_rows(entries: Sequence[Entry], key: str) -> None:
    answers = session.card().classes
    # Made at once: Streamlit forgets a deferred file with the next run, and a click then fails.
    st.download_button(
        texts.DOWNLOAD,
        csv_text(entries, answers).encode(),
        "worklist.csv",
        "text/csv",
        key=f"{key}-csv",
        on_click="ignore",
        icon=":material/download:",
        disabled=not entries,
    )


def _show_unread(unread: Sequence[Entry]) -> None:
    if unread:
        with st.expander(texts.UNREAD.format(count=len(unread)), icon=":material/error:"):
            for one in unread:
                st.text(f"{one.name}\n{one.note}")


def _show_open(worklist: Worklist, shown: Sequence[Item], key: str) -> None:
    """The open film, or two of them, and the way to the next."""
    item, *others = worklist.open
    _show_steps(worklist, shown, key)
    answer, picture = st.container(), st.container()
    adopt_ahead(worklist.open)
    try:
        with foreseen():
            films = {one: one.read() for one in worklist.open}
            if _score_replaced(worklist, films):
                st.rerun()
            if others:
                opened = [_opened(worklist, one, data) for one, data in films.items()]
            else:
                opened = [
                    read_in_sight(
                        films[item],
                        item.name,
                        answer,
                        picture,
                        is_phantom=item.synthetic,
                        known=_reading_of(worklist, item),
                        on_step=partial(_step_on, worklist, shown) if len(shown) > 1 else None,
                    )
                ]
    except Busy:
        raise
    except CovidCoreError as error:
        st.text(error.sentence)
        return
    beside = opened[1] if others else None
    step = show_reading(opened[0], answer, picture, beside=beside, steps=len(shown) > 1)
    if step:
        _step_on(worklist, shown, step)
    _read_next_ahead(worklist, shown)


def _opened(worklist: Worklist, item: Item, data: bytes) -> OpenFilm:
    known = _reading_of(worklist, item)
    return film_session.open_file(data, item.name, is_phantom=item.synthetic, known=known)


def _read_next_ahead(worklist: Worklist, shown: Sequence[Item]) -> None:
    """The film that the next step opens is read while this one is looked at."""
    item = worklist.open[0]
    at = shown.index(item) + 1 if item in shown else len(shown)
    if at < len(shown):
        read_ahead(shown[at], _reading_of(worklist, shown[at]))
    else:
        film_session.drop_ahead()


def _reading_of(worklist: Worklist, item: Item) -> Reading | None:
    """The reading that the list keeps of a film, if it does."""
    entry = worklist.entries.get(item)
    return entry.reading if entry else None


def _score_replaced(worklist: Worklist, films: Mapping[Item, bytes]) -> bool:
    """Score anew those whose file is no longer the one that was scored; whether there are any."""
    now = {item: hashlib.sha256(data).hexdigest() for item, data in films.items()}
    known = worklist.entries
    replaced = [item for item in films if item in known and known[item].sha256 != now[item]]
    for item in replaced:
        known[item] = score_film(item)
    return bool(replaced)


def _show_steps(worklist: Worklist, shown: Sequence[Item], key: str) -> None:
    """Shows which film is open, and buttons to its neighbours in the list and the patient's own."""
    item = worklist.open[0]
    at = shown.index(item) if item in shown else -1
    step = partial(_step, worklist, shown)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(texts.PREVIOUS, key=f"{key}-previous", on_click=step, args=(-1,), disabled=at < 1)
        st.button(
            texts.NEXT, key=f"{key}-next", on_click=step, args=(1,), disabled=at + 1 >= len(shown)
        )
        st.button(texts.CLOSE, key=f"{key}-close", on_click=setattr, args=(worklist, "open", ()))
        _offer_earlier(worklist, item, key)
        if at >= 0:
            st.caption(texts.POSITION.format(number=at + 1, total=len(shown)), width="content")
        if len(worklist.open) == 1:  # two are named where they are shown
            st.text(item.name, width="content")


def _offer_earlier(worklist: Worklist, item: Item, key: str) -> None:
    items = {one: other for other, one in worklist.entries.items()}
    own = worklist.entries.get(item)
    before = earlier(own, items) if own and len(worklist.open) == 1 else []
    gap = time_between(before[-1].patient, own.patient) if own and before else None
    if gap is None:
        return
    st.button(
        texts.compare(gap),
        key=f"{key}-compare",
        icon=":material/compare:",
        on_click=setattr,
        args=(worklist, "open", (item, items[before[-1]])),
    )


def _step_on(worklist: Worklist, shown: Sequence[Item], where: str) -> None:
    """Open the "next" film or the "previous" one in place of the one that is open, at once."""
    _step(worklist, shown, 1 if where == "next" else -1)
    st.rerun()


def _step(worklist: Worklist, shown: Sequence[Item], step: int) -> None:
    at = shown.index(worklist.open[0]) if worklist.open[0] in shown else -1
    worklist.open = (shown[min(max(at + step, 0), len(shown) - 1)],)
