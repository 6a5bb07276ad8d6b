"""What the program leaves on the disk is for its user alone."""

from __future__ import annotations

import os
from contextlib import suppress


def keep_private() -> None:
    """Make all that is written from now on readable by this user alone, and no crash leave a core.

    A core holds the memory, and with it the radiographs that were open. It is for programs, not for
    whoever imports this package: it holds for the whole process.
    """
    os.umask(0o077)
    with suppress(ImportError, ValueError):  # none on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
