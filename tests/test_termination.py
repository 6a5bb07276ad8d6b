"""Terminated (SIGTERM) in its first reading, the program ends by that: no crash, no core.

A core would hold the radiograph. OpenVINO once left a thread with a stack for signals that was
gone, and the next signal crashed it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.texts.worklist import DROP
from benchmarks.visitors import visiting
from tests.servers import page_command, wait_for_page
from tests.waits import LONGEST_S, wait_until
from tests.whole_way import films

resource = pytest.importorskip("resource", reason="Windows has no such limits")
ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")


def allow_cores() -> None:
    """As a system that writes them would; what is about to be run may forbid them."""
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def test_the_command_line_ends_in_its_first_reading(tmp_path: Path) -> None:
    film, table = tmp_path / "film.png", tmp_path / "rows.csv"
    film.write_bytes(films()["16-bit PNG"])
    command = [sys.executable, "-m", "covid_core", "predict", str(film), "--csv", str(table)]
    with subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, preexec_fn=allow_cores
    ) as process:
        wait_until(table.exists, "it reads", process)
        process.terminate()
        _, stderr = process.communicate()
    assert process.returncode == -signal.SIGTERM, stderr
    assert stderr == b""


@pytest.mark.parametrize("signalled", [signal.SIGTERM, signal.SIGINT])
def test_a_server_ends_in_its_first_reading(signalled: signal.Signals) -> None:
    """As Docker, systemd and Ctrl-C end it; by Ctrl-C Python goes through all that it has."""
    address, command = page_command()
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, preexec_fn=allow_cores
    ) as server:
        wait_for_page(address, server)
        with visiting(address) as visitor:
            visitor.put(DROP, ("film.png", films()["16-bit PNG"]))
            visitor.ask()
            server.send_signal(signalled)
            server.wait(LONGEST_S)
    assert server.returncode == (1 if signalled is signal.SIGINT else -signalled)
