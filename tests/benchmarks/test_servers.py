"""A server of the page and its memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.servers import Memory, memory, parsed, served


def test_memory_is_reported_in_megabytes() -> None:
    status = "Name:\tpython\nVmHWM:\t  2000 kB\nVmRSS:\t  1000 kB\nThreads:\t3\n"
    assert parsed(status) == Memory(resident=1.024, peak=2.048)


def test_memory_is_that_of_the_process() -> None:
    before = memory(os.getpid())
    held = bytearray(os.urandom(64 * 2**20))
    after = memory(os.getpid())
    assert after.resident - before.resident > 60 and after.peak >= after.resident
    del held


def test_a_folder_without_a_page_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="before the page is served"), served(tmp_path):
        pass
