"""A visitor without a browser gets from the real page what a browser would show."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from app.texts import read as texts
from app.texts.worklist import DROP
from benchmarks.memory import film
from benchmarks.servers import Server
from benchmarks.visitors import Shown, Visitor, is_end, visiting
from covid_core.present.sentences import DISCLAIMER
from tests.waits import LONGEST_S

ANSWER = f"px. {DISCLAIMER}"  # with every answer, one that must not be used too


@pytest.fixture
def visitor(page_server: Server) -> Iterator[Visitor]:
    with visiting(page_server.address) as visitor:
        yield visitor


def test_the_page_is_shown_empty(visitor: Visitor) -> None:
    assert visitor.shown.says(texts.TITLE) and visitor.shown.says(texts.PHANTOMS)
    assert DROP in visitor.shown.uploaders and not visitor.shown.says(ANSWER)


def test_a_film_is_answered_and_gone_once_taken_back(visitor: Visitor) -> None:
    answered = visitor.give(DROP, film(0))
    assert answered.says(ANSWER) and not answered.failed
    height = width = 512
    assert answered.says(f"{width} x {height} px") and answered.size > width * height
    early = "\n".join(answered.earlier)
    assert ANSWER in early and len(answered.views) == 1, "answered before the run that shows it all"
    gone = visitor.take_back(DROP)
    assert gone.says(texts.PHANTOMS) and not gone.has_said(ANSWER)


def test_films_together_become_a_list(visitor: Visitor) -> None:
    visitor.give(DROP, film(1), film(2))
    assert visitor.wait_for("**2 films: ").says("**2 films: ")


def test_what_no_film_is_gets_no_answer(visitor: Visitor) -> None:
    shown = visitor.give(DROP, ("film.png", b"no film"))
    assert shown.says(texts.NOT_READ) and not shown.says(ANSWER)


def test_words_that_never_come_are_not_waited_for(visitor: Visitor) -> None:
    with pytest.raises(TimeoutError, match="does not say"):
        visitor.wait_for("words that the page never says")


def test_a_file_without_the_token_is_turned_away(page_server: Server, visitor: Visitor) -> None:
    visitor.give(DROP, film(3))
    url = f"{page_server.address}/_stcore/upload_file/any/any"
    assert requests.put(url, files={"a.png": b""}, timeout=LONGEST_S).status_code == 403


def test_a_run_ends_where_no_other_follows_at_once() -> None:
    done = ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY)
    fragment = ForwardMsg(script_finished=ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
    early = ForwardMsg(script_finished=ForwardMsg.FINISHED_EARLY_FOR_RERUN)
    assert is_end(done) and is_end(fragment)
    assert not is_end(early) and not is_end(ForwardMsg(ref_hash="of something else"))


def test_an_exception_is_heard() -> None:
    message = ForwardMsg()
    message.delta.new_element.exception.message = "broken"
    shown = Shown()
    shown.note(message)
    assert shown.failed and shown.says("broken")


def test_a_fragment_says_when_it_wants_another_turn() -> None:
    message = ForwardMsg()
    message.auto_rerun.fragment_id, message.auto_rerun.interval = "one", 0.5
    shown = Shown()
    shown.note(message)
    assert shown.turns == {"one": 0.5}
