"""Mutants of valid files through the readers, by the hundred thousand.

What each costs, and whether any ends otherwise than in a film or a refusal. Hypothesis draws them.

    python -m benchmarks.fuzz [--executions 200000] [--seed 0] [--workers 2] [--resume]

Each five thousand run in a process of their own; a file that ends it, takes it over 5 s or 500 MB,
or raises what is not foreseen, is kept in out/fuzz/. So is what was done: --resume goes on. What a
child takes that decodes for it is not counted: the system holds that to its limits.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings, strategies
from tqdm import tqdm

from benchmarks.arguments import parser_of
from benchmarks.record import Figure, record
from covid_core.batch import worklist
from covid_core.case.reader import CaseReader
from covid_core.model.card import WEIGHTS
from covid_core.predict.lungs import Lungs
from covid_core.predict.predictor import Predictor
from covid_core.read.archives import Item
from covid_core.read.reading import CODES
from tests.hostile import corpus
from tests.hostile_reading import good, tried
from tests.mutants import mutant

OUT = Path(__file__).parent.parent / "out" / "fuzz"
CHUNK = 5_000
JUDGED = 50  # every so manieth also goes through the whole list: reading, gate, network
MOST_CPU_S, MOST_MORE_MIB = 5.0, 500.0
NAMES = 120  # bytes of a file's name, in the file that says which one ended a process

FIRST = 1_000_000  # chunks of a seed

Counts = dict[str, Any]
Judge = Callable[[str, bytes], None]


def chunk(number: int, count: int) -> Counts:
    """What became of so many mutants, in this process; before the first of all, of the corpus."""
    found: Counts = {
        "done": 0,
        "codes": Counter[str](),
        "slowest_s": 0.0,
        "largest_mib": 0.0,
        "odd": [],
    }
    reference, judge = good(), _judge()
    with (OUT / f"{number}.now").open("wb", buffering=0) as now:

        def one(name: str, data: bytes) -> None:
            os.pwrite(now.fileno(), name.encode().ljust(NAMES)[:NAMES], 0)
            _try(name, data, found, judge if found["done"] % JUDGED == 0 else None)

        for name, make in corpus() if number % FIRST == 0 else ():
            one(name, make())

        @seed(number)
        @settings(
            max_examples=count,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(strategies.randoms(use_true_random=False))
        def each(drawing: Random) -> None:
            name, data = mutant(drawing)
            one(f"{number}.{found['done']}-{name}", data)

        each()
    if good() != reference:
        found["odd"].append(f"{number}: a good film gives another answer after these")
    return found


def _try(name: str, data: bytes, found: Counts, judge: Judge | None) -> None:
    """Read a file, and add what that took and gave.

    `judge`: what takes it further, and raises where that goes wrong.
    """
    found["done"] += 1
    try:
        outcome = tried(name, data)
        if judge:
            judge(name, data)
        why = _objection(outcome)
    except Exception as error:
        outcome, why = {"codes": [], "cpu_s": 0.0, "more_mib": 0.0}, type(error).__name__
    found["codes"].update(outcome["codes"])
    found["slowest_s"] = max(found["slowest_s"], outcome["cpu_s"])
    found["largest_mib"] = max(found["largest_mib"], outcome["more_mib"])
    if why:
        found["odd"].append(f"{name}: {why}")
        (OUT / name.replace("/", "_")).write_bytes(data)


def _judge() -> Judge:
    reader = CaseReader(Predictor.load(WEIGHTS), Lungs.load())
    point = reader.predictor.card.rules.points[0]

    def judge(name: str, data: bytes) -> None:
        one = worklist.entry(Item(name, lambda: data), reader, point=point, prevalence=0.1)
        assert one.prediction is None or np.isfinite(one.prediction.probabilities).all()
        assert "not foresee" not in one.note

    return judge


def _objection(outcome: Counts) -> str:
    if not set(outcome["codes"]) <= {*CODES, "film"}:
        return f"unknown codes {outcome['codes']}"
    if outcome["cpu_s"] > MOST_CPU_S:
        return f"{outcome['cpu_s']:.1f} s"
    return f"{outcome['more_mib']:.0f} MiB" if outcome["more_mib"] > MOST_MORE_MIB else ""


def _in_a_process(number: int, count: int) -> Counts:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.fuzz"]
    child = subprocess.run(
        [*command, "--chunk", str(number), "--executions", str(count)],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    now = OUT / f"{number}.now"
    if child.returncode == 0:
        now.unlink()
        return json.loads(child.stdout)
    last = now.read_text(encoding="utf-8").strip() if now.exists() else "the start"
    odd = [f"{last}: the process ended with {child.returncode}"]
    return {"done": 0, "codes": {}, "slowest_s": 0.0, "largest_mib": 0.0, "odd": odd}


def _joined(whole: Counts, part: Counts) -> Counts:
    return {
        "done": whole["done"] + part["done"],
        "codes": dict(Counter(whole["codes"]) + Counter(part["codes"])),
        "slowest_s": max(whole["slowest_s"], part["slowest_s"]),
        "largest_mib": max(whole["largest_mib"], part["largest_mib"]),
        "odd": whole["odd"] + part["odd"],
    }


def run(executions: int, draw: int, workers: int, resume: bool) -> Counts:
    """All of them, in processes; kept after each chunk."""
    kept = OUT / f"seed-{draw}.json"
    state: Counts = {
        "chunks": [],
        "done": 0,
        "codes": {},
        "slowest_s": 0.0,
        "largest_mib": 0.0,
        "odd": [],
    }
    if resume and kept.exists():
        state = json.loads(kept.read_text(encoding="utf-8"))
    missing = [n for n in range(-(-executions // CHUNK)) if n not in state["chunks"]]
    with ThreadPoolExecutor(workers) as pool, tqdm(total=executions, initial=state["done"]) as bar:
        tries = pool.map(
            lambda n: (n, _in_a_process(draw * FIRST + n, min(CHUNK, executions))), missing
        )
        for number, part in tries:
            state = _joined(state, part) | {"chunks": [*state["chunks"], number]}
            kept.write_text(json.dumps(state, indent=1), encoding="utf-8")
            bar.update(part["done"])
    return state


def _figures(found: Counts) -> list[Figure]:
    shares = ", ".join(f"{code} {n:,}" for code, n in Counter[str](found["codes"]).most_common())
    return [
        Figure(
            "executions of the readers", f"{found['done']:,}", "200,000", found["done"] >= 200_000
        ),
        Figure(
            "crashes, and ends otherwise than in a film or a refusal",
            str(len(found["odd"])),
            "0",
            not found["odd"],
        ),
        Figure(
            "slowest file, in the process that reads",
            f"{found['slowest_s']:.1f} s of CPU",
            f"{MOST_CPU_S:.0f} s",
            found["slowest_s"] <= MOST_CPU_S,
        ),
        Figure(
            "most memory beyond what was held, in that process",
            f"{found['largest_mib']:.0f} MiB",
            f"{MOST_MORE_MIB:.0f} MiB",
            found["largest_mib"] <= MOST_MORE_MIB,
        ),
        Figure("ends", shares),
    ]


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--executions", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--chunk", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    if options.chunk is not None:
        print(json.dumps(chunk(options.chunk, options.executions)))
        return
    found = run(options.executions, options.seed, options.workers, options.resume)
    figures = _figures(found)
    for figure in figures:
        print(f"{figure.what}: {figure.measured}")
    print(*found["odd"], sep="\n")
    command = f"python -m benchmarks.fuzz --executions {options.executions} --seed {options.seed}"
    record("fuzz", command, figures, raw=found)


if __name__ == "__main__":
    main()
