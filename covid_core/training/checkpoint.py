"""Checkpoints that are whole or absent, whatever happens while one is written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from covid_core.errors import TrainingError


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write beside, flush to the disk, then rename over: a reader sees the old one or the new one.

    Raises TrainingError where the disk refuses; the old checkpoint is kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except (OSError, RuntimeError) as error:
        partial.unlink(missing_ok=True)
        raise TrainingError(
            f"the checkpoint can't be written ({error})",
            "Free some disk space and go on with --resume; the last good checkpoint is kept",
            file=str(path),
        ) from error


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint; never runs code in it. Raises TrainingError."""
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch has many ways to say "not a checkpoint"
        raise TrainingError(
            f"the checkpoint can't be read ({type(error).__name__})",
            "Delete it and train from the start",
            file=str(path),
        ) from error
    return state
