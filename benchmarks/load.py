"""Many visitors at once: whether each gets the right answer in fair turn, and memory is bounded.

    python -m benchmarks.load [--sessions 32] [--minutes 10] [--each N] [--slow 5] [--vanishing 5]

A real server, and visitors who speak its protocol, each in a session of its own. All films are read
one by one first, by a single visitor: film, heat and sentence that the page then gave are what each
visitor must be given later. Beside them some send their film at 1 KB/s, and some close the page
while theirs is being read.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests
from websockets.exceptions import WebSocketException

from app.texts import common
from app.texts.worklist import DROP
from benchmarks import load_figures
from benchmarks.arguments import parser_of
from benchmarks.load_figures import ERROR, RIGHT, WRONG, Answer, Sample
from benchmarks.memory import film
from benchmarks.record import format_record, record
from benchmarks.servers import HERE, Server, served
from benchmarks.visitors import Shown, Visitor, visiting
from covid_core.present.overlay import png
from covid_core.read.phantom import draw_phantom

_FILMS_EACH = 3  # that a visitor has; nobody else has them
_ANSWER = "Calibrated probability of COVID-19"
_SLOW_BYTES_PER_S = 1024
_SMALL_PX = 160  # of the film on a bad line: some twenty seconds
_LONGEST_MINUTES = 30  # where films are counted
_SAMPLE_S = _PAUSE_S = 2.0
_IN_LINE = common.WAITING.partition("{")[0]
_FAILURES = (requests.RequestException, WebSocketException, TimeoutError, OSError)
PageAnswer = tuple[str, ...]


def page_answer(shown: Shown) -> PageAnswer:
    """What a page says of the open film: its probability, and the SHA-256 of film and heat."""
    return (*(words for words in shown.words if _ANSWER in words), *shown.views)


def expected(server: Server, films: Sequence[tuple[str, bytes]]) -> Iterator[PageAnswer]:
    """The page's answer to each film, when one visitor alone gives one after another."""
    with visiting(server.address) as visitor:
        for one in films:
            yield page_answer(visitor.give(DROP, one))
            visitor.take_back(DROP)


@dataclass(slots=True)
class Crowd:
    """Visitors of one server.

    `until`: time.monotonic() when they stop; `each`: or after so many answers, 0 for no such end.
    """

    server: Server
    expected: Mapping[str, PageAnswer]
    until: float
    each: int
    answers: list[Answer] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    over: threading.Event = field(default_factory=threading.Event)

    def is_over(self, done: int) -> bool:
        """Whether a visitor with so many answers has had enough."""
        return time.monotonic() > self.until or bool(self.each and done >= self.each)

    def visit(self, number: int, films: Sequence[tuple[str, bytes]]) -> None:
        """One visitor, who gives film after film and compares the answers."""
        done = 0
        while not self.is_over(done):
            with suppress(*_FAILURES), visiting(self.server.address) as visitor:
                while not self.is_over(done):
                    self.answers.append(self._give(visitor, number, films[done % len(films)]))
                    done += 1
                return
            self.answers.append(Answer(number, ERROR, 0.0, time.monotonic() - self.started))
            done += 1
            time.sleep(_PAUSE_S)

    def _give(self, visitor: Visitor, number: int, one: tuple[str, bytes]) -> Answer:
        began, busy = time.monotonic(), 0
        shown = visitor.give(DROP, one)
        while shown.says(common.BUSY):
            busy += 1
            time.sleep(_PAUSE_S)
            shown = visitor.again()
        spent = time.monotonic() - began
        right = page_answer(shown) == self.expected[one[0]] and not shown.failed
        visitor.take_back(DROP)
        outcome = RIGHT if right else WRONG
        return Answer(number, outcome, spent, began - self.started, busy, shown.has_said(_IN_LINE))

    def send_slowly(self, one: tuple[str, bytes]) -> None:
        """A visitor on a bad line, over and over."""
        while not self.over.is_set():
            with suppress(*_FAILURES), visiting(self.server.address) as visitor:
                visitor.put(DROP, one, bytes_per_s=_SLOW_BYTES_PER_S)
                visitor.again()

    def vanish(self, one: tuple[str, bytes]) -> None:
        """Visitors who close the page while their film is being read, one after another."""
        while not self.over.wait(1):
            with suppress(*_FAILURES), visiting(self.server.address) as visitor:
                visitor.put(DROP, one)
                visitor.ask()

    def watch(self) -> None:
        """The server's memory and word, until all is over."""
        while not self.over.wait(_SAMPLE_S):
            at = time.monotonic() - self.started
            self.samples.append(
                Sample(at, self.server.memory(), self.server.uploads(), self.server.is_well())
            )


def crowded(
    server: Server, sessions: int, minutes: float, each: int, slow: int, vanishing: int
) -> Crowd:
    """The answers to so many visitors side by side, compared with those to one visitor alone."""
    films = [film(number) for number in range(sessions * _FILMS_EACH)]
    known = {one[0]: answer for one, answer in zip(films, expected(server, films), strict=True)}
    small = "small.png", png(draw_phantom(size_px=_SMALL_PX))
    crowd = Crowd(server, known, time.monotonic() + 60 * minutes, each)
    with ThreadPoolExecutor(sessions + slow + vanishing + 1) as pool:
        pool.submit(crowd.watch)
        for _ in range(slow):
            pool.submit(crowd.send_slowly, small)
        for _ in range(vanishing):
            pool.submit(crowd.vanish, small)
        own = [films[number::sessions] for number in range(sessions)]
        visits = [pool.submit(crowd.visit, number, some) for number, some in enumerate(own)]
        try:
            show_progress(crowd, visits)
        finally:
            crowd.over.set()
    return crowd


def show_progress(crowd: Crowd, visits: Sequence[Future[None]]) -> None:
    """A line that is written over, until all visitors are done. Raises what one of them raised."""
    while wait(visits, timeout=_SAMPLE_S).not_done:
        at = time.monotonic() - crowd.started
        print(f"\r{len(crowd.answers)} answers in {at:.0f} s ", end="", flush=True)
    print()
    for visit in visits:
        visit.result()


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--sessions", type=int, default=32)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--each", type=int, default=0, help="films of a visitor, instead of time")
    parser.add_argument("--slow", type=int, default=5, help="visitors besides, at 1 KB/s")
    parser.add_argument("--vanishing", type=int, default=5, help="visitors besides, who go midway")
    parser.add_argument("--name", default="load", help="of the record")
    parser.add_argument("--plot", type=Path, default=HERE / "out" / "load.html")
    given = parser.parse_args()
    minutes = _LONGEST_MINUTES if given.each else given.minutes
    with served() as server:
        crowd = crowded(server, given.sessions, minutes, given.each, given.slow, given.vanishing)
    found = load_figures.figures(crowd.answers, crowd.samples, by_time=not given.each)
    given.plot.parent.mkdir(parents=True, exist_ok=True)
    load_figures.plot(crowd.answers, crowd.samples).write_html(given.plot)
    command = " ".join(["python -m benchmarks.load", *sys.argv[1:]])
    raw = {"answers": [[a.session, a.outcome, round(a.seconds, 2)] for a in crowd.answers]}
    path = record(given.name, command, found, raw=raw)
    print(format_record(path))


if __name__ == "__main__":
    main()
