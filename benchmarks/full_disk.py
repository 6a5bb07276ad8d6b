"""Commands on a disk that fills up at ten sizes: a sentence, the old files, and nothing left over.

    python -m benchmarks.full_disk

Each command runs once with room, and then again over its own results where no file may grow beyond
a size: from nothing to a little less than the largest that it writes.
"""

from __future__ import annotations

import hashlib
import os
import resource
import runpy
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.utils.tensorboard  # here, and not in each of the forks
from tqdm import tqdm

import train  # noqa: F401  likewise
from benchmarks.arguments import parser_of
from benchmarks.record import Figure, format_record, record
from covid_core.commands import evaluate, manifest, predict  # noqa: F401  likewise
from covid_core.datasets import compile as compilation  # noqa: F401  likewise
from covid_core.model_card import comparison  # noqa: F401  likewise
from covid_core.present.overlay import png
from covid_core.read.phantom import draw_phantom
from tests.films import clinic

_RECIPE = """says = "small"
architecture = "cnn4"
init = "random"
[[phases]]
task = "three classes"
stages = [[64, 1]]
[optimisation]
batch_size = 8
"""
_ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Outcome:
    """A command where files hold `limit` bytes at most.

    `status`: it ended with; `said`: its last lines; `kept`: whether the results are those before,
    or whole new ones; `left`: files left over.
    """

    command: str
    limit: int
    status: int
    said: str
    kept: bool
    left: int

    @property
    def clear(self) -> bool:
        """Whether a full disk was reported as one, if it came to that."""
        return self.status == 0 or "disk is full" in self.said


def commands(place: Path) -> dict[str, list[str]]:
    """What is run, by its name; each writes below the folder of its name, and predict a table."""
    (place / "own.toml").write_text(_RECIPE)
    data, table = str(clinic(place / "data", films=60)), str(place / "manifest" / "m.parquet")
    chests = place / "chests"
    chests.mkdir()
    for seed in range(6):
        (chests / f"{seed}.png").write_bytes(png(draw_phantom(size_px=256, seed=seed)))
    weights = ["--weights", str(place / "train"), "--recipe", "own"]
    cache = ["--cache", str(place / "cache")]
    return {
        "manifest": [
            "-m",
            "covid_core",
            "manifest",
            data,
            "--out",
            table,
            *cache,
            "--report",
            str(place / "manifest" / "report.html"),
        ],
        "train": [
            "train.py",
            "--data",
            table,
            "--recipe",
            str(place / "own.toml"),
            "--out",
            str(place / "train"),
            "--run-dir",
            str(place / "run"),
        ],
        "evaluate": [
            "-m",
            "covid_core",
            "evaluate",
            table,
            "--weights",
            str(place / "train"),
            *cache,
            "--report",
            str(place / "evaluate" / "report.html"),
        ],
        "predict": [
            "-m",
            "covid_core",
            "predict",
            str(chests),
            *weights,
            "--engine",
            "torch",
            "--csv",
            str(place / "rows.csv"),
            "--saliency",
            str(place / "predict"),
        ],
    }


def ran(command: Sequence[str], limit: int | None) -> tuple[int, str]:
    """Run it in a fork, which has its libraries; its exit status, and all that it said."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _run(command, limit, writing)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8", errors="replace") as said:
        text = said.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text


def _run(command: Sequence[str], limit: int | None, writing: int) -> None:
    for stream in (1, 2):
        os.dup2(writing, stream)
    os.close(writing)
    if limit is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    status = 70
    try:
        sys.argv = list(command[1:] if command[0] == "-m" else command)
        if command[0] == "-m":
            runpy.run_module(command[1], run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(str(_ROOT / command[0]), run_name="__main__")
    except SystemExit as ended:
        status = int(ended.code or 0)
    except BaseException as error:
        print(f"Traceback: {type(error).__name__}: {error}", file=sys.stderr)
    finally:
        sys.stdout.flush()
        os._exit(status)


def outcomes(place: Path, count: int) -> list[Outcome]:
    """Each command at `count` sizes, from a byte to nine tenths of the largest file it writes."""
    found: list[Outcome] = []
    for name, command in commands(place).items():
        status, said = ran(command, None)
        if status:
            raise RuntimeError(f"{name} does not even work with room: {said[-500:]}")
        before = digests(place / name)
        largest = 0.9 * max(path.stat().st_size for path in (place / name).rglob("*.*"))
        for limit in tqdm(np.geomspace(1, largest, count).astype(int), name, unit="disk"):
            status, said = ran(command, int(limit))
            after = digests(place / name)
            kept = after == before if status else after.keys() >= before.keys()
            left = len(list(place.rglob("*.partial")))
            lines = said.replace(str(place), "PLACE").strip().splitlines()
            found.append(Outcome(name, int(limit), status, "\n".join(lines[-2:]), kept, left))
    return found


def digests(folder: Path) -> Mapping[str, str]:
    """SHA-256 of each file below a folder, by its path."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def figures(found: Sequence[Outcome]) -> list[Figure]:
    rows = []
    for name in dict.fromkeys(outcome.command for outcome in found):
        own = [outcome for outcome in found if outcome.command == name]
        clear, kept = (sum(getattr(o, what) for o in own) for what in ("clear", "kept"))
        left = sum(outcome.left for outcome in own)
        rows.append(
            Figure(
                f"`{name}`: reported as a full disk; results as before; files left over",
                f"{clear}, {kept}, {left}",
                f"{len(own)}, {len(own)}, 0",
                clear == kept == len(own) and not left,
            )
        )
    return rows


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--sizes", type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(1)  # else a fork inherits half a pool of them
    with tempfile.TemporaryDirectory() as folder:
        found = outcomes(Path(folder), options.sizes)
    command = f"python -m benchmarks.full_disk --sizes {options.sizes}"
    print(
        format_record(
            record("full-disk", command, figures(found), raw=[asdict(one) for one in found])
        )
    )


if __name__ == "__main__":
    main()
