"""What a child that decodes a file can no longer do, where the kernel has the means."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from covid_core.read.confinement import filters_calls, landlock_version
from covid_core.read.sandbox import decode_in_child
from tests.read import in_child

landlock = pytest.mark.skipif(not landlock_version(), reason="this kernel has no Landlock")
seccomp = pytest.mark.skipif(not filters_calls(), reason="no calls are filtered on this system")


@landlock
def test_a_child_reaches_no_file_but_python_s_own(tmp_path: Path) -> None:
    file = tmp_path / "patient.dcm"
    file.write_bytes(b"as it was")
    answer = decode_in_child(in_child.touch_files, os.fsencode(file))
    assert answer is not None
    assert answer[1] == dict.fromkeys(("read", "list", "write", "make", "delete"), True) | {
        "read Python's own": False
    }
    assert file.read_bytes() == b"as it was"
    assert [one.name for one in tmp_path.iterdir()] == [file.name]


@seccomp
def test_a_child_reaches_no_network_program_or_process() -> None:
    answer = decode_in_child(in_child.reach_out, b"")
    assert answer is not None
    assert {name for name, was_refused in answer[1].items() if not was_refused} == set()
    assert len(answer[1]) == 8


def test_who_decodes_elsewhere_is_not_confined(tmp_path: Path) -> None:
    with contextlib.closing(socket.socket()):
        decode_in_child(in_child.reach_out, b"")
        (tmp_path / "file").write_bytes(b"")
        subprocess.run([sys.executable, "-c", ""], check=True)
