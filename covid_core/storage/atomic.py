"""Files that are whole or as they were, whatever stops the program while it writes.

What is new is written beside, `NAME.partial`, and flushed to the disk before it takes the name. A
kill leaves at most that file behind, and the next to write the same one clears it away.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from covid_core.errors import NameRefused, Unwritten
from covid_core.storage.system_files import flush_folder, hold_new_file

_PARTIAL = ".partial"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)
_OF_THE_NAME = (
    errno.ENAMETOOLONG,
    errno.EILSEQ,
    errno.EINVAL,
    errno.EISDIR,
)


def write_whole(path: Path, data: bytes, *, old_to: Path | None = None) -> None:
    """Replace what a file holds; its folder is made where there is none.

    `old_to`: what it held before takes that name. Raises Unwritten; all is as it was then.
    """
    with replacing(path, size=len(data), old_to=old_to) as file:
        file.write(data)


def write_all_whole(files: Mapping[Path, bytes]) -> None:
    """Replace several files.

    All are on the disk before any takes its name, so that a full disk leaves those before together.
    Raises Unwritten.
    """
    with ExitStack() as written:
        for path, data in files.items():
            file = written.enter_context(replacing(path, size=len(data)))
            file.write(data)
            _settle(file)


@contextmanager
def replacing(
    path: Path, *, size: int | None = None, old_to: Path | None = None
) -> Iterator[BinaryIO]:
    """An open file that becomes `path` when the block ends, and is gone if it fails.

    `size`: in bytes, where it is known, to be said of a full disk. Raises Unwritten.
    """
    partial = path.with_name(path.name + _PARTIAL)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with hold_new_file(partial) as opened:
            try:
                with os.fdopen(opened, "wb") as file:
                    yield file
                    _settle(file)
                if old_to and path.exists():
                    path.replace(old_to)
                partial.replace(path)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
        flush_folder(path.parent)
    except OSError as error:
        raise unwritten(error, path, size) from error


def unwritten(error: OSError, path: Path, size: int | None = None) -> Unwritten:
    """What is said where the disk refused: why, and what to do."""
    remedy = "Name another place"
    if error.errno in _FULL:
        needed = "" if size is None else f"{size / 1e6:.1f} MB are needed and "
        reason = f"the disk is full ({needed}{_free(path) / 1e6:.1f} MB are free)"
        remedy = "Free some space, or name a place on another disk"
    elif error.errno == errno.EFBIG:
        reason = "the disk is full for it: files may not be as large as that here"
        remedy = "Raise that limit (ulimit -f), or name another place"
    elif error.errno in _NOT_ALLOWED:
        reason = f"it may not be ({error.strerror})"
        remedy = "Name a place that you may write to"
    else:
        reason = str(error.strerror or error)
    kind = NameRefused if error.errno in _OF_THE_NAME else Unwritten
    return kind(f"it can't be written: {reason}", remedy, file=str(path))


def _free(path: Path) -> int:
    there = next(place for place in (path, *path.absolute().parents) if place.is_dir())
    return shutil.disk_usage(there).free


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
