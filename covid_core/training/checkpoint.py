"""Checkpoints that are whole or absent, whatever happens while one is written; two are kept."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from covid_core.errors import TrainingError, Unwritten
from covid_core.storage.atomic import write_whole

_ANEW = "Leave out --resume to train from the start"


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Replace the checkpoint; the one before is kept as `earlier(path)`.

    Raises TrainingError where the disk refuses; both are as they were then.
    """
    data = io.BytesIO()
    torch.save(state, data)
    try:
        write_whole(path, data.getvalue(), old_to=earlier(path))
    except Unwritten as error:
        raise TrainingError(
            error.problem,
            f"{error.remedy}. Then go on with --resume; the last good checkpoint is kept",
            file=error.file,
        ) from error


def earlier(path: Path) -> Path:
    """Where the checkpoint before a checkpoint is kept."""
    return path.with_suffix(f".earlier{path.suffix}")


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint; never runs code in it. Raises TrainingError where it is damaged."""
    try:
        data = io.BytesIO(path.read_bytes())
        with zipfile.ZipFile(data) as records:
            if records.testzip():  # torch.load passes over a flipped byte
                raise zipfile.BadZipFile
        data.seek(0)
        state: dict[str, Any] = torch.load(data, map_location="cpu", weights_only=True)
    except Exception as error:  # torch has many ways to say "not a checkpoint"
        raise TrainingError(
            f"the checkpoint can't be read ({type(error).__name__})", _ANEW, file=str(path)
        ) from error
    return state


def last_good(path: Path) -> dict[str, Any] | None:
    """The checkpoint, or the one before where it is damaged or lost, which is said; None where
    there is neither.

    Raises TrainingError where none that is there can be read.
    """
    damaged: TrainingError | None = None
    for place in (path, earlier(path)):
        if not place.exists():
            continue
        try:
            state = load_checkpoint(place)
        except TrainingError as error:
            damaged = error
            continue
        if place != path:
            tqdm.write(f"{path}: damaged or lost; going on from the one before, {place.name}")
        return state
    if damaged:
        raise damaged
    return None


def check_terms(found: Mapping[str, str], due: Mapping[str, str], path: Path) -> None:
    """Raises TrainingError where a checkpoint is of another run, and says in what they differ."""
    other = [
        f"{name} was {found.get(name, 'not told')} and is {value}"
        for name, value in due.items()
        if found.get(name) != value
    ]
    if other:
        raise TrainingError(
            f"the checkpoint is of another run: {'; '.join(other)}",
            "Give what that one was begun with, or leave out --resume to train from the start",
            file=str(path),
        )
