"""Several weights on the same films of one manifest: scores, figures, and whether they are fair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from covid_core.datasets.split import Split, fingerprint
from covid_core.errors import DatasetError, WeightsError
from covid_core.evaluation.evaluate import summarise
from covid_core.tasks import Task, task_of
from covid_core.training.films import load_films
from covid_core.training.scoring import score
from covid_core.weights import WeightsCard, load_weights


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One network's answers: `labels` int (N,), `probabilities` float64 (N, outputs).

    `results`: as `evaluate.summarise` gives them. `same_split`: whether the network was trained on
    this very split; if not, its test films may have trained it.
    """

    card: WeightsCard
    task: Task
    labels: np.ndarray
    probabilities: np.ndarray
    results: dict[str, Any]
    same_split: bool


def find_weights(folders: Sequence[Path]) -> list[tuple[Path, str]]:
    """Folder and recipe of every network in the folders. Raises WeightsError if one has none."""
    found = []
    for folder in folders:
        recipes = sorted(path.stem for path in folder.glob("*.safetensors"))
        if not recipes:
            raise WeightsError(
                "there are no weights in it", "Make some with train.py", file=str(folder)
            )
        found += [(folder, recipe) for recipe in recipes]
    return found


def score_weights(
    folder: Path,
    recipe: str,
    table: pd.DataFrame,
    cache: Path,
    *,
    part: Split,
    workers: int,
    device: torch.device,
) -> Scored:
    """A network's answers to one part of a manifest. Raises WeightsError, DatasetError."""
    network, card = load_weights(folder, recipe)
    task = task_of(card.classes)
    films = load_films(table, card.preprocess, cache, workers=workers).asked(task)
    indices = films.part(part)
    if not len(indices):
        raise DatasetError(
            f"no film of it is in the part {part}", "Choose another --part, or hold a source out"
        )
    network = network.to(device)
    probabilities = score(network, films, indices, card.preprocess, device=device)
    return Scored(
        card=card,
        task=task,
        labels=films.labels[indices],
        probabilities=probabilities,
        results=summarise(films, indices, probabilities, task),
        same_split=card.split == fingerprint(table),
    )
