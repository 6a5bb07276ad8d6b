"""Three ways to score an archive on Ray: whether each radiograph gets exactly one row.

    git worktree add ../former a597517
    python -m benchmarks.exactly_once --former ../former --document

Compared are `cluster` (Ray's actor pool, rows into Delta Lake), Ray Data with its job
checkpointing, and the `cluster` of an earlier checkout (our own table of Parquet parts). Each reads
the same drawn radiographs: twice at once; with a worker killed (SIGKILL); with the command killed
and run again; undisturbed; and again. All use one Ray cluster of this machine alone, and a stand-in
for the network: nothing of it is in question.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.arguments import parser_of
from benchmarks.record import DOCS, commit_in_words
from covid_core.cluster.places import Place
from covid_core.cluster.scoring import FILMS_A_PART, Job, Worker
from covid_core.engines import machine
from covid_core.model.card import WEIGHTS, read_card
from covid_core.model.tensors import git_commit
from covid_core.present import markdown
from covid_core.present.overlay import png
from covid_core.read.phantom import draw_phantom
from tests.stand_in import StandIn
from tests.waits import wait_until

HERE = Path(__file__).parent.parent
WORKERS = 2
_FILM_PX = 160


@dataclass(frozen=True, slots=True)
class Way:
    """One way: its command, without films and table; where that is run; the names of its rows."""

    title: str
    command: tuple[str, ...]
    checkout: Path
    names: Callable[[Path], list[str]]

    def start(self, films: Path, out: Path, address: str) -> subprocess.Popen[bytes]:
        """The command, begun."""
        command = [sys.executable, "-m", *self.command, str(films), "--out", str(out)]
        with out.with_suffix(".log").open("ab") as log:
            return subprocess.Popen(
                [*command, "--address", address], cwd=self.checkout, stdout=log, stderr=log
            )


def names_in_delta(out: Path) -> list[str]:
    from deltalake import DeltaTable

    if not DeltaTable.is_deltatable(str(out)):
        return []
    return DeltaTable(str(out)).to_pyarrow_table(columns=["file"])["file"].to_pylist()


def names_in_parts(out: Path) -> list[str]:
    found = []
    for part in out.glob("*.parquet"):
        with suppress(pa.ArrowInvalid):  # it is being written
            found += pq.read_table(part)["file"].to_pylist()
    return found


def score_with_ray_data(films: Path, out: Path, address: str) -> None:
    """The whole of what Ray Data leaves to be written."""
    import ray
    from ray.data.checkpoint import CheckpointConfig

    place, card = Place.of(str(films)), read_card(WEIGHTS)
    load: Any = StandIn
    job = Job(place, load, card.sha256, "balanced", card.classes)

    class Scorer(Worker):
        def __init__(self) -> None:
            super().__init__(job)

        def __call__(self, part: pa.Table) -> pa.Table:
            paths = part["path"].to_pylist()
            rows = [
                row | {"path": path} for path, row in zip(paths, self.score(paths), strict=True)
            ]
            return pa.Table.from_pylist(rows)

    listed = out.with_suffix(".films")  # only what is read from files is checkpointed
    listed.mkdir(exist_ok=True)
    found = sorted(place.films())
    for at in range(0, len(found), FILMS_A_PART):
        part = pa.table({"path": found[at : at + FILMS_A_PART]})
        pq.write_table(part, listed / f"{at}.parquet")
    ray.init(address)
    ray.data.DataContext.get_current().checkpoint_config = CheckpointConfig(
        "path", str(out.with_suffix(".checkpoint")), delete_checkpoint_on_success=False
    )
    scored = ray.data.read_parquet(str(listed)).map_batches(
        Scorer,
        batch_format="pyarrow",
        batch_size=FILMS_A_PART,
        compute=ray.data.ActorPoolStrategy(size=WORKERS),
        num_cpus=1,
    )
    scored.write_parquet(str(out))


def workers() -> list[int]:
    """The processes below this one in which Ray's actors score."""
    parents = {pid: _parent(pid) for pid in _processes()}

    def ancestors(pid: int) -> Iterator[int]:
        while pid := parents.get(pid, 0):
            yield pid

    below = [pid for pid in parents if os.getpid() in ancestors(pid)]
    return [pid for pid in below if _title(pid).startswith(("ray::Worker", "ray::MapWorker"))]


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _parent(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class Trial:
    """One way on one cluster, and the folder of its tables."""

    way: Way
    films: Path
    folder: Path
    address: str

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """The command, begun on the table of this name."""
        return self.way.start(self.films, self.folder / name, self.address)

    def begun(self, name: str) -> subprocess.Popen[bytes]:
        """The same, once it has written rows."""
        process = self.start(name)
        written = partial(self.way.names, self.folder / name)
        wait_until(lambda: bool(written()), "the first rows are there", process)
        return process

    def found(self, name: str) -> str:
        """What is wrong with a table, in words."""
        due = sum(1 for _ in Place.of(str(self.films)).films())
        counts = Counter(self.way.names(self.folder / name))
        twice = sum(n > 1 for n in counts.values())
        return f"{due - len(counts)} missing, {twice} twice"


def overlap(trial: Trial) -> str:
    for process in [trial.start("both") for _ in range(2)]:
        process.wait()
    return trial.found("both")


def kill_worker(trial: Trial) -> str:
    process = trial.begun("worker")
    os.kill(workers()[0], signal.SIGKILL)
    process.wait()
    return trial.found("worker")


def kill_command(trial: Trial) -> str:
    process = trial.begun("command")
    process.kill()
    process.wait()
    trial.start("command").wait()
    return trial.found("command")


def leave_alone(trial: Trial) -> str:
    start = time.monotonic()
    trial.start("plain").wait()
    return f"{trial.found('plain')}; {time.monotonic() - start:.0f} s"


CASES = {
    "two commands at once": overlap,
    "a worker killed": kill_worker,
    "the command killed, run again": kill_command,
    "undisturbed": leave_alone,
    "run again": leave_alone,
}


@contextmanager
def ray_cluster() -> Iterator[str]:
    """The address of a cluster below this process, of as many cores as four workers need."""
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
    from ray.cluster_utils import Cluster

    cores = {"num_cpus": 4 * WORKERS, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args=cores)
    try:
        yield made.address
    finally:
        made.shutdown()


def ways(former: Path | None) -> list[Way]:
    """The ways to compare; the earlier one where its checkout is given."""
    cluster = ("tests.stand_in", "cluster", "--workers", str(WORKERS))
    ray_data = ("benchmarks.exactly_once", "--by-ray-data")
    found = [
        Way("actor pool, Delta Lake", cluster, HERE, names_in_delta),
        Way("Ray Data, checkpointing", ray_data, HERE, names_in_parts),
    ]
    if former:
        found.append(Way("actors, our own table", cluster, former.resolve(), names_in_parts))
    return found


def described(findings: dict[str, dict[str, str]], command: str) -> str:
    """A table of what was found, with the command, the day and the commit."""
    made = f"{datetime.now(UTC).date()}, {commit_in_words(git_commit())}; {machine.described()}."
    rows = [
        [what, *(of_way[what] for of_way in findings.values())]
        for what in next(iter(findings.values()))
    ]
    return f"`{command}`, {made}\n\n{markdown.table(['', *findings], rows)}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = parser_of(__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--address", help=argparse.SUPPRESS)
    parser.add_argument("--by-ray-data", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--films", type=int, default=300)
    parser.add_argument("--former", type=Path, help="a checkout of a597517")
    parser.add_argument("--document", action="store_true", help="write it into docs/cluster.md")
    given: Any = parser.parse_args(arguments)
    if given.by_ray_data:
        score_with_ray_data(given.folder, given.out, given.address)
        return
    with tempfile.TemporaryDirectory() as made, ray_cluster() as address:
        films = Path(made) / "films"
        films.mkdir()
        for i in range(given.films):
            (films / f"{i}.png").write_bytes(png(draw_phantom(size_px=_FILM_PX, seed=i)))
        findings: dict[str, dict[str, str]] = {way.title: {} for way in ways(given.former)}
        for case, disturb in CASES.items():
            for number, way in enumerate(ways(given.former)):
                folder = Path(made) / str(number)
                folder.mkdir(exist_ok=True)
                findings[way.title][case] = disturb(Trial(way, films, folder, address))
                print(f"{way.title}, {case}: {findings[way.title][case]}", flush=True)
    command = f"python -m benchmarks.exactly_once --films {given.films}"
    table = described(findings, command + (" --former FORMER" if given.former else ""))
    print(table)
    if given.document:
        markdown.replace_block(DOCS / "cluster.md", "exactly-once", table)


if __name__ == "__main__":
    main()
