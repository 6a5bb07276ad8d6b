"""Every module imports, whatever build of torchvision lies beside torch."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import covid_core
import covid_core.model.torchvision_ops as torchvision_ops

ROOT = Path(__file__).parent.parent.parent
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(covid_core.__path__, "covid_core.")
    if not module.ispkg and not module.name.endswith("__main__")
)


def test_every_module_imports_in_a_fresh_process() -> None:
    script = f"for module in {MODULES!r}: __import__(module)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(MODULES) > 25


def test_declares_nothing_where_the_library_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchvision_ops, "_library_loads", lambda: True)
    monkeypatch.setattr(torch.library, "Library", None)
    torchvision_ops.declare_missing()


def test_declaring_twice_is_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchvision_ops, "_library_loads", lambda: False)
    torchvision_ops.declare_missing()
    assert hasattr(torch.ops.torchvision, "nms")
