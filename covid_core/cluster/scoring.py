"""An archive scored by Ray's actor pool: parts of it to workers, and their rows into a table.

Ray restarts a worker that is lost and gives it the same part again. A part that nobody survives is
gone through film by film, and a film that nobody survives becomes a row that says so.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from covid_core.batch.pipeline import Row, Scoring, UnreadFilm, rows
from covid_core.cluster.delta_table import Table
from covid_core.cluster.places import Place, Unreachable
from covid_core.errors import CovidCoreError
from covid_core.extras import needing
from covid_core.findings import Finding
from covid_core.predict.predictor import Predictor
from covid_core.present.rows import error_row
from covid_core.read.radiograph import Radiograph
from covid_core.storage.walk import Note, ignore

FILMS_A_PART = 128  # some seconds of work, which are lost with a worker
_THREADS = 2  # in a worker of one core: a film is fetched while another is in the network
_CHANCES = 3  # workers that a part may take with it, and then each of its films
_RESTARTS = 30  # of one worker: where it dies as it starts, it does so each time
_STORE_BYTES = 100 * 1024**2  # of Ray's shared memory, of which we use next to nothing


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker must know.

    `weights_sha256`: that its `load`, on its own machine, must give. `answers`: of the network.
    `prevalence`: of the disease, 0 to 1.
    """

    films: Place
    load: Callable[[], Predictor]
    weights_sha256: str
    point: str
    answers: tuple[Finding, ...]
    prevalence: float | None = None


class Worker:
    """One process of the cluster, with the network loaded."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._refusal: CovidCoreError | None = (
            None  # raised by `score`: Ray hides what is raised here
        )
        try:
            self._predictor = job.load()
            if self._predictor.card.sha256 != job.weights_sha256:
                raise CovidCoreError("a worker has other weights", "Put the same on every machine")
        except CovidCoreError as error:
            self._refusal = error

    def score(self, films: Sequence[str]) -> list[Row]:
        """The rows of films; raises CovidCoreError for what is no film's fault."""
        if self._refusal:
            raise self._refusal
        job = self._job
        scoring = Scoring(self._predictor, job.point, job.prevalence)
        faults: list[Unreachable] = []
        wanted = (
            UnreadFilm(job.films.name(film), partial(self._read, film, faults)) for film in films
        )
        scored = list(rows(wanted, scoring, workers=_THREADS))
        if faults:  # as rows they would never be tried again
            raise faults[0]
        return scored

    def _read(self, film: str, faults: list[Unreachable]) -> Radiograph:
        try:
            return self._job.films.read(film)
        except Unreachable as error:
            faults.append(error)
            raise


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
    except Exception as error:  # a node that does not start in time raises no more than that
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
) -> Iterator[list[Row]]:
    """Score what the table has no rows of yet, `films` at a time; gives the rows as they are added.

    `note` takes the files that are no films. The archive is listed as workers come free, and never
    held. Raises CovidCoreError; what was added till then stays.
    """
    found = job.films.films(note)
    left: Iterator[str] = (film for film in found if job.films.name(film) not in table)
    lost: dict[str, str] = {}  # names and paths of films that were given to workers and have no row
    for size in (films, 1):
        for scored in _scored(job, left, workers, size, lost):
            yield table.add(scored)
        left = iter([*lost.values()])
    fatal = CovidCoreError(
        f"reading it stopped {_CHANCES} workers, one after another",
        "Try the radiograph by itself; it may be damaged, or need more memory than there is",
    )
    yield table.add([error_row(name, fatal, job.answers) for name in lost])


def _scored(
    job: Job, films: Iterator[str], workers: int, size: int, lost: dict[str, str]
) -> Iterator[list[Row]]:
    """Rows of films, as workers give them. `lost` keeps the films that it was given no rows of."""
    parts = iter(lambda: list(islice(films, size)), [])
    part = next(parts, None)
    pool = _pool(job, workers if part else 0)
    while part or pool.has_next():
        while part and pool.has_free():
            lost.update((job.films.name(film), film) for film in part)
            pool.submit(lambda worker, films: worker.score.remote(films), part)
            part = next(parts, None)
        while not part and pool.has_free():
            pool.pop_idle()  # it makes room for one whose machine was lost
        scored = _next(pool)
        for row in scored:
            lost.pop(row["file"], None)
        if scored:
            yield scored


def _next(pool: Any) -> list[Row]:
    """The rows of the part that is done next; none where it was lost."""
    lost = _ray().exceptions
    try:
        return pool.get_next_unordered()
    except (lost.ActorUnavailableError, lost.OutOfMemoryError):
        return []
    except lost.RayActorError as error:  # it has been restarted too often
        raise CovidCoreError(
            "workers die again and again",
            "Check on each machine that this project runs: python -m covid_core predict FILM",
        ) from error
    except lost.RayTaskError as error:
        if isinstance(error.cause, CovidCoreError):
            raise error.cause from None
        raise CovidCoreError(
            f"a worker can't go on ({type(error.cause).__name__})",
            "Check that every machine has this project; Ray's log there says more",
        ) from None


def _pool(job: Job, workers: int) -> Any:
    ray = _ray()
    from ray.util.actor_pool import ActorPool

    worker = ray.remote(num_cpus=1, max_restarts=_RESTARTS, max_task_retries=_CHANCES - 1)(Worker)
    return ActorPool([worker.remote(job) for _ in range(workers)])


def _ray() -> Any:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # what Ray starts from here inherits it
    with needing("ray", "cluster"):
        import ray
    return ray
