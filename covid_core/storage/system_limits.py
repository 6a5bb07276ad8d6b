"""What a process may use, as each system can limit it: Windows nothing, macOS no memory."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def forbid_core_dumps() -> None:
    """Let no crash of this process write its memory to the disk."""
    with suppress(ImportError, ValueError):  # none on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_this_process(more_cpu_s: int, more_bytes: int) -> None:
    """Bound what this process uses from now on, as far as its system can.

    `more_cpu_s`: seconds of processor time. `more_bytes`: of addresses, beyond those it has.
    """
    forbid_core_dumps()
    with suppress(ImportError, OSError, ValueError):  # none on Windows, one on macOS
        import resource

        cpu_s = int(sum(os.times()[:2])) + more_cpu_s
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
        held = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = held * resource.getpagesize() + more_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
