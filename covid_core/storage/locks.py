"""One run at a time on one output: a second is refused at once; a kill leaves no lock behind."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import lock_descriptor

from covid_core.errors import CovidCoreError
from covid_core.storage.atomic import unwritten


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keeps a folder for this process until the block ends; it is made where there is none.

    Raises CovidCoreError where another run keeps it, and Unwritten where nothing can be written
    there: better before hours of work than after.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise unwritten(error, folder) from error
    with locked(folder):
        yield


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keeps a file or folder that exists for this process until the block ends.

    The system lets go when the process ends, however it ends. Raises CovidCoreError where another
    keeps it.
    """
    opened = _open(path)
    try:
        if not _lock(opened):
            raise CovidCoreError(
                "another run is writing to it",
                "Wait until that has ended, or name another place",
                file=str(path),
            )
        yield
    finally:
        os.close(opened)


def _open(path: Path) -> int:
    """The file or folder itself.

    Windows opens no folder, and lets nobody read a file that is locked: there it is a file beside
    it, which goes when it is closed.
    """
    if sys.platform == "win32":
        beside = path.with_name(f"{path.name}.lock")
        return os.open(beside, os.O_RDWR | os.O_CREAT | os.O_TEMPORARY)
    return os.open(path, os.O_RDONLY)


def _lock(opened: int) -> bool:
    try:
        return lock_descriptor(opened, blocking=False)
    except OSError:  # a disk that knows no locks
        return True
