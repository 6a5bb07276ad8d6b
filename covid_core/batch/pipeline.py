"""Many films, several at a time: each read, judged and put into its row, in their own order.

Neither the films before one nor those after it are kept in memory, so that a folder of a million
needs the memory of a few.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from covid_core.errors import CovidCoreError, NameRefused, Unwritten, foreseen
from covid_core.model.decision import BALANCED
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.present.flags import Flag, flags_of
from covid_core.present.rows import error_row, prediction_row
from covid_core.read.radiograph import Radiograph

_AHEAD = 8  # pieces of work begun or waiting, for each worker: one slow film holds up no other
T = TypeVar("T")
R = TypeVar("R")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class UnreadFilm:
    """A film that is not yet read.

    `name`: of its file, as its row gives it. `read`: decodes it; raises CovidCoreError.
    """

    name: str
    read: Callable[[], Radiograph]


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """What is known of a film once its maps are made and its checks, too.

    `prediction`: its answer withheld where the checks forbid to use it. `heat_in_lungs`: the share
    of its heat inside the lungs, NaN where the map failed its tests or the answer must not be used.
    """

    prediction: Prediction
    heat_in_lungs: float
    flags: tuple[Flag, ...]


Explain = Callable[[UnreadFilm, Radiograph, Prediction], Explained]
"""Maps and checks a film, and writes the files requested beside its row."""


@dataclass(frozen=True, slots=True, eq=False)
class Scoring:
    """What is done with each film.

    `prevalence`: of the disease among the films, 0 to 1, for the predictive value. `explain`: None
    where only answers are wanted.
    """

    predictor: Predictor
    point: str = BALANCED
    prevalence: float | None = None
    explain: Explain | None = None


def rows(films: Iterable[UnreadFilm], scoring: Scoring, *, workers: int) -> Generator[Row]:
    """The rows of the films, one each, in their order, each as soon as it can be given.

    Each of the `workers` threads takes as many films at a time as the network does best in one
    batch. Close the iterator to stop early. Raises what `films` and `scoring.explain` do, and
    nothing for what a film holds.
    """
    pieces = _batches(films, scoring.predictor.engine.batch_films)
    with closing(in_order(partial(score, scoring), pieces, workers=workers)) as scored:
        for piece in scored:
            yield from piece


def score(scoring: Scoring, films: Sequence[UnreadFilm]) -> list[Row]:
    """The rows of a few films, in their order.

    `rows.prediction_row`, or `rows.error_row` where there is no prediction or its
    outputs could not be made.
    """
    read = [_attempt(film.read) for film in films]
    judged = iter(_judged(scoring, [one for one in read if not isinstance(one, CovidCoreError)]))
    return [
        error_row(film.name, one, scoring.predictor.card.classes)
        if isinstance(one, CovidCoreError)
        else _row(scoring, film, one, next(judged))
        for film, one in zip(films, read, strict=True)
    ]


def in_order(work: Callable[[T], R], items: Iterable[T], *, workers: int) -> Generator[R]:
    """The results of `work` on each item, by several threads, in the items' order.

    Items are taken a few ahead, in the caller's thread. Where `work` or `items` raises, or the
    iterator is closed, what is begun is finished and the rest is dropped.
    """
    pool = ThreadPoolExecutor(workers)
    begun: deque[Future[R]] = deque()
    try:
        for item in items:
            begun.append(pool.submit(work, item))
            while begun and (len(begun) >= _AHEAD * workers or begun[0].done()):
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _row(
    scoring: Scoring, film: UnreadFilm, radiograph: Radiograph, judged: Prediction | CovidCoreError
) -> Row:
    if isinstance(judged, CovidCoreError):
        return error_row(film.name, judged, scoring.predictor.card.classes)
    try:
        made = scoring.explain(film, radiograph, judged) if scoring.explain else None
    except CovidCoreError as error:
        if isinstance(error, Unwritten) and not isinstance(error, NameRefused):
            raise
        return error_row(film.name, error, scoring.predictor.card.classes)
    return prediction_row(
        film.name,
        made.prediction if made else judged,
        heat_in_lungs=made.heat_in_lungs if made else None,
        prevalence=scoring.prevalence,
        flags=made.flags if made else flags_of(judged),  # of what one pass of the network shows
        checked=made is not None,
    )


def _judged(
    scoring: Scoring, radiographs: Sequence[Radiograph]
) -> Sequence[Prediction | CovidCoreError]:
    found = _attempt(lambda: scoring.predictor.predict_many(radiographs, scoring.point))
    if not isinstance(found, CovidCoreError):
        return found
    if len(radiographs) == 1:
        return [found]
    # One by one where a batch fails: the film at fault takes no other with it.
    return [one for film in radiographs for one in _judged(scoring, [film])]


def _attempt(step: Callable[[], R]) -> R | CovidCoreError:
    try:
        with foreseen():
            return step()
    except CovidCoreError as error:
        # Its frames hold the film, and would keep it until cycles are collected.
        error.__traceback__ = error.__context__ = error.__cause__ = None
        return error


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while piece := list(islice(rest, size)):
        yield piece
