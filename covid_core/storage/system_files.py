"""Locks of files, and folders flushed to the disk, as each system has them.

Windows opens no folder, lets nobody read a file that is locked, and renames none that is open.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import lock_descriptor

_WINDOWS = sys.platform == "win32"


def open_to_lock(path: Path) -> int:
    """A descriptor of the file or folder itself; on Windows of a file beside it.

    That one goes when it is closed. Raises OSError.
    """
    if sys.platform == "win32":
        beside = path.with_name(f"{path.name}.lock")
        return os.open(beside, os.O_RDWR | os.O_CREAT | os.O_TEMPORARY)
    return os.open(path, os.O_RDONLY)


def lock(opened: int) -> bool:
    """Whether the lock was had, which ends with its process; a disk that knows none gives it."""
    try:
        return lock_descriptor(opened, blocking=False)
    except OSError:
        return True


@contextmanager
def wait_for_turn(path: Path) -> Iterator[None]:
    """Waits for another process or thread that writes the same; the lock dies with its holder.

    On Windows nobody waits: a file held open there could not take its name.
    """
    if _WINDOWS:
        yield
        return
    while True:
        opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            with suppress(OSError):  # a disk that knows no locks
                lock_descriptor(opened, blocking=True)
            if _is_at(opened, path):  # else the one before has given it its name
                yield
                return
        finally:
            os.close(opened)


def flush_folder(path: Path) -> None:
    """Let names too outlive a power cut, where the system can flush a folder."""
    if _WINDOWS:
        return
    opened = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(opened)
    finally:
        os.close(opened)


def _is_at(opened: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(opened), path.stat())
    except FileNotFoundError:
        return False
