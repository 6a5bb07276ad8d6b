"""One run at a time on one output, and no lock that outlives its run."""

from __future__ import annotations

import multiprocessing
import sys
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from covid_core.errors import CovidCoreError, Unwritten
from covid_core.storage.locks import claimed

pytestmark = pytest.mark.linux

FORK = multiprocessing.get_context("fork" if sys.platform == "linux" else None)


def keep(folder: Path, channel: Connection) -> None:
    with claimed(folder):
        channel.send("kept")
        channel.recv()


def test_a_second_run_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    here, there = FORK.Pipe()
    first = FORK.Process(target=keep, args=(folder, there))
    first.start()
    assert here.recv() == "kept"
    with pytest.raises(CovidCoreError, match="another run is writing to it") as refused:
        claimed(folder).__enter__()
    assert refused.value.file == str(folder)
    first.kill()
    first.join()
    with claimed(folder):
        assert list(folder.iterdir()) == []
    with claimed(folder), claimed(tmp_path / "another"):
        pass


def test_a_folder_that_can_t_be_written_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (Path("/proc/self"), Path("/proc/self/run"), tmp_path / "file"):
        with pytest.raises(Unwritten, match="can't be written"):
            claimed(folder).__enter__()
