"""What the program leaves on the disk is for its user alone."""

from __future__ import annotations

import os

from covid_core.storage.system_limits import forbid_core_dumps


def keep_private() -> None:
    """Make all that is written from now on readable by this user alone, and no crash leave a core.

    A core holds the memory, and with it the radiographs that were open. It is for programs, not for
    whoever imports this package: it holds for the whole process.
    """
    os.umask(0o077)
    forbid_core_dumps()
