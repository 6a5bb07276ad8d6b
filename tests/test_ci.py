"""A test that kills its process, or never ends, ends the run, and is named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.linux

ROOT = Path(__file__).parent.parent
DIES = "import os\n\ndef test_that_dies(): os.kill(os.getpid(), 9)\n"
HANGS = "import threading\n\ndef test_that_hangs(): threading.Event().wait()\n"


@pytest.mark.parametrize(("test", "name"), [(DIES, "test_that_dies"), (HANGS, "test_that_hangs")])
def test_it_ends_the_run_and_is_named(tmp_path: Path, test: str, name: str) -> None:
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    assert "\nfaulthandler_timeout = 1800\n" in settings
    shortened = settings.replace("faulthandler_timeout = 1800", "faulthandler_timeout = 2")
    # Warnings as errors are named by a module of ours, which is not here.
    lines = [line for line in shortened.splitlines() if not line.startswith("filterwarnings")]
    (tmp_path / "pyproject.toml").write_text("\n".join(lines))
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_one.py").write_text(test)
    (tmp_path / "tests" / "test_two.py").write_text("def test_that_passes(): pass\n")
    ours = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--numprocesses=1"],
        cwd=tmp_path,
        env=ours,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"crashed while running 'tests/test_one.py::{name}'" in done.stdout
