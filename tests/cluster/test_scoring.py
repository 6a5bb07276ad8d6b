"""An archive on a cluster: one row a film, whoever is killed, equal to what `predict` gives."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from covid_core.__main__ import main, run
from covid_core.batch.ledger import Terms
from covid_core.cluster import scoring as cluster
from covid_core.cluster.parquet_table import Table, open_table
from covid_core.cluster.places import Place, Unreachable
from covid_core.cluster.scoring import (
    Done,
    Draft,
    Job,
    Worker,
    connected,
    score_archive,
    write_draft,
)
from covid_core.commands import cluster as command
from covid_core.errors import CovidCoreError
from covid_core.model.card import read_card
from covid_core.predict.predictor import Predictor
from covid_core.present.overlay import png
from covid_core.present.sentences import UNANSWERED, error_row
from covid_core.read.phantom import draw_phantom
from tests.models import random_weights
from tests.stand_in import StandIn
from tests.waits import wait_until

ROOT = Path(__file__).parent.parent.parent
FILMS = 18
FILMS_A_PART = 3
FATAL = "ward 1/cut.png"
DRIVER = f"""
import sys
from pathlib import Path
from covid_core.cluster.scoring import connected, score_archive
from covid_core.cluster.parquet_table import open_table
from covid_core.cluster.places import Place
from tests.cluster.test_cluster import job_of, terms_of
address, films, out, weights = sys.argv[1], *map(Path, sys.argv[2:])
with open_table(Place.of(str(out)), terms_of(weights)) as table, connected(address, 2) as workers:
    job = job_of(films, table, weights, out.with_name("pids"))
    scored = score_archive(job, table, workers, films={FILMS_A_PART})
    print(next(scored), next(scored), next(scored), flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Films, and files that can't be read, at several depths."""
    folder = tmp_path_factory.mktemp("films")
    for i in range(FILMS - 2):
        path = folder / f"ward {i % 3}" / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(png(draw_phantom(size_px=160, seed=i)))
    (folder / "empty.png").write_bytes(b"")
    (folder / "ward 1" / "cut.png").write_bytes(png(draw_phantom(size_px=160))[:999])
    return folder


@pytest.fixture(scope="module")
def due(films: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `predict` gives for each film, by its file."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main(["predict", str(films), "--json", "--weights", str(weights)]) == 1
    rows = json.loads(printed.getvalue())
    assert len(rows) == FILMS
    return {row["file"]: {**row, "file": f"file://{row['file']}"} for row in rows}


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[Any]:
    """A Ray cluster of this machine: a head that does no work, and two nodes of one core."""
    pytest.importorskip("ray", reason="needs requirements-cluster.txt")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for _ in range(2):
        made.add_node(num_cpus=1)
    yield made
    made.shutdown()


def recorded(weights: Path, log: Path) -> Predictor:
    """The predictor, once two processes have loaded it, so that both are given films."""
    predictor = Predictor.load(weights)
    with log.open("a") as file:
        file.write(f"{os.getpid()}\n")
    wait_until(lambda: len(log.read_text().splitlines()) >= 2, "two processes loaded it")
    return predictor


def job_of(films: Path, table: Table, weights: Path, log: Path) -> Job:
    load = partial(recorded, weights, log)
    return Job(Place.of(str(films)), table.drafts, load, read_card(weights).classes)


def terms_of(weights: Path) -> Terms:
    return Terms.of(read_card(weights), "balanced", None)


def rows_in(out: Path) -> list[dict[str, Any]]:
    return [row for part in out.glob("*.parquet") for row in pq.read_table(part).to_pylist()]


def assert_each_once(out: Path, due: dict[str, Any]) -> None:
    rows = rows_in(out)
    assert Counter(row["file"] for row in rows) == Counter(row["file"] for row in due.values())
    assert sorted(rows, key=by_file) == sorted(due.values(), key=by_file)
    assert {path.suffix for path in out.iterdir()} == {".parquet"}


def by_file(row: dict[str, Any]) -> str:
    return str(row["file"])


def assert_counted(parts: list[Done], due: dict[str, Any]) -> None:
    """That the parts hold all films, one of them in halves, for the loss was noticed."""
    unanswered = sum(row["decision"] in UNANSWERED for row in due.values())
    assert sum(part.films for part in parts) == FILMS
    assert sum(part.failed for part in parts) == unanswered
    assert len(parts) > FILMS / FILMS_A_PART


@pytest.mark.linux
def test_each_film_once_after_a_worker_is_killed(
    two_nodes: Any, films: Path, weights: Path, due: dict[str, Any], tmp_path: Path
) -> None:
    log, out = tmp_path / "pids", tmp_path / "out"
    with (
        open_table(Place.of(str(out)), terms_of(weights)) as table,
        connected(two_nodes.address, 2) as workers,
    ):
        job = job_of(films, table, weights, log)
        scored = score_archive(job, table, workers, films=FILMS_A_PART)
        parts = [next(scored)]
        os.kill(int(log.read_text().split()[0]), signal.SIGKILL)
        parts += scored
    assert_counted(parts, due)
    assert_each_once(out, due)
    logs = [
        log for log in Path(two_nodes.head_node.get_logs_dir_path()).rglob("*") if log.is_file()
    ]
    assert any(log.stat().st_size for log in logs)
    assert [log for log in logs if "ward 1" in log.read_text(errors="replace")] == []


def test_each_film_once_after_the_driver_is_killed(
    two_nodes: Any, films: Path, weights: Path, due: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    driving = [sys.executable, "-c", DRIVER, two_nodes.address, *map(str, (films, out, weights))]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(driving, cwd=ROOT, text=True, **pipes) as driver:
        assert driver.stdout and "Done" in driver.stdout.readline()
        driver.kill()
    kept = {path: path.stat().st_mtime_ns for path in out.glob("*.parquet")}
    assert len(kept) == 3
    assert cluster_command(films, out, weights, "--address", two_nodes.address) == 1
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert_each_once(out, due)


def test_each_film_once_after_a_machine_is_lost(
    two_nodes: Any, films: Path, weights: Path, due: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with (
        open_table(Place.of(str(out)), terms_of(weights)) as table,
        connected(two_nodes.address, 2) as workers,
    ):
        job = job_of(films, table, weights, tmp_path / "pids")
        scored = score_archive(job, table, workers, films=FILMS_A_PART)
        parts = [next(scored)]
        two_nodes.remove_node(list(two_nodes.worker_nodes)[0], allow_graceful=False)
        parts += scored
    assert_counted(parts, due)
    assert_each_once(out, due)


def test_a_film_that_kills_its_readers_gets_a_row_and_stops_no_other(
    films: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_Pool", Pool)
    out = tmp_path / "out"
    with open_table(Place.of(str(out)), terms_of(weights)) as table:
        job = job_of(films, table, weights, tmp_path / "pids")
        parts = list(score_archive(job, table, 2, films=10))
    names = sorted(f"file://{path}" for path in films.rglob("*.png"))
    rows = sorted(rows_in(out), key=by_file)
    assert [row["file"] for row in rows] == names
    assert [row["file"] for row in rows if "stopped 3 workers" in row["reason"]] == [
        job.films.name(FATAL)
    ]
    assert sum(part.films for part in parts) == FILMS


class Pool:
    """Workers of this process: none survives the film `ward 1/cut.png`, the others refuse all."""

    busy = False

    def __init__(self, job: Job, workers: int) -> None:
        self.job, self.idle, self.given = job, [None] * workers, list[list[str]]()

    def give(self, films: list[str]) -> None:
        self.idle.pop()
        self.given.append(films)
        self.busy = True

    def next(self) -> tuple[list[str], Draft | None]:
        self.idle.append(None)
        films = self.given.pop()
        self.busy = bool(self.given)
        if FATAL in films:
            return films, None
        refusal = CovidCoreError("no film", "Try another")
        names = map(self.job.films.name, films)
        return films, write_draft(self.job.drafts, [error_row(name, refusal) for name in names])


def test_other_weights_or_terms_are_refused_before_a_worker_starts(
    films: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_Pool", Pool)
    out = Place.of(str(tmp_path / "out"))
    with open_table(out, terms_of(weights)) as table:
        job = job_of(films, table, weights, tmp_path / "pids")
        list(score_archive(job, table, 1))
        assert list(score_archive(job, table, 1)) == []
    monkeypatch.delattr(cluster, "_Pool")
    with (
        pytest.raises(CovidCoreError, match="another operating point"),
        open_table(out, replace(terms_of(weights), point="rule-in")),
    ):
        pass


def test_a_worker_with_other_weights_does_not_start(
    films: Path, weights: Path, tmp_path: Path
) -> None:
    terms = replace(terms_of(weights), weights_sha256="0" * 64)
    with open_table(Place.of(str(tmp_path / "out")), terms) as table:
        job = job_of(films, table, weights, tmp_path / "pids")
        for folder, words in ((weights, "other weights"), (tmp_path, "no model here")):
            worker = Worker(replace(job, load=partial(Predictor.load, folder)))
            assert words in worker.load()


class NoRay:
    """As much of Ray as a pool asks for. `fates`: of each call in turn, what it gives or raises."""

    class exceptions:
        class RayActorError(Exception): ...

        class WorkerCrashedError(Exception): ...

        class OutOfMemoryError(Exception): ...

        class RayTaskError(Exception): ...

    def __init__(self, fates: list[Any]) -> None:
        self.fates = iter(fates)
        self.load = self.score = self

    def remote(self, *given: Any, **options: Any) -> Any:
        if "num_cpus" in options:
            return lambda worker: self
        return self if given and isinstance(given[0], Job) else object()

    def wait(self, calls: list[Any], num_returns: int) -> tuple[list[Any], list[Any]]:
        return calls[:num_returns], []

    def get(self, call: Any) -> Any:
        fate = next(self.fates)
        if isinstance(fate, Exception):
            raise fate
        return fate

    def kill(self, worker: Any) -> None: ...


def test_workers_that_die_as_they_start_are_not_started_for_ever(
    films: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where one had started well, and nothing else was under way."""
    death = NoRay.exceptions.RayActorError
    monkeypatch.setattr(cluster, "_ray", lambda: NoRay(["", *(death() for _ in range(20))]))
    with open_table(Place.of(str(tmp_path / "out")), terms_of(weights)) as table:
        job = job_of(films, table, weights, tmp_path / "pids")
        with pytest.raises(CovidCoreError, match="die as they start"):
            list(score_archive(job, table, 1))


def test_storage_that_fails_is_no_film_s_row(
    films: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(self: Place, film: str) -> Any:
        raise Unreachable("the films' storage does not answer (Expired)", "Run again")

    monkeypatch.setattr(Place, "read", gone)
    with open_table(Place.of(str(tmp_path / "out")), terms_of(weights)) as table:
        worker = Worker(job_of(films, table, weights, tmp_path / "pids"))
        worker._predictor = StandIn()  # type: ignore[assignment]
        with pytest.raises(Unreachable):
            worker.score(["a.png"])
        assert table.films().size == 0


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(CovidCoreError, match="requirements-cluster.txt"), connected(None, 1):
        pass


def test_the_command_scores_a_url_and_says_what_is_wrong_with_one(
    films: Path,
    weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(cluster, "_Pool", Pool)
    monkeypatch.setattr(command, "connected", lambda *_: contextlib.nullcontext(2))
    (tmp_path / "no films").mkdir()
    assert cluster_command(tmp_path / "no films", tmp_path / "out", weights) == 2
    assert "no film" in capsys.readouterr().err
    assert cluster_command(films, tmp_path / "out", weights) == 1
    assert f"{FILMS} films scored, {FILMS} of them" in capsys.readouterr().err
    assert cluster_command(films, tmp_path / "out", weights) == 0
    (tmp_path / "file").touch()
    assert cluster_command(films, tmp_path / "file" / "out", weights) == 2
    assert "can't be written" in capsys.readouterr().err


def cluster_command(films: Path, out: Path, weights: Path, *more: str) -> int:
    urls = [f"file://{films}", "--out", f"file://{out}"]
    return run(["cluster", *urls, "--weights", str(weights), *more])
