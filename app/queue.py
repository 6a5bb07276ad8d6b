"""Whose film is next: a few at work side by side, the others in line.

A reading that somebody waits for goes first; the checks of a film that has its answer already give
way to it, but not for ever; a film that nobody has requested yet is read where nobody waits. Among
equals it is first come, first served. Whoever has many films asks for a turn for each anew, so that
a list of a thousand and a single film are served alternately.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum

from covid_core.errors import CovidCoreError

SHOW_EVERY_S = 0.5  # of waiting
PATIENCE = 8  # readings that may pass one film's checks: some two seconds


class Work(IntEnum):
    """What a turn is for; the lower goes first."""

    READING = 0
    CHECKS = 1
    AHEAD = 2


class Busy(CovidCoreError):
    """The line is full: nothing was begun."""

    def __init__(self) -> None:
        super().__init__("too many films are waiting already", "Try again in a minute")


@dataclass(slots=True, eq=False)
class _Ticket:
    """A place in the line. `passed`: how often one who came later went first."""

    work: Work
    passed: int = 0

    @property
    def rank(self) -> Work:
        """What it counts as, after its wait."""
        waited = self.work is Work.CHECKS and self.passed >= PATIENCE
        return Work.READING if waited else self.work


class Turns:
    """One line for all threads.

    `at_work`: how many work side by side. `waiting`: how many readings may wait for them; what
    follows a reading is never sent away, for it was let in with it.
    """

    def __init__(self, at_work: int, waiting: int) -> None:
        self._free = at_work
        self._most_waiting = waiting
        self._changed = threading.Condition()
        self._line: list[_Ticket] = []  # as they came

    @contextmanager
    def turn(
        self, show_position: Callable[[int], object], work: Work = Work.READING
    ) -> Iterator[None]:
        """What is done inside is done in turn.

        `show_position`: called with one's position, from 1, every SHOW_EVERY_S of waiting; whatever
        it raises gives the place up, as anything raised inside ends the turn. Raises Busy.
        """
        ticket = self._lined_up(work)
        try:
            while not self._begins(ticket):
                show_position(self._position(ticket))
        except BaseException:  # also what ends the run of one who goes
            self._leave(ticket)
            raise
        try:
            yield
        finally:
            self._end()

    def _lined_up(self, work: Work) -> _Ticket:
        with self._changed:
            readings = sum(ticket.work is Work.READING for ticket in self._line)
            if work is Work.READING and readings >= self._free + self._most_waiting:
                raise Busy
            ticket = _Ticket(work)
            self._line.append(ticket)
            return ticket

    def _begins(self, ticket: _Ticket) -> bool:
        """Whether its turn came within SHOW_EVERY_S."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._is_next(ticket), SHOW_EVERY_S):
                return False
            for earlier in self._line[: self._line.index(ticket)]:
                earlier.passed += 1
            self._line.remove(ticket)
            self._free -= 1
            self._changed.notify_all()  # more than one place may have become free at once
            return True

    def _is_next(self, ticket: _Ticket) -> bool:
        return self._free > 0 and self._in_order()[0] is ticket

    def _position(self, ticket: _Ticket) -> int:
        with self._changed:
            return self._in_order().index(ticket) + 1

    def _in_order(self) -> list[_Ticket]:
        """The line as it will be served if nobody comes any more."""
        return sorted(self._line, key=lambda ticket: ticket.rank)

    def _leave(self, ticket: _Ticket) -> None:
        with self._changed:
            self._line.remove(ticket)
            self._changed.notify_all()

    def _end(self) -> None:
        with self._changed:
            self._free += 1
            self._changed.notify_all()
