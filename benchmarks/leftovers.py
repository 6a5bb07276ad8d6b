"""Bytes of a film, looked for in a process's memory and in files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import FileIO
from pathlib import Path

_CHUNK_BYTES = 1 << 24


def in_memory(pid: int, canary: bytes) -> int:
    """How often the bytes stand in a process's memory, freed or not.

    Raises PermissionError where this user may not look.
    """
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        return sum(_found(memory, first, last, canary) for first, last in _regions(pid))


def in_files(files: Iterable[Path], canary: bytes) -> list[Path]:
    """Those that hold the bytes."""
    return [path for path in files if canary in path.read_bytes()]


def written(folder: Path, since: float, without: Iterable[str] = ()) -> Iterator[Path]:
    """The files below a folder that were written since then, in s of time.time(); `without`: names
    of folders that are left out.
    """
    for path in folder.iterdir():
        if path.is_symlink() or path.name in without:
            continue
        if path.is_dir():
            yield from written(path, since, without)
        elif path.is_file() and path.stat().st_mtime >= since:
            yield path


def _regions(pid: int) -> Iterator[tuple[int, int]]:
    """The address ranges that hold what the process has written."""
    for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines():
        span, rights = line.split()[:2]
        if rights.startswith("rw") and "[v" not in line:
            first, last = (int(address, 16) for address in span.split("-"))
            yield first, last


def _found(memory: FileIO, first: int, last: int, canary: bytes) -> int:
    count, tail, at = 0, b"", first
    while at < last:
        try:
            memory.seek(at)
            part = memory.read(min(_CHUNK_BYTES, last - at))
        except OSError:
            break
        if not part:
            break
        count += (tail + part).count(canary)
        tail = part[1 - len(canary) :]
        at += len(part)
    return count
