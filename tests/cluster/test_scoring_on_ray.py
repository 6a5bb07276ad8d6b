"""On a cluster of Ray: one row a film, though a worker, a machine or the command is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from covid_core.cluster.places import Place
from covid_core.cluster.scoring import connected, score_archive
from covid_core.errors import Abstained
from covid_core.model.decision import BALANCED
from covid_core.predict.prediction import Prediction
from covid_core.read.radiograph import Radiograph
from tests.cluster.archives import (
    FILMS,
    FILMS_A_PART,
    assert_each_once,
    job_of,
    overlap_and_run_again,
    rows_in,
    table_at,
)
from tests.servers import free_port
from tests.stand_in import StandIn

_STORE_BYTES = 100 * 1024**2
ROOT = Path(__file__).parent.parent.parent
DRIVER = """
import sys
from pathlib import Path
from tests.cluster.test_scoring_on_ray import drive
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
def machines() -> Iterator[Any]:
    """A Ray cluster of this machine: two nodes of one core each."""
    pytest.importorskip("ray", reason="needs requirements-cluster.txt")
    pytest.importorskip("deltalake", reason="needs requirements-cluster.txt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_worker_niceness", "0")  # beside other tests it would be given no turn
        from ray.cluster_utils import Cluster

        # A raylet waits 15 s, and dies, for the port of an agent that was given none.
        # Without the processes that the tests use nothing of: each takes seconds.
        one = {
            "num_cpus": 1,
            "object_store_memory": _STORE_BYTES,
            "include_dashboard": False,
            "include_log_monitor": False,
            "no_monitor": True,
        }
        try:
            made = Cluster(initialize_head=True, head_node_args=one | _agents_ports())
            made.add_node(**one, **_agents_ports())
        except Exception as error:  # Ray gives a node 30 s to start, and raises no more than that
            pytest.skip(f"Ray does not start here: {error}")
        yield made
        made.shutdown()


def _agents_ports() -> dict[str, int]:
    """Free ports of this machine for what runs beside a raylet."""
    agents = ("metrics_agent", "metrics_export", "runtime_env_agent", "dashboard_agent_listen")
    return {f"{agent}_port": free_port() for agent in agents}


def drive(address: str, films: Path, out: Path) -> None:
    """Score two parts, say so, and wait to be killed."""
    with connected(address, 2) as workers:
        scored = score_archive(job_of(films), table_at(out), workers, films=FILMS_A_PART)
        print(len(next(scored)), len(next(scored)), flush=True)
        sys.stdin.read()


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
    assert sum(map(len, parts)) == FILMS
    assert_each_once(tmp_path / "out", due)
    logs = [path for path in Path(machines.head_node.get_logs_dir_path()).rglob("*.*")]
    texts = {path: path.read_text(errors="replace") for path in logs if path.is_file()}
    assert any(texts.values())
    assert [path for path, text in texts.items() if "ward 1" in text] == []


def test_each_film_once_when_two_commands_overlap_and_nothing_more_when_run_again(
    machines: Any, films: Path, due: dict[str, Any], tmp_path: Path
) -> None:
    with connected(machines.address, None):
        overlap_and_run_again(films, tmp_path / "out")
    assert_each_once(tmp_path / "out", due)


def test_each_film_once_after_the_command_is_killed_and_run_again(
    machines: Any, films: Path, due: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    driving = [sys.executable, "-c", DRIVER, machines.address, str(films), str(out)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(driving, cwd=ROOT, text=True, **pipes) as driver:
        assert driver.stdout and driver.stdout.readline() == "3 3\n"
        driver.kill()
    kept = rows_in(out)
    assert 0 < len(kept) < FILMS
    with connected(machines.address, 2) as workers:
        again = score_archive(job_of(films), table_at(out), workers, films=FILMS_A_PART)
        assert sum(map(len, again)) == FILMS - len(kept)
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
    assert sum(map(len, parts)) == FILMS
    assert_each_once(out, due)
