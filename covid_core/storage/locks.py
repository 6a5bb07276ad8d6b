"""One run at a time on one output: the second is told at once, and a kill leaves no lock behind."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from covid_core.errors import CovidCoreError
from covid_core.storage.atomic import unwritten

if sys.platform != "win32":
    import fcntl


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keeps a folder for this process until the block ends; it is made where there is none.

    Raises CovidCoreError where another run keeps it, and Unwritten where nothing can be written
    there: better told before hours of work than after.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise unwritten(error, folder) from error
    if sys.platform == "win32":
        yield
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        claim(opened, folder)
        yield
    finally:
        os.close(opened)


def claim(opened: int, path: Path) -> None:
    """Keeps an open file or folder for whoever holds it open; the system lets go when that process
    ends, however it ends. Raises CovidCoreError where another keeps it."""
    if sys.platform == "win32":
        return
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CovidCoreError(
            "another run is writing to it", "Wait until that has ended, or name another place",
            file=str(path),
        ) from error  # fmt: skip
    except OSError:  # a disk that knows no locks
        return
