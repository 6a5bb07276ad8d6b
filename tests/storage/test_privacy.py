"""What a program of this project writes is for its user alone, and its memory goes to no disk."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
# Run as a program is, and then made to say what it would leave.
PROGRAM = """
import runpy, sys
from pathlib import Path
how, name, file, *sys.argv[1:] = sys.argv[1:]
try:
    getattr(runpy, how)(name, run_name="__main__")
except SystemExit:
    pass
from covid_core.storage.atomic import write_whole
write_whole(Path(file), b"thumbnails")
import resource
print(resource.getrlimit(resource.RLIMIT_CORE))
"""


@pytest.mark.parametrize(("how", "name"), [("run_module", "covid_core"), ("run_path", "train.py")])
def test_what_a_command_writes_is_its_user_s_alone(how: str, name: str, tmp_path: Path) -> None:
    file = tmp_path / "cache" / "survey.npz"
    command = [sys.executable, "-c", PROGRAM, how, name, str(file), "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert done.stdout.endswith("(0, 0)\n")


def test_a_page_dumps_no_memory_and_writes_for_its_user_alone() -> None:
    program = (
        "import os, resource; from app import forgetting; forgetting.begin();"
        "print(oct(os.umask(0)), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("0o77 (0, 0)\n")
