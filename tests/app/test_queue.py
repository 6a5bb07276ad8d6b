"""Readings first, checks after them but not for ever; so many at once, and no place is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from app import queue
from app.queue import Busy, Turns, Work
from tests.waits import LONGEST_S, wait_until


class Gone(BaseException):
    """As Streamlit's own, with which it stops a page's script: no Exception."""


def nobody(_: int) -> None:
    """Takes a position and does nothing with it."""


class Visitors:
    """Threads that want a turn, each known to wait before the next one comes."""

    def __init__(self, line: Turns) -> None:
        self.line = line
        self.served: list[str] = []
        self._pool = ThreadPoolExecutor(16)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Somebody has the only place; those who came meanwhile are done once this ends."""
        with self.line.turn(nobody):
            yield
        self._pool.shutdown()

    def come(
        self, name: str, show_position: Callable[[int], object] = nobody, work: Work = Work.READING
    ) -> Future[None]:
        waits = threading.Event()

        def visit() -> None:
            with self.line.turn(waiting, work):
                self.served.append(name)

        def waiting(position: int) -> None:
            waits.set()
            show_position(position)

        coming = self._pool.submit(visit)
        assert waits.wait(LONGEST_S)
        return coming


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "SHOW_EVERY_S", 0.01)


def test_first_come_is_first_served() -> None:
    visitors = Visitors(Turns(1, 8))
    names = list("abcdefgh")
    with visitors.at_work():
        for name in names:
            visitors.come(name)
    assert visitors.served == names


def test_each_is_shown_the_position_and_moves_up() -> None:
    visitors = Visitors(Turns(1, 8))
    positions: list[int] = []
    first_gone = threading.Event()

    def leave(position: int) -> None:
        if first_gone.is_set():
            raise Gone

    with visitors.at_work():
        first = visitors.come("a", leave)
        visitors.come("b", positions.append)
        first_gone.set()
        with pytest.raises(Gone):
            first.result(LONGEST_S)
        visitors.come("c")
    assert positions[0] == 2 and 1 in positions and sorted(positions, reverse=True) == positions
    assert visitors.served == ["b", "c"], "who goes while waiting gives the place up"


def test_no_more_are_at_work_than_may_be() -> None:
    line, lock, meet = Turns(3, 100), threading.Lock(), threading.Barrier(3)
    most: list[int] = []
    now: list[int] = []

    def work(number: int) -> None:
        with line.turn(nobody):
            with lock:
                now.append(number)
                most.append(len(now))
            meet.wait(LONGEST_S)  # which none would pass if fewer than three were let in
            with lock:
                now.remove(number)

    with ThreadPoolExecutor(30) as pool:
        list(pool.map(work, range(30)))
    assert max(most) == 3 and now == []


def test_a_full_line_is_said_to_be_full_and_keeps_those_in_it() -> None:
    visitors = Visitors(Turns(1, 2))
    with visitors.at_work():
        visitors.come("a")
        visitors.come("b")
        with pytest.raises(Busy, match="Try again"), visitors.line.turn(nobody):
            pytest.fail("there was no place")
    assert visitors.served == ["a", "b"]


def test_where_nobody_may_wait_the_free_are_served_all_the_same() -> None:
    line = Turns(2, 0)
    with line.turn(nobody), line.turn(nobody), pytest.raises(Busy), line.turn(nobody):
        pytest.fail("there was no place")
    with line.turn(nobody):
        pass


def test_what_fails_in_its_turn_ends_it() -> None:
    line = Turns(1, 0)
    for failure in (MemoryError, Gone):
        with pytest.raises(failure), line.turn(nobody):
            raise failure
    with line.turn(nobody):
        pass


def test_a_list_of_films_does_not_keep_a_single_one_waiting() -> None:
    """One film of the list is at work; the single film is next, whatever else the list holds."""
    line = Turns(1, 8)
    served: list[str] = []
    at_work, go_on, single_waits = threading.Event(), threading.Event(), threading.Event()

    def whole_list() -> None:
        for number in range(100):
            with line.turn(nobody):
                served.append(f"list {number}")
                at_work.set()
                go_on.wait(LONGEST_S)

    def single() -> None:
        with line.turn(lambda _: single_waits.set()):
            served.append("single")

    with ThreadPoolExecutor(2) as pool:
        pool.submit(whole_list)
        assert at_work.wait(LONGEST_S)
        pool.submit(single)
        assert single_waits.wait(LONGEST_S)
        go_on.set()
    assert served.index("single") == 1 and len(served) == 101


def test_readings_pass_checks_and_both_pass_what_nobody_requested() -> None:
    visitors = Visitors(Turns(1, 8))
    with visitors.at_work():
        for name, work in (
            ("ahead", Work.AHEAD),
            ("first checks", Work.CHECKS),
            ("second checks", Work.CHECKS),
            ("first reading", Work.READING),
            ("second reading", Work.READING),
        ):
            visitors.come(name, work=work)
    assert visitors.served == [
        "first reading",
        "second reading",
        "first checks",
        "second checks",
        "ahead",
    ]


def test_checks_are_not_passed_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "PATIENCE", 2)
    visitors = Visitors(Turns(1, 16))
    with visitors.at_work():
        visitors.come("ahead", work=Work.AHEAD)
        visitors.come("checks", work=Work.CHECKS)
        for name in "abcd":
            visitors.come(name)
    assert visitors.served == ["a", "b", "checks", "c", "d", "ahead"]


def test_the_position_counts_those_who_go_first() -> None:
    visitors = Visitors(Turns(1, 8))
    positions: list[int] = []
    with visitors.at_work():
        visitors.come("checks", positions.append, Work.CHECKS)
        visitors.come("reading")
        wait_until(lambda: positions[-1] == 2, "the reading has gone before")
    assert positions[0] == 1 and visitors.served == ["reading", "checks"]


def test_only_a_reading_is_sent_away() -> None:
    visitors = Visitors(Turns(1, 1))
    with visitors.at_work():
        visitors.come("ahead", work=Work.AHEAD)
        visitors.come("checks", work=Work.CHECKS)
        visitors.come("a")
        with pytest.raises(Busy), visitors.line.turn(nobody):
            pytest.fail("there was no place")
        visitors.come("more checks", work=Work.CHECKS)
    assert visitors.served == ["a", "checks", "more checks", "ahead"]
