"""Lanes share a network without sharing an answer; nothing is sent to anybody."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from covid_core.engines.engine import Lanes, Precision
from covid_core.engines.graphs import graph_of
from covid_core.engines.openvino import OpenVinoEngine, has_bfloat16
from tests.engines.networks import SIDE, small_classifier

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return graph_of(small_classifier(tmp_path_factory.mktemp("weights")))


@pytest.fixture(scope="module")
def films() -> np.ndarray:
    return np.random.default_rng(2).normal(size=(24, 1, SIDE, SIDE)).astype(np.float32)


@pytest.mark.parametrize("precision", list(Precision))
def test_lanes_and_threads_give_the_bits_that_one_gives(
    graph: Path, films: np.ndarray, precision: Precision
) -> None:
    if precision is Precision.BFLOAT16 and not has_bfloat16():
        pytest.skip("this processor has no bfloat16")
    (alone,) = OpenVinoEngine(graph, precision, Lanes(films=1)).run(films)
    several = OpenVinoEngine(graph, precision, Lanes(films=2))
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda film: several.run(film[np.newaxis])[0][0], films))
    assert np.array_equal(np.stack(found), alone)
    assert len({film.tobytes() for film in alone}) == len(films), "equal answers hide a mix-up"


def test_an_answer_is_not_overwritten_by_the_next(graph: Path, films: np.ndarray) -> None:
    engine = OpenVinoEngine(graph, Precision.FLOAT32, Lanes())
    (first,) = engine.run(films[:1])
    kept = first.copy()
    engine.run(films[1:2])
    assert np.array_equal(first, kept)


def test_threads_that_ask_at_once_do_not_wait_for_each_other_for_ever(graph: Path) -> None:
    """As a folder's scoring once did, before an engine was run once when it is loaded. Threads
    that change as often as they can make it likely."""
    program = (
        "import sys; sys.setswitchinterval(1e-9);"
        "from pathlib import Path; from threading import Barrier, Thread; import numpy as np;"
        "from covid_core.engines.engine import Lanes, Precision;"
        "from covid_core.engines.openvino import OpenVinoEngine;"
        f"engine = OpenVinoEngine(Path({str(graph)!r}), Precision.FLOAT32, Lanes(8));"
        f"at_once, x = Barrier(8), np.zeros((1, 1, {SIDE}, {SIDE}), 'f4');"
        "threads = [Thread(target=lambda: (at_once.wait(), engine.run(x))) for _ in range(8)];"
        "[thread.start() for thread in threads]; [thread.join() for thread in threads];"
        "print('answered')"
    )
    for _ in range(5):
        run = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True
        )
        assert run.stdout == "answered\n", run.stderr


def test_nothing_is_sent_to_its_makers(tmp_path: Path) -> None:
    """Their package would be imported, and report, as soon as OpenVINO is."""
    marker = tmp_path / "marker"
    (tmp_path / "openvino_telemetry.py").write_text(f"open({str(marker)!r}, 'w')")
    program = "import covid_core.engines.openvino as ours; print(ours.openvino.__name__)"
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
    )
    assert run.stdout == "openvino\n", run.stderr
    assert not marker.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals have no stack of their own there")
def test_an_engine_let_go_by_another_thread_leaves_signals_a_stack(graph: Path) -> None:
    program = (
        "import signal, subprocess, sys; from pathlib import Path; from threading import Thread;"
        "from covid_core.engines.engine import Lanes, Precision;"
        "from covid_core.engines.openvino import OpenVinoEngine;"
        "signal.signal(signal.SIGCHLD, lambda *_: None);"
        "held = [OpenVinoEngine(Path(sys.argv[1]), Precision.FLOAT32, Lanes())];"
        "thread = Thread(target=held.clear); thread.start(); thread.join();"
        "subprocess.run([sys.executable, '-c', '']); print('whole')"
    )
    command = [sys.executable, "-c", program, str(graph)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "whole\n"), ran.stderr
