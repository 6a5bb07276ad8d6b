"""Training killed at a few seeded instants: the long form is `python -m benchmarks.kills`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.linux

ROOT = Path(__file__).parent.parent.parent


def test_killed_trainings_and_writers_leave_nothing_half_done(tmp_path: Path) -> None:
    # In a process of its own: a fork of this one may inherit half of PyTorch's threads.
    command = [sys.executable, "-m", "benchmarks.kills", "--kills", "3", "--seed", "8"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, "--out", str(tmp_path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "kills.json").read_text())
    assert [kill["inside_save"] for kill in found["raw"]] == [False, True, False]
    assert [figure["met"] for figure in found["figures"]] == [None, True, True, True, True]
