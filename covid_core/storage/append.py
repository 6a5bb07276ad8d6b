"""Lines added to the end of a file that nobody but its owner reads."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT
# A link that was planted there is not followed, and a pipe without a reader is not waited for.
_FLAGS |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def append_line(path: Path, line: bytes) -> None:
    """Adds a line, which holds no line break, in one write; the file is made with mode 0600.

    Threads and processes may add to the same file. After a line that a full disk cut short, the
    next begins on a line of its own. Raises OSError.
    """
    opened = os.open(path, _FLAGS, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise OSError("no regular file")
        data = line + b"\n"
        end = os.lseek(opened, 0, os.SEEK_END)
        if end:
            os.lseek(opened, end - 1, os.SEEK_SET)
            if os.read(opened, 1) != b"\n":
                data = b"\n" + data
        if os.write(opened, data) != len(data):
            raise OSError("only a part of a line was written")
    finally:
        os.close(opened)
