"""The list of films as a table: what is shown of it, in which order, and which film is clicked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from app import film_session
from app.texts import worklist as texts
from covid_core.batch.worklist import Entry, Filter
from covid_core.present.overlay import data_uri
from covid_core.read.archives import Item

_ROW_PX = 46
_ROWS_SHOWN, _ROWS_ABOVE_A_FILM = 12, 5
_HEADER_PX = 37

Open = tuple[Item, ...]


def show_filters(key: str) -> tuple[Filter, bool]:
    """The controls of the table: which films to show, and whether with their studies' dates."""
    tiers = st.pills(
        texts.TIER,
        texts.TIERS,
        selection_mode="multi",
        label_visibility="collapsed",
        format_func=texts.tier_heading,
        key=f"{key}-tiers",
        persist_state="session",
    )
    with st.popover(texts.FILTER, icon=":material/filter_list:"):
        name = st.text_input(texts.NAME, key=f"{key}-name", persist_state="session")
        least = st.slider(
            texts.LEAST, 0.0, 1.0, step=0.05, key=f"{key}-least", persist_state="session"
        )
        warned = st.toggle(
            texts.WARNED, key=f"{key}-warned", help=texts.WARNED_HELP, persist_state="session"
        )
        unusable = st.toggle(
            texts.UNUSABLE, key=f"{key}-unusable", help=texts.UNUSABLE_HELP, persist_state="session"
        )
        dated = st.toggle(
            texts.DATES, key=f"{key}-dates", help=texts.DATES_HELP, persist_state="session"
        )
    return Filter(frozenset(tiers), least, name or "", warned, unusable), dated


def show_table(
    items: Sequence[Item],
    entries: Sequence[Entry],
    opened: Open,
    key: str,
    on_open: Callable[[Open], None],
    *,
    dated: bool = False,
) -> None:
    """A row an entry, in the order given; `items` are theirs.

    `opened`: those to be ticked. `dated`: with the study's date, a patient's tag that is shown on
    demand only.

    Before the next run, `on_open` gets the one or two films to open, or none.
    """
    # A table of its own for each order of films: a click on one that is outdated by the time it
    # arrives still means the film that it was made on.
    order = hashlib.sha256(repr([id(item) for item in items]).encode()).hexdigest()[:12]
    table = f"{key}-table-{order}"
    waiting: Item | None = st.session_state.get(film_session.waiting_place(key))
    ticked = opened or ((waiting,) if waiting else ())
    _tick(table, [items.index(item) for item in ticked if item in items])
    rows = min(_ROWS_ABOVE_A_FILM if opened else _ROWS_SHOWN, len(entries))
    st.dataframe(
        [cells_of(one, dated=dated) for one in entries],
        key=table,
        height=_HEADER_PX + _ROW_PX * rows,
        row_height=_ROW_PX,
        column_config=_columns(),
        selection_mode=["multi-row", "single-cell"],
        on_select=partial(_choose, items, opened, key, table, on_open),
        hide_index=True,
        placeholder="",
        alt=texts.TABLE_ALT,
    )
    if not opened:
        st.caption(texts.HINT)


def _tick(table: str, rows: list[int]) -> None:
    """Tick a table's rows, where it shows others: setting them costs a run of the script."""
    selected = st.session_state[table]["selection"] if table in st.session_state else {}
    if list(selected.get("rows", [])) != rows or selected.get("cells"):
        st.session_state[table] = {"selection": {"rows": rows, "columns": [], "cells": []}}


def _choose(
    items: Sequence[Item], opened: Open, key: str, table: str, on_open: Callable[[Open], None]
) -> None:
    """Opens what a table's selection asks for.

    A clicked cell's film alone, or two that are ticked; of more, those ticked last.
    """
    selection = st.session_state[table]["selection"]
    waiting = [] if opened or selection["cells"] else selection["rows"]
    alone = items[waiting[0]] if len(waiting) == 1 else None
    place = film_session.waiting_place(key)
    before: Item | None = st.session_state.get(place)
    hidden = before if before not in items else None  # ticked before other filters hid it
    st.session_state[place] = None if hidden else alone
    if alone and hidden:
        on_open((hidden, alone))
    if alone:
        return
    if selection["cells"]:
        on_open((items[selection["cells"][0][0]],))
        return
    ticked = [items[row] for row in selection["rows"]]
    still = [item for item in opened if item in ticked]
    on_open(tuple(still + [item for item in ticked if item not in still])[-2:])


def cells_of(one: Entry, *, dated: bool = False) -> dict[str, Any]:
    """What the table shows of a film, by column; of opacities only where weights find them."""
    return {
        "film": data_uri(one.thumbnail, "jpeg") if one.thumbnail else None,
        "name": one.name,
        "tier": one.tier.heading,
        "probability": _within(one.probability),
        **_opacity_cells(one),
        **({"date": one.patient.taken} if dated else {}),
        "note": one.note,
    }


def _within(probability: float | None) -> float | None:
    """A probability as the table shows it, which writes two digits: never 0 or 1."""
    return None if probability is None else min(max(probability, 0.01), 0.99)


def _opacity_cells(one: Entry) -> dict[str, Any]:
    """The opacity map's and the RSNA category's; empty where the answer must not be used."""
    prediction, counts = one.prediction, not one.unusable
    cells: dict[str, Any] = {}
    if prediction and prediction.opacity is not None:
        cells["opacity"] = _within(prediction.opacity_peak) if counts else None
    if prediction and prediction.category:
        cells["category"] = prediction.category.display_name if counts else None
    return cells


def _columns() -> dict[str, Any]:
    kinds, titles = st.column_config, texts.COLUMNS
    return {
        "film": kinds.ImageColumn(titles["film"], width=56),
        "name": kinds.TextColumn(titles["name"], width=190),
        "tier": kinds.TextColumn(titles["tier"], width=205),
        "probability": kinds.ProgressColumn(
            titles["probability"],
            width=110,
            help=texts.PROBABILITY_HELP,
            format="%.2f",
            min_value=0,
            max_value=1,
        ),
        "opacity": kinds.ProgressColumn(
            titles["opacity"],
            width=100,
            help=texts.OPACITY_HELP,
            format="%.2f",
            min_value=0,
            max_value=1,
        ),
        "category": kinds.TextColumn(titles["category"], width=170, help=texts.CATEGORY_HELP),
        "date": kinds.DateColumn(titles["date"], width=100),
        "note": kinds.TextColumn(titles["note"], width="medium"),
    }
