"""Every module imports in a fresh process, whatever build of torchvision lies beside torch."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import covid_core
import covid_core.torchvision_ops as torchvision_ops

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(covid_core.__path__, "covid_core.")
    if not module.ispkg and not module.name.endswith("__main__")
)


def test_every_module_imports_first_in_its_own_process() -> None:
    """Each in a fork of one process that has imported nothing of the project or torchvision."""
    script = f"""
import os, sys
import torch
for module in {MODULES!r}:
    child = os.fork()
    if child == 0:
        try:
            __import__(module)
        except BaseException as error:
            print(module, repr(error), flush=True)
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(f"{{module}} does not import")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(MODULES) > 25


def test_declares_nothing_where_the_library_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchvision_ops, "_library_loads", lambda: True)
    monkeypatch.setattr(torch.library, "Library", None)
    torchvision_ops.declare_missing()


def test_declaring_twice_is_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchvision_ops, "_library_loads", lambda: False)
    torchvision_ops.declare_missing()
    assert hasattr(torch.ops.torchvision, "nms")
