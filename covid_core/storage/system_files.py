"""Locks of files, and folders flushed to the disk, as each system has them.

Windows opens no folder, lets nobody read a file that is locked, and renames none that is open.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import lock_descriptor

_POLL_S = 0.005
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_FILE = (errno.ELOOP, errno.EMLINK, errno.ENXIO)  # a link, on Linux and elsewhere; a socket


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
def hold_new_file(path: Path) -> Iterator[int]:
    """A new, empty file of this path, open to be written; whoever takes it closes it.

    Waits for another process or thread that writes the same; the lock dies with its holder. What
    lies there already, left by a kill or put there to lead elsewhere, is cleared away and never
    written to.
    """
    if sys.platform == "win32":
        yield os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_BINARY)
        return
    while True:
        opened = _created(path)
        if opened is None:
            _clear_away(path)
            continue
        held = os.dup(opened)  # it outlives the file, which is closed before it takes its name
        try:
            if _wait_for(held, path):
                yield opened
                return
        finally:
            os.close(held)
        os.close(opened)  # the next one took it for a leftover


def flush_folder(path: Path) -> None:
    """Let names too outlive a power cut, where the system can flush a folder."""
    if sys.platform == "win32":
        return
    opened = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(opened)
    finally:
        os.close(opened)


def _created(path: Path) -> int | None:
    """A file that nothing was there before; None where something is. Raises OSError."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_LINK, 0o666)
    except FileExistsError:
        return None


def _clear_away(path: Path) -> None:
    """Once nobody writes to it. Raises OSError where it can't be, as of a folder."""
    try:
        found = os.open(path, os.O_RDWR | os.O_NONBLOCK | _NO_LINK)
    except FileNotFoundError:  # given its name by now
        return
    except OSError as error:
        if error.errno not in _NO_FILE:
            raise
        path.unlink(missing_ok=True)
        return
    try:
        if _wait_for(found, path):
            path.unlink(missing_ok=True)
    finally:
        os.close(found)


def _wait_for(opened: int, path: Path) -> bool:
    """Waits for the lock of an open file; whether the path is still that file's then."""
    if stat.S_ISREG(os.fstat(opened).st_mode):
        with suppress(OSError):  # a disk that knows no locks
            lock_descriptor(opened, blocking=True, poll_interval=_POLL_S)
    try:
        return os.path.samestat(os.fstat(opened), path.lstat())
    except FileNotFoundError:
        return False
