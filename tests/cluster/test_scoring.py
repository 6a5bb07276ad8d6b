"""An archive on a cluster: one row a film, equal to what `predict` gives."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from covid_core.__main__ import main
from covid_core.cluster import scoring as cluster
from covid_core.cluster.places import Place, Unreachable
from covid_core.cluster.scoring import Job, Worker, connected, score_archive
from covid_core.commands import cluster as command
from covid_core.errors import CovidCoreError
from covid_core.model.card import read_card
from covid_core.predict.predictor import Predictor
from covid_core.present.rows import UNANSWERED
from tests.cluster.archives import (
    FILMS,
    FILMS_A_PART,
    assert_each_once,
    job_of,
    overlap_and_run_again,
    rows_in,
    table_at,
)
from tests.models import random_weights

DONE, FAILED = {"decision": "covid"}, {"decision": UNANSWERED[0]}


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
    """Workers of this process; none survives the `deadly` film.

    `given`: parts that are under way; `idle`: workers. `fate`: what is heard of each part.
    """

    def __init__(
        self, job: Job, workers: int, *, deadly: str = "", fate: Exception | None = None
    ) -> None:
        self.worker, self.idle, self.deadly, self.fate = Worker(job), workers, deadly, fate
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
        if self.deadly in part:
            raise LOST.ActorUnavailableError
        if self.fate:
            raise self.fate
        return self.worker.score(part)


def test_a_film_that_kills_its_readers_gets_a_row_and_stops_no_other(
    films: Path, due: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("deltalake", reason="needs requirements-cluster.txt")
    monkeypatch.setattr(cluster, "_ray", lambda: SimpleNamespace(exceptions=LOST))
    monkeypatch.setattr(cluster, "_pool", partial(Pool, deadly="ward 1/cut.png"))
    out = tmp_path / "out"
    parts = list(score_archive(job_of(films), table_at(out), 2, films=5))
    assert sum(map(len, parts)) == FILMS
    fatal = f"file://{films}/ward 1/cut.png"
    (row,) = (row for row in rows_in(out) if row["file"] == fatal)
    assert row["decision"] == "error" and "stopped 3 workers" in row["reason"]
    assert_each_once(out, {**due, fatal: row})


def test_each_film_once_without_ray_too(
    films: Path, due: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When two commands overlap, when one is run again, and when one has ended half-way."""
    pytest.importorskip("deltalake", reason="needs requirements-cluster.txt")
    monkeypatch.setattr(cluster, "_ray", lambda: SimpleNamespace(exceptions=LOST))
    monkeypatch.setattr(cluster, "_pool", Pool)
    overlap_and_run_again(films, tmp_path / "both")
    assert_each_once(tmp_path / "both", due)
    half = table_at(tmp_path / "half")
    added = next(score_archive(job_of(films), half, 2, films=FILMS_A_PART))
    again = list(score_archive(job_of(films), table_at(tmp_path / "half"), 2, films=5))
    assert len(added) == FILMS_A_PART and sum(map(len, again)) == FILMS - FILMS_A_PART
    assert_each_once(tmp_path / "half", due)


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
    pool = Pool(job_of(films), 1, fate=fate)
    pool.submit(None, ["empty.png"])
    with pytest.raises(CovidCoreError, match=words) as error:
        cluster._next(pool)
    assert "ward" not in str(error.value)


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(CovidCoreError, match=r"\[cluster\]"), connected(None, 1):
        pass


def test_the_command_says_what_it_did_and_what_is_wrong_with_a_url(
    films: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("deltalake", reason="needs requirements-cluster.txt")
    monkeypatch.setattr(command, "connected", lambda *_: contextlib.nullcontext(2))
    monkeypatch.setattr(
        command, "score_archive", lambda *_, **__: iter([[DONE] * 9, [DONE, FAILED, FAILED]])
    )
    (tmp_path / "no films").mkdir()
    assert cluster_command(tmp_path / "no films", tmp_path / "out") == 2
    assert "no radiograph" in capsys.readouterr().err
    assert cluster_command(films, tmp_path / "out") == 1
    assert "12 radiographs scored, 2 of them" in capsys.readouterr().err
    assert cluster_command(films, tmp_path / "out", "--operating-point", "rule-in") == 2
    assert "another operating point" in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert cluster_command(films, tmp_path / "file" / "out") == 2
    assert "can't be read or written" in capsys.readouterr().err


def cluster_command(films: Path, out: Path, *more: str) -> int:
    return main(["cluster", f"file://{films}", "--out", f"file://{out}", *more])
