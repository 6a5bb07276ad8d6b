"""An archive scored by the machines of a Ray cluster: parts of it to workers, one row a film.

A worker is an actor of Ray that has the network loaded; a part of the archive is one call of it:
its films' paths go in, and a path of rows comes out. Films and rows never pass through Ray. A part
whose worker is lost is given to others in two halves, so that a film that kills whoever reads it is
found, and becomes a row that says so.
"""

from __future__ import annotations

import logging
import os
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from covid_core.batch.pipeline import Film, Scoring, rows
from covid_core.cluster.parquet_table import Drafts, Table, films_left
from covid_core.cluster.places import Place, Unreachable
from covid_core.errors import CovidCoreError
from covid_core.findings import Finding
from covid_core.predict.predictor import Predictor
from covid_core.present.sentences import UNANSWERED, error_row
from covid_core.read.radiograph import Radiograph
from covid_core.storage.walk import Note, ignore

FILMS_A_PART = 128  # some seconds of work, which are lost with a worker
_THREADS = 2  # in a worker of one core: a film is fetched while another is in the network
_CHANCES = 3  # workers that a film may take with it, or that may die one by one as they start
_STORE_BYTES = 100 * 1024**2  # of Ray's shared memory, of which we use next to nothing


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker must know.

    `load`: gives the Predictor, on the worker's machine. `answers`: of the network. `prevalence`:
    of the disease, 0 to 1.
    """

    films: Place
    drafts: Drafts
    load: Callable[[], Predictor]
    answers: tuple[Finding, ...]
    prevalence: float | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """One part that is in the table now: how many films, and how many got no prediction."""

    films: int
    failed: int


Draft = tuple[str, Done]  # where a part's rows are, which do not count yet, and their number


class Worker:
    """One process of the cluster, with the network loaded."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def load(self) -> str:
        """Get ready; gives a sentence where that can't be, for Ray would wrap an error."""
        try:
            self._predictor = self._job.load()
        except CovidCoreError as error:
            return str(error)
        same = self._predictor.card.sha256 == self._job.drafts.terms.weights_sha256
        return "" if same else "A worker has other weights. Put the same on every machine."

    def score(self, films: Sequence[str]) -> Draft:
        """Score films; gives where their rows lie, and their count."""
        job = self._job
        scoring = Scoring(self._predictor, job.drafts.terms.point, job.prevalence)
        faults: list[Unreachable] = []
        wanted = (Film(job.films.name(film), partial(self._read, film, faults)) for film in films)
        scored = list(rows(wanted, scoring, workers=_THREADS))
        if faults:  # no film's fault: as rows they would never be tried again
            raise faults[0]
        return write_draft(job.drafts, scored)

    def _read(self, film: str, faults: list[Unreachable]) -> Radiograph:
        try:
            return self._job.films.read(film)
        except Unreachable as error:
            faults.append(error)
            raise


def write_draft(drafts: Drafts, scored: Sequence[dict[str, Any]]) -> Draft:
    """Where rows are written that do not count yet, and their count."""
    return drafts.write(scored), Done(
        len(scored), sum(row["decision"] in UNANSWERED for row in scored)
    )


@contextmanager
def connected(address: str | None, workers: int | None) -> Iterator[int]:
    """A cluster of Ray: this machine alone, or where `address` says (`auto`, `ray://host:port`).

    Gives how many workers to start there: as many as wanted, or as the cluster has cores. Starts no
    dashboard and reports no use to Ray's makers. Raises CovidCoreError.
    """
    ray = _ray()
    alone = address is None
    mine = {"num_cpus": workers, "object_store_memory": _STORE_BYTES, "include_dashboard": False}
    try:
        ray.init(
            "local" if alone else address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            **(mine if alone else {}),
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise CovidCoreError(
            f"no cluster of Ray answers at {address}" if address else "Ray can't start here",
            "Start one with: ray start --head; or leave out --address",
        ) from error
    try:
        yield workers or max(1, int(ray.cluster_resources().get("CPU", 0)))
    finally:
        ray.shutdown()


def score_archive(
    job: Job, table: Table, workers: int, *, films: int = FILMS_A_PART, note: Note = ignore
) -> Iterator[Done]:
    """Score what the table has no rows of yet, `films` at a time; gives each part as it is added.

    `note` takes the files that are no films. The archive is listed as workers come free,
    and never held. Raises CovidCoreError; what was added till then stays.
    """
    work = _Work(films_left(job.films, table.films(), films, note))
    pool = _Pool(job, workers if work.more else 0)
    while work.more or pool.busy:
        while work.more and pool.idle:
            pool.give(work.parts.popleft())
        outcome = pool.next()
        if outcome is None:
            continue
        part, draft = outcome
        if draft is None and work.take_back(part):
            continue
        half, done = draft or write_draft(job.drafts, [_fatal(job, part[0])])
        table.add(half, [job.films.name(film) for film in part])
        yield done


@dataclass(slots=True)
class _Work:
    """What is yet to be given out: `parts`, and when there are none the next of `fresh`.

    `deaths`: how many workers were lost with a film alone.
    """

    fresh: Iterator[list[str]]
    parts: deque[list[str]] = field(default_factory=deque)
    deaths: Counter[str] = field(default_factory=Counter)

    @property
    def more(self) -> bool:
        if not self.parts:
            self.parts.extend(islice(self.fresh, 1))
        return bool(self.parts)

    def take_back(self, part: list[str]) -> bool:
        """Plan a lost worker's part anew, in halves; False for a film that nobody survives."""
        if middle := len(part) // 2:
            self.parts += part[:middle], part[middle:]
            return True
        self.deaths[part[0]] += 1
        if self.deaths[part[0]] == _CHANCES:
            return False
        self.parts.append(part)
        return True


class _Pool:
    """Workers, replaced when they are lost.

    `idle`: those that have loaded and wait for films; one that has not loaded gets none, for it may
    wait for a machine for hours.
    """

    def __init__(self, job: Job, workers: int) -> None:
        self.idle: list[Any] = []
        self._ray = _ray()
        lost = self._ray.exceptions
        self._lost = (lost.RayActorError, lost.WorkerCrashedError, lost.OutOfMemoryError)
        self._worker = self._ray.remote(num_cpus=1, max_restarts=0)(Worker)
        self._job = job
        self._calls: dict[Any, tuple[Any, list[str]]] = {}  # no films: it is loading
        self._workers = workers
        self._births = _CHANCES * workers
        for _ in range(workers):
            self._start()

    @property
    def busy(self) -> bool:
        return any(films for _, films in self._calls.values())

    def give(self, films: list[str]) -> None:
        worker = self.idle.pop()
        self._calls[worker.score.remote(films)] = worker, films

    def next(self) -> tuple[list[str], Draft | None] | None:
        """Wait for a worker: what it was given, and its draft, or None where it was lost.

        None alone where it had no films.
        """
        (call,), _ = self._ray.wait(list(self._calls), num_returns=1)
        worker, films = self._calls.pop(call)
        try:
            result = self._ray.get(call)
        except self._lost:
            self._ray.kill(worker)  # it may only be out of reach
            self._start()
            if films:
                return films, None
            self._stillborn()
            return None
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, Unreachable):
                raise error.cause from None
            raise CovidCoreError(
                f"a worker can't go on ({type(error.cause).__name__})",
                "Check that every machine has this project and may write the table; Ray's log there"
                " says more",
            ) from None
        self.idle.append(worker)
        if films:
            return films, result
        if result:
            raise CovidCoreError("a worker can't start", result)
        self._births = _CHANCES * self._workers
        return None

    def _start(self) -> None:
        worker = self._worker.remote(self._job)
        self._calls[worker.load.remote()] = worker, []

    def _stillborn(self) -> None:
        self._births -= 1
        if self._births <= 0:
            raise CovidCoreError(
                "workers die as they start",
                "Check on each machine that this project runs: python -m covid_core predict FILM",
            )


def _fatal(job: Job, film: str) -> dict[str, Any]:
    error = CovidCoreError(
        f"reading it stopped {_CHANCES} workers, one after another",
        "Try the film by itself; it may be damaged, or need more memory than there is",
    )
    return error_row(job.films.name(film), error, job.answers)


def _ray() -> Any:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # what Ray starts from here inherits it
    try:
        import ray
    except ModuleNotFoundError as error:
        raise CovidCoreError(
            "scoring on a cluster needs Ray, which is not installed",
            "Install it with: python -m pip install -r requirements-cluster.txt",
        ) from error
    return ray
