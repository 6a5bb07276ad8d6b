"""Files opened as what they are now, whatever was found there before: plain files, and no pipe.

Between the listing of a folder and the reading of a file, whoever may write there can put a link, a
pipe or a device in its place. What was opened is looked at, not what lies at the path.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from pathlib import Path

_ON_WINDOWS = sys.platform == "win32"
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NO_LINK


class NoPlainFile(OSError):
    """A pipe, a device or a folder, where a file was requested."""

    def __init__(self) -> None:
        super().__init__(errno.EINVAL, "it is no plain file")


def open_regular(path: Path) -> io.BufferedReader:
    """A file opened to be read; links are followed, and no pipe is waited for.

    Raises OSError, NoPlainFile among them.
    """
    return _as_regular(os.open(path, _READ))


def read_regular(path: Path, most: int = -1) -> bytes:
    """The first `most` bytes of a file, or all of it; otherwise as `open_regular`."""
    with open_regular(path) as file:
        return _read(file, most)


def read_within(root: Path, path: Path, most: int = -1) -> bytes:
    """The same of a file below a folder, and only while it lies there.

    A link is followed where it stays in the folder: each part of the path that it leads to is then
    opened in the one before, and none of them may be a link by that time. Windows opens nothing
    relative to a folder: there the path is looked at once, just before. Raises OSError.
    """
    root = root.resolve(strict=True)
    try:
        parts = path.resolve(strict=True).relative_to(root).parts
    except (ValueError, RuntimeError) as error:  # outside; links in a ring
        raise OSError(errno.EXDEV, "it is a link that leads out of its folder") from error
    if _ON_WINDOWS:
        return read_regular(root.joinpath(*parts), most)
    *folders, name = parts
    holder = os.open(root, _FOLDER)
    try:
        for folder in folders:
            inner = os.open(folder, _FOLDER, dir_fd=holder)
            os.close(holder)
            holder = inner
        opened = os.open(name, _READ | _NO_LINK, dir_fd=holder)
    finally:
        os.close(holder)
    with _as_regular(opened) as file:
        return _read(file, most)


def _read(file: io.BufferedReader, most: int) -> bytes:
    if most < 0:
        return file.read()
    return file.read(min(most, os.fstat(file.fileno()).st_size + 1))  # it makes room for all first


def _as_regular(handle: int) -> io.BufferedReader:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise NoPlainFile
    return os.fdopen(handle, "rb")
