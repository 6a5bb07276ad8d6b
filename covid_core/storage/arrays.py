"""What is remembered on the disk between runs: which file it was seen of, and arrays, whole."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from covid_core.storage.atomic import replacing


def file_stamp(path: Path) -> bytes:
    """Which file this is, in which state: its path, size and time of change."""
    stat = path.stat()
    stamp = f"{path.absolute()}|{stat.st_size}|{stat.st_mtime_ns}"
    return stamp.encode(errors="surrogateescape")


def stamp_of(*files: Path) -> bytes:
    """Which files these are, each in which state; empty for one that is not there."""
    return b"\n".join(file_stamp(file) if file.exists() else b"" for file in files)


def save_arrays(path: Path, arrays: dict[str, Any]) -> None:
    """Write arrays to an `.npz` file, whole or not at all. Raises CovidCoreError."""
    with replacing(path) as file:
        np.savez(file, **arrays)


def load_arrays(path: Path, names: tuple[str, ...]) -> dict[str, np.ndarray] | None:
    """The named arrays; None where the file is not there, or damaged, which is as good."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in names}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
