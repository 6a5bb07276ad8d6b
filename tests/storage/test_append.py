"""Lines added to a file: whole, private, and nowhere else than there."""

from __future__ import annotations

import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from covid_core.storage.append import append_line

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes and links are POSIX's")


def test_lines_follow_each_other_in_a_file_of_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for line in (b"one", b"two"):
        append_line(path, line)
    assert path.read_bytes() == b"one\ntwo\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_after_a_line_that_was_cut_short_the_next_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\ntw")
    append_line(path, b"three")
    assert path.read_bytes().splitlines() == [b"one", b"tw", b"three"]


def test_lines_of_many_threads_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    lines = [b"%d" % i * 100 for i in range(200)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda line: append_line(path, line), lines))
    assert sorted(path.read_bytes().split()) == sorted(lines)


@pytest.mark.linux
def test_a_link_is_not_followed_and_a_pipe_not_waited_for(tmp_path: Path) -> None:
    elsewhere, link, pipe = tmp_path / "elsewhere", tmp_path / "link", tmp_path / "pipe"
    elsewhere.touch()
    link.symlink_to(elsewhere)
    os.mkfifo(pipe)
    for path in (link, pipe, tmp_path, tmp_path / "no" / "log"):
        with pytest.raises(OSError):
            append_line(path, b"one")
    assert elsewhere.read_bytes() == b""
