"""How long tests and benchmarks wait for what must come: so long that a busy machine fails none."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

LONGEST_S = 600  # a test that hangs is ended later still, by pytest's faulthandler_timeout
LONGEST_MS = 1000 * LONGEST_S
_PAUSE_S = 0.02


def wait_until(
    holds: Callable[[], bool],
    what: str,
    process: subprocess.Popen[bytes] | subprocess.Popen[str] | None = None,
    pause_s: float = _PAUSE_S,
) -> None:
    """Return once `holds` gives true.

    `process`: the one that brings it about. Raises TimeoutError after LONGEST_S, and RuntimeError
    where that process ended first.
    """
    until = time.monotonic() + LONGEST_S
    while not holds():
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"the process ended with {process.returncode} before {what}")
        if time.monotonic() > until:
            raise TimeoutError(f"no sign within {LONGEST_S} s that {what}")
        time.sleep(pause_s)
