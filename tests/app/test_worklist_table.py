"""Which rows of the list's table are ticked, and which films two ticks open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st

from app import worklist_table
from app.film_session import waiting_place
from app.worklist_table import Open, show_table
from covid_core.read.archives import Item

KEY = "list"
ITEMS = [Item(f"{i}.png", lambda: b"") for i in range(3)]


@dataclass
class Page:
    """A session's state, and what Streamlit was given last."""

    state: dict[str, Any] = field(default_factory=dict)
    opened: list[Open] = field(default_factory=list)
    table: str = ""
    on_select: Callable[[], None] = print

    def show(self, items: Sequence[Item], opened: Open = ()) -> list[int]:
        """The rows that are ticked in the table of these films."""
        show_table(items, [], opened, KEY, self.opened.append)
        selection = self.state.get(self.table, {"selection": {"rows": []}})["selection"]
        return list(selection["rows"])

    def tick(self, *rows: int) -> None:
        """What a user's ticks come to: these rows of the table that is shown."""
        self.state[self.table] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
        self.on_select()

    def dataframe(self, _rows: Any, *, key: str, on_select: Callable[[], None], **_: Any) -> None:
        """In place of Streamlit's."""
        self.table, self.on_select = key, on_select


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    made = Page()
    fake = SimpleNamespace(
        session_state=made.state,
        dataframe=made.dataframe,
        caption=lambda _: None,
        column_config=st.column_config,
    )
    monkeypatch.setattr(worklist_table, "st", fake)
    return made


def test_a_ticked_film_waits_for_another_in_tables_of_other_rows_too(page: Page) -> None:
    assert page.show(ITEMS) == []
    page.tick(2)
    assert page.opened == [] and page.state[waiting_place(KEY)] is ITEMS[2]
    assert page.show(ITEMS) == [2]
    assert page.show(ITEMS[1:]) == [1], "as when the list goes on being read, or is filtered"
    page.tick(1, 0)
    assert page.opened == [(ITEMS[2], ITEMS[1])]
    assert page.state[waiting_place(KEY)] is None


def test_a_tick_beside_a_film_that_is_filtered_out_opens_both(page: Page) -> None:
    page.show(ITEMS)
    page.tick(2)
    assert page.show(ITEMS[:2]) == []
    page.tick(0)
    assert page.opened == [(ITEMS[2], ITEMS[0])]


def test_a_tick_taken_away_leaves_nothing_waiting(page: Page) -> None:
    page.show(ITEMS)
    page.tick(2)
    page.tick()
    assert page.state[waiting_place(KEY)] is None and page.show(ITEMS) == []


def test_open_films_are_ticked(page: Page) -> None:
    assert page.show(ITEMS, (ITEMS[0], ITEMS[1])) == [0, 1]
