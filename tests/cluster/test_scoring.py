"""An archive on a cluster: one row a film, whoever is killed, equal to what `predict` gives."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import zip_longest
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from covid_core.__main__ import main, run
from covid_core.batch.ledger import Terms
from covid_core.cluster import scoring as cluster
from covid_core.cluster.delta_table import Table
from covid_core.cluster.places import Place, Unreachable
from covid_core.cluster.scoring import Done, Job, Worker, connected, score_archive
from covid_core.commands import cluster as command
from covid_core.errors import Abstained, CovidCoreError
from covid_core.model.card import WEIGHTS, read_card
from covid_core.model.decision import BALANCED
from covid_core.predict.predictor import Prediction, Predictor
from covid_core.present.overlay import png
from covid_core.read.phantom import draw_phantom
from covid_core.read.radiograph import Radiograph
from tests.models import random_weights
from tests.stand_in import StandIn

ROOT = Path(__file__).parent.parent.parent
CARD = read_card(WEIGHTS)
FILMS = 12
FILMS_A_PART = 3
DRIVER = """
import sys
from pathlib import Path
from tests.cluster.test_scoring import drive
drive(sys.argv[1], *map(Path, sys.argv[2:]))
"""


class Mortal(StandIn):
    """The first of these to read a film, of this digest, is killed over it."""

    def __init__(self, digest: str, killed: Path) -> None:
        super().__init__()
        self.digest, self.killed = digest, killed

    def predict_many(
        self, radiographs: Sequence[Radiograph], point: str = BALANCED
    ) -> Sequence[Prediction | Abstained]:
        if self.digest in [one.sha256 for one in radiographs] and not self.killed.exists():
            self.killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().predict_many(radiographs, point)


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
def due(films: Path) -> dict[str, Any]:
    """The row of each film by its name, as one worker gives it without Ray."""
    rows = Worker(job_of(films)).score([*Place.of(str(films)).films()])
    assert len(rows) == FILMS
    return {row["file"]: row for row in rows}


@pytest.fixture(scope="module")
def machines() -> Iterator[Any]:
    """A Ray cluster of this machine: two nodes of one core each."""
    pytest.importorskip("ray", reason="needs requirements-cluster.txt")
    pytest.importorskip("deltalake", reason="needs requirements-cluster.txt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_worker_niceness", "0")  # beside other tests it would be given no turn
        from ray.cluster_utils import Cluster

        one = {"num_cpus": 1, "include_dashboard": False}
        made = Cluster(initialize_head=True, head_node_args=one)
        made.add_node(num_cpus=1)
        yield made
        made.shutdown()


def job_of(films: Path, load: Any = StandIn) -> Job:
    return Job(Place.of(str(films)), load, CARD.sha256, "balanced", CARD.classes)


def table_at(out: Path) -> Table:
    return Table(str(out), Terms.of(CARD, "balanced", None))


def drive(address: str, films: Path, out: Path) -> None:
    """Score two parts, say so, and wait to be killed."""
    with connected(address, 2) as workers:
        scored = score_archive(job_of(films), table_at(out), workers, films=FILMS_A_PART)
        print(next(scored), next(scored), flush=True)
        sys.stdin.read()


def rows_in(out: Path) -> list[dict[str, Any]]:
    from deltalake import DeltaTable

    return sorted(DeltaTable(str(out)).to_pyarrow_table().to_pylist(), key=by_file)


def by_file(row: dict[str, Any]) -> str:
    return str(row["file"])


def assert_each_once(out: Path, due: dict[str, Any]) -> None:
    assert rows_in(out) == sorted(due.values(), key=by_file)


@pytest.mark.linux
def test_each_film_once_though_a_worker_is_killed(
    machines: Any, films: Path, due: dict[str, Any], tmp_path: Path
) -> None:
    killed = tmp_path / "killed"
    load = partial(Mortal, Place.of(str(films)).read("ward 2/5.png").sha256, killed)
    with connected(machines.address, 2) as workers:
        table = table_at(tmp_path / "out")
        parts = list(score_archive(job_of(films, load), table, workers, films=FILMS_A_PART))
    assert killed.exists()
    assert sum(part.films for part in parts) == FILMS
    assert_each_once(tmp_path / "out", due)
    logs = [path for path in Path(machines.head_node.get_logs_dir_path()).rglob("*.*")]
    texts = {path: path.read_text(errors="replace") for path in logs if path.is_file()}
    assert any(texts.values())
    assert [path for path, text in texts.items() if "ward 1" in text] == []


def test_each_film_once_when_two_commands_overlap_and_nothing_more_when_run_again(
    machines: Any, films: Path, due: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with connected(machines.address, None):
        job = job_of(films)
        # Both tables know of no row yet, and each meets the other's at every commit.
        two = [score_archive(job, table_at(out), 1, films=FILMS_A_PART) for _ in range(2)]
        added = [part.films for both in zip_longest(*two) for part in both if part]
        assert sum(added) == FILMS
        assert_each_once(out, due)
        assert list(score_archive(job, table_at(out), 1)) == []
    assert_each_once(out, due)


def test_each_film_once_after_the_command_is_killed_and_run_again(
    machines: Any, films: Path, due: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    driving = [sys.executable, "-c", DRIVER, machines.address, str(films), str(out)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(driving, cwd=ROOT, text=True, **pipes) as driver:
        assert driver.stdout and "Done" in driver.stdout.readline()
        driver.kill()
    kept = rows_in(out)
    assert 0 < len(kept) < FILMS
    with connected(machines.address, 2) as workers:
        again = score_archive(job_of(films), table_at(out), workers, films=FILMS_A_PART)
        assert sum(part.films for part in again) == FILMS - len(kept)
    assert_each_once(out, due)


def test_each_film_once_after_a_machine_is_lost(
    machines: Any, films: Path, due: dict[str, Any], tmp_path: Path
) -> None:
    """The part that it had is done where another worker makes room."""
    out = tmp_path / "out"
    with connected(machines.address, 2) as workers:
        scored = score_archive(job_of(films), table_at(out), workers, films=FILMS_A_PART)
        parts = [next(scored)]
        machines.remove_node(list(machines.worker_nodes)[0], allow_graceful=False)
        parts += scored
    assert sum(part.films for part in parts) == FILMS
    assert_each_once(out, due)


def test_a_worker_gives_the_rows_that_predict_gives(films: Path, tmp_path: Path) -> None:
    weights = random_weights(tmp_path)
    card = read_card(weights)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main(["predict", str(films), "--json", "--weights", str(weights)]) == 1
    rows = {f"file://{row['file']}": row for row in json.loads(printed.getvalue())}
    job = replace(job_of(films, partial(Predictor.load, weights)), weights_sha256=card.sha256)
    found = Worker(job).score([*job.films.films()])
    assert len(found) == len(rows) == FILMS
    for row in found:
        assert json.loads(json.dumps(row)) == {**rows[row["file"]], "file": row["file"]}


def test_a_worker_with_other_weights_scores_nothing(films: Path, tmp_path: Path) -> None:
    job = job_of(films)
    for other, words in (
        (replace(job, load=partial(Predictor.load, tmp_path)), "no model here"),
        (replace(job, weights_sha256="0" * 64), "other weights"),
    ):
        with pytest.raises(CovidCoreError, match=words):
            Worker(other).score(["empty.png"])


def test_storage_that_fails_is_no_film_s_row(films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(self: Place, film: str) -> Any:
        raise Unreachable("the films' storage does not answer (Expired)", "Run again")

    monkeypatch.setattr(Place, "read", gone)
    with pytest.raises(Unreachable):
        Worker(job_of(films)).score(["a.png"])


LOST = SimpleNamespace(
    **{
        name: type(name, (Exception,), {})
        for name in ("ActorUnavailableError", "OutOfMemoryError", "RayActorError", "RayTaskError")
    }
)


class Pool:
    """Workers of this process: none survives the film `ward 1/cut.png`.

    `given`: parts that are under way; `idle`: workers. `fate`: what is heard of each other part.
    """

    def __init__(self, job: Job, workers: int, fate: Exception | None = None) -> None:
        self.worker, self.idle, self.fate = Worker(job), workers, fate
        self.given: list[list[str]] = []

    def has_free(self) -> bool:
        return self.idle > 0

    def has_next(self) -> bool:
        return bool(self.given)

    def pop_idle(self) -> None:
        self.idle -= 1

    def submit(self, call: Any, part: list[str]) -> None:
        self.idle -= 1
        self.given.append(part)

    def get_next_unordered(self) -> Any:
        self.idle += 1
        part = self.given.pop()
        if "ward 1/cut.png" in part:
            raise LOST.ActorUnavailableError
        if self.fate:
            raise self.fate
        return self.worker.score(part)


def test_a_film_that_kills_its_readers_gets_a_row_and_stops_no_other(
    films: Path, due: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("deltalake", reason="needs requirements-cluster.txt")
    monkeypatch.setattr(cluster, "_ray", lambda: SimpleNamespace(exceptions=LOST))
    monkeypatch.setattr(cluster, "_pool", Pool)
    out = tmp_path / "out"
    parts = list(score_archive(job_of(films), table_at(out), 2, films=5))
    assert sum(part.films for part in parts) == FILMS
    fatal = f"file://{films}/ward 1/cut.png"
    (row,) = (row for row in rows_in(out) if row["file"] == fatal)
    assert row["decision"] == "error" and "stopped 3 workers" in row["reason"]
    assert_each_once(out, {**due, fatal: row})


@pytest.mark.parametrize(
    "kind, cause, words",
    [
        ("RayActorError", None, "die again and again"),
        ("RayTaskError", Unreachable("the storage does not answer", "Run again"), "not answer"),
        ("RayTaskError", KeyError("ward 1"), "can't go on .KeyError"),
    ],
)
def test_a_pool_that_cannot_go_on_says_why(
    films: Path, monkeypatch: pytest.MonkeyPatch, kind: str, cause: Exception | None, words: str
) -> None:
    monkeypatch.setattr(cluster, "_ray", lambda: SimpleNamespace(exceptions=LOST))
    fate = getattr(LOST, kind)()
    fate.cause = cause
    pool = Pool(job_of(films), 1, fate)
    pool.submit(None, ["empty.png"])
    with pytest.raises(CovidCoreError, match=words) as error:
        cluster._next(pool)
    assert "ward" not in str(error.value)


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(CovidCoreError, match="requirements-cluster.txt"), connected(None, 1):
        pass


def test_the_command_says_what_it_did_and_what_is_wrong_with_a_url(
    films: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("deltalake", reason="needs requirements-cluster.txt")
    monkeypatch.setattr(command, "connected", lambda *_: contextlib.nullcontext(2))
    monkeypatch.setattr(command, "score_archive", lambda *_, **__: iter([Done(9, 0), Done(3, 2)]))
    (tmp_path / "no films").mkdir()
    assert cluster_command(tmp_path / "no films", tmp_path / "out") == 2
    assert "no film" in capsys.readouterr().err
    assert cluster_command(films, tmp_path / "out") == 1
    assert "12 films scored, 2 of them" in capsys.readouterr().err
    assert cluster_command(films, tmp_path / "out", "--operating-point", "rule-in") == 2
    assert "another operating point" in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert cluster_command(films, tmp_path / "file" / "out") == 2
    assert "can't be read or written" in capsys.readouterr().err


def cluster_command(films: Path, out: Path, *more: str) -> int:
    return run(["cluster", f"file://{films}", "--out", f"file://{out}", *more])
