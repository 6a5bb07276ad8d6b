"""Bytes of a film, looked for in files that were written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path


def in_files(files: Iterable[Path], canary: bytes) -> list[Path]:
    """Those that hold the bytes."""
    return [path for path in files if canary in path.read_bytes()]


def written(folder: Path, since: float, without: Iterable[str] = ()) -> Iterator[Path]:
    """The files below a folder that were written since then, in s of time.time().

    `without`: names of folders that are left out.
    """
    for path in folder.iterdir():
        if path.is_symlink() or path.name in without:
            continue
        if path.is_dir():
            yield from written(path, since, without)
        elif path.is_file() and path.stat().st_mtime >= since:
            yield path
