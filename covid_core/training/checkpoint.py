"""Checkpoints: whole or absent, whatever happens while one is written, and of one run only."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from tqdm import tqdm

from covid_core.errors import TrainingError, Unwritten
from covid_core.storage.atomic import write_whole
from covid_core.training import processes
from covid_core.training.run import Run

_ANEW = "Leave out --resume to train from the start"


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Replace a checkpoint, and keep the one before as `earlier_checkpoint(path)`.

    Raises TrainingError where the disk refuses; both are then as they were.
    """
    data = io.BytesIO()
    torch.save(state, data)
    try:
        write_whole(path, data.getvalue(), old_to=earlier_checkpoint(path))
    except Unwritten as error:
        raise TrainingError(
            error.problem,
            f"{error.remedy}. Then go on with --resume; the last good checkpoint is kept",
            file=error.file,
        ) from error


def earlier_checkpoint(path: Path) -> Path:
    """The path of the checkpoint before a checkpoint."""
    return path.with_suffix(f".earlier{path.suffix}")


def load_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint's state, read without running code in it. Raises TrainingError if damaged."""
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


def load_latest(path: Path) -> dict[str, Any] | None:
    """The state of a checkpoint, or of the one before it where it is damaged; None for none.

    It says so where it falls back on the one before. Raises TrainingError where there are some, and
    none can be read.
    """
    damaged: TrainingError | None = None
    for place in (path, earlier_checkpoint(path)):
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


def identify_run(run: Run) -> dict[str, str]:
    """What makes a run the run it is, by name: films, recipe, seed, teachers and what computes.

    Only a checkpoint of the same leads to the same weights.
    """
    identity = {
        "films": run.films.digest()[:16],
        "preprocessing": run.preprocess.to_json(),
        "seed": run.seed,
        "teachers": ", ".join(run.teachers.names) if run.teachers else "",
        **run.recipe.choices,
        "device": run.device.type,
        "processes": processes.count(),
        "compiled": run.compiled,
    }
    if run.lungs:
        identity["lungs network"] = _digest(run.lungs)
    if run.device.type == "cpu":  # threads add up in their own order
        identity["threads (OMP_NUM_THREADS)"] = torch.get_num_threads()
    return {name: str(value) for name, value in identity.items()}


def _digest(network: nn.Module) -> str:
    """The start of the SHA-256, in hex, of a network's tensors."""
    digest = hashlib.sha256()
    for tensor in network.state_dict().values():
        digest.update(tensor.detach().cpu().contiguous().numpy().data)
    return digest.hexdigest()[:16]


def check_same_run(
    of_checkpoint: Mapping[str, str], identity: Mapping[str, str], path: Path
) -> None:
    """Raise TrainingError where a checkpoint is of another run, and say in what they differ."""
    differences = [
        f"{name} was {of_checkpoint.get(name, 'not recorded')} and is {value}"
        for name, value in identity.items()
        if of_checkpoint.get(name) != value
    ]
    if differences:
        raise TrainingError(
            f"the checkpoint is of another run: {'; '.join(differences)}",
            "Give what that one was begun with, or leave out --resume to train from the start",
            file=str(path),
        )
