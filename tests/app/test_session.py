"""What is made of a film is kept for that film alone, and dropped once none is open."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app import film_session
from app.film_session import Slot


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the session holds."""
    held: dict[str, Any] = {}
    monkeypatch.setattr(film_session, "st", SimpleNamespace(session_state=held))
    return held


def test_what_was_made_of_one_film_is_kept_until_another_s_is_wanted(
    state: dict[str, Any],
) -> None:
    made: list[str] = []

    def make_of(film: str) -> str:
        return film_session.remember(Slot.COPIES, film, lambda: made.append(film) or f"of {film}")

    assert [make_of(film) for film in ("a", "a", "b", "b", "a")] == [
        "of a",
        "of a",
        "of b",
        "of b",
        "of a",
    ]
    assert made == ["a", "b", "a"]
    assert state == {"copies": ("a", "of a")}


def test_nothing_made_of_films_stays_where_none_is_open(state: dict[str, Any]) -> None:
    state.update({slot: object() for slot in Slot}, point="balanced")
    film_session.forget_closed()
    assert state == {"point": "balanced"}
