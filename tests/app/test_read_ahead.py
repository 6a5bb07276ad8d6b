"""The next film of a list is read before it is requested, in its session and nowhere else."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import queue, read_ahead
from app.queue import Turns, Work
from covid_core.predict.predictor import Predictor
from covid_core.read.archives import Item
from tests.app.lists import FILMS, drop, list_page
from tests.counting import count_calls
from tests.waits import LONGEST_S, wait_until


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(queue, "SHOW_EVERY_S", 0.01)
    page = list_page(monkeypatch, ahead=True)
    return drop(page, *FILMS[:3])


def open_first(page: AppTest) -> list[str]:
    """The first film of the list, open; the names of all in the list's order."""
    order: list[str] = page.dataframe[0].value["name"].tolist()
    state = page.session_state["worklist-state"]
    state.open = tuple(item for item in state.entries if item.name == order[0])
    page.run()
    assert not page.exception
    return order


def test_the_next_film_is_there_when_it_is_requested(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = open_first(page)
    ahead = page.session_state["ahead"]
    assert ahead.item.name == order[1]
    film, _ = ahead.made.result(LONGEST_S)
    monkeypatch.setattr("app.worklist_panel.read_ahead", lambda *_: None)
    counts = count_calls(monkeypatch)
    page.button(key="worklist-next").click().run()
    assert not page.exception and page.session_state["current"].sha256 == film.sha256
    assert not counts["files decoded"] and not counts["classifier, for checks"]
    assert "ahead" not in page.session_state


def test_it_waits_while_anybody_waits_and_is_dropped_with_its_list(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Turns(1, 8)
    open_first(page)
    page.session_state["ahead"].made.result(LONGEST_S)
    page.button(key="worklist-close").click().run()
    assert "ahead" not in page.session_state
    read: list[Item] = []
    monkeypatch.setattr(read_ahead._Job, "read", lambda job: read.append(job.item))
    monkeypatch.setattr("app.shared_queue.TURNS", line)
    before = threading.active_count()
    with line.turn(lambda _: None):  # nobody else is at work while somebody is
        open_first(page)  # which the session holds, so that nobody waits for it
        ahead = weakref.ref(page.session_state["ahead"])
        page.button(key="worklist-close").click().run()
        gc.collect()
        assert ahead() is None
        wait_until(lambda: threading.active_count() <= before, "its thread has left the line")
    assert read == []


def test_a_film_that_leaves_the_list_is_dropped(page: AppTest) -> None:
    order = open_first(page)
    page.session_state["ahead"].made.result(LONGEST_S)
    drop(page, *(film for film in FILMS[:3] if film[0] != order[1]))
    assert not page.session_state["worklist-state"].open, "these are other uploads"
    assert "ahead" not in page.session_state


def test_a_film_that_fails_is_reported_when_it_is_opened(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise MemoryError("of Canary^Anna")

    with monkeypatch.context() as patch:
        patch.setattr(read_ahead._Job, "read", fail)
        order = open_first(page)
        assert page.session_state["ahead"].made.exception(LONGEST_S)
    page.button(key="worklist-next").click().run()
    assert not page.exception, "read as if nothing had been begun"
    assert [one.name for one in page.session_state["worklist-state"].open] == [order[1]]


def test_it_goes_by_the_lowest_rank(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    ranks: list[Work] = []
    take = Turns.turn

    def noted(line: Turns, show_position: Any, work: Work = Work.READING) -> Any:
        ranks.append(work)
        return take(line, show_position, work)

    monkeypatch.setattr(Turns, "turn", noted)
    open_first(page)
    page.session_state["ahead"].made.result(LONGEST_S)
    assert ranks[-1] is Work.AHEAD and ranks.count(Work.AHEAD) == 1


def test_the_network_does_not_judge_again_what_the_list_has_judged(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Predictor, "predict", lambda *_: pytest.fail("it was judged"))
    open_first(page)
    assert page.session_state["ahead"].made.result(LONGEST_S)
