"""One run at a time on one output: a second is refused at once; a kill leaves no lock behind."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from covid_core.errors import CovidCoreError
from covid_core.storage.atomic import unwritten
from covid_core.storage.system_files import lock, open_to_lock


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
    opened = open_to_lock(path)
    try:
        if not lock(opened):
            raise CovidCoreError(
                "another run is writing to it",
                "Wait until that has ended, or name another place",
                file=str(path),
            )
        yield
    finally:
        os.close(opened)
