"""Whose film is next: a few at work side by side, the others in line, first come, first served.

Whoever has many films asks for a turn for each anew, so that a list of a thousand and a single film
are served alternately.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from covid_core.errors import CovidCoreError

TELL_S = 0.5


class Busy(CovidCoreError):
    """The line is full: nothing was begun."""

    def __init__(self) -> None:
        super().__init__("too many films are waiting already", "Try again in a minute")


class Turns:
    """One line for all threads.

    `at_work`: how many work side by side. `waiting`: how many may wait for them.
    """

    def __init__(self, at_work: int, waiting: int) -> None:
        self._free = at_work
        self._most_waiting = waiting
        self._changed = threading.Condition()
        self._line: list[object] = []

    @contextmanager
    def turn(self, tell: Callable[[int], object]) -> Iterator[None]:
        """What is done inside is done in turn.

        `tell`: called with one's position, from 1, every TELL_S of waiting; whatever it raises
        gives the place up, as anything raised inside ends the turn. Raises Busy.
        """
        ticket = self._lined_up()
        try:
            while not self._begins(ticket):
                tell(self._position(ticket))
        except BaseException:  # also what ends the run of one who goes
            self._leave(ticket)
            raise
        try:
            yield
        finally:
            self._end()

    def _lined_up(self) -> object:
        with self._changed:
            if len(self._line) >= self._free + self._most_waiting:
                raise Busy
            ticket = object()
            self._line.append(ticket)
            return ticket

    def _begins(self, ticket: object) -> bool:
        """Whether its turn came within TELL_S."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._is_next(ticket), TELL_S):
                return False
            self._line.remove(ticket)
            self._free -= 1
            self._changed.notify_all()  # more than one place may have become free at once
            return True

    def _is_next(self, ticket: object) -> bool:
        return self._free > 0 and self._line[0] is ticket

    def _position(self, ticket: object) -> int:
        with self._changed:
            return self._line.index(ticket) + 1

    def _leave(self, ticket: object) -> None:
        with self._changed:
            self._line.remove(ticket)
            self._changed.notify_all()

    def _end(self) -> None:
        with self._changed:
            self._free += 1
            self._changed.notify_all()
