"""What measures were taken on, in words."""

from __future__ import annotations

import platform
from pathlib import Path

from covid_core.engines.engine import cores


def described() -> str:
    """Processor, cores that this process may use, system and Python: one line."""
    return (
        f"{processor()}, {cores()} cores, {platform.system()}, Python {platform.python_version()}"
    )


def processor() -> str:
    """The processor's name, as far as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not on Linux
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()
