"""What lies below a folder, found bit by bit: a million names are never held at once."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

SORTED_ENTRIES = 10_000  # of one folder; of a larger one the order is the disk's


def files_below(
    folder: Path, suffixes: Collection[str], *, leave_out: Path | None = None
) -> Iterator[Path]:
    """The files of these suffixes (small letters) below a folder, at any depth, as they are found.

    Sorted by name, but in a folder of more than SORTED_ENTRIES entries as the disk gives them.
    Hidden files (not folders) and dead links are left out, and the folder `leave_out`. Links to
    files are followed, links to folders never. A folder that can't be listed is given itself, so
    that reading it says why.
    """
    out = _as_met(folder, leave_out) if leave_out else None
    opened = [_entries(folder)]
    while opened:
        for entry in opened[-1]:
            if isinstance(entry, Path):
                yield entry
            elif entry.is_dir(follow_symlinks=False):
                if entry.path != out:
                    opened.append(_entries(Path(entry.path)))
                    break
            elif _has_suffix(entry.name, suffixes) and _is_file(entry):
                yield Path(entry.path)
        else:
            opened.pop()


def _entries(folder: Path) -> Iterator[os.DirEntry[str] | Path]:
    """What a folder holds; its own path where it can't be listed."""
    try:
        with os.scandir(folder) as found:
            first = list(islice(found, SORTED_ENTRIES + 1))
            if len(first) <= SORTED_ENTRIES:
                first.sort(key=lambda entry: entry.name)
            yield from first
            yield from found
    except OSError:
        yield folder


def _as_met(folder: Path, inner: Path) -> str | None:
    """The path by which a walk from `folder` comes to `inner`; None where it never does."""
    root, end = folder.resolve(), inner.resolve()
    return str(folder / end.relative_to(root)) if end.is_relative_to(root) else None


def _has_suffix(name: str, suffixes: Collection[str]) -> bool:
    _, dot, letters = name.rpartition(".")
    return dot + letters.lower() in suffixes and not name.startswith(".")


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link to itself, or one that may not be followed
        return False
