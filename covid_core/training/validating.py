"""What is measured and logged at the end of an epoch, on the films that a recipe looks at then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from covid_core.datasets.split import Split
from covid_core.model.networks import Network
from covid_core.prepare.preprocess import Preprocess
from covid_core.training import processes
from covid_core.training.augment import augment
from covid_core.training.films import Films
from covid_core.training.log import log_epoch
from covid_core.training.recipe import Phase, Recipe
from covid_core.training.scoring import validate

_AT_ONCE = 256


def look(
    network: Network,
    films: Films,
    preprocess: Preprocess,
    recipe: Recipe,
    phase: Phase,
    size_px: int,
    folder: Path,
    told: dict[str, Any],
    *,
    generator: torch.Generator,
) -> dict[str, Any]:
    """`told` and the figures of `scoring.validate`, logged; in the first process alone, elsewhere
    nothing.

    `films`: labelled by the phase's task. A study's recipe looks at the films that it chose by
    alone, varied as in training where the study's were; its second source waits for the end.
    """
    if processes.rank():
        return {}
    seen, by = films, recipe.chooses_by
    if recipe.published:
        seen = _chosen(films, by)
        if recipe.published.augmented:
            seen = replace(seen, pictures=_varied(seen.pictures, recipe, generator))
    row = told | validate(network, seen, preprocess, phase.asked, size_px, chooses_by=by)
    log_epoch(folder, row)
    return row


def _chosen(films: Films, by: Split) -> Films:
    """Those of one part alone."""
    some = films.part(by)
    return Films(
        films.pictures[some],
        films.labels[some],
        films.groups[some],
        films.sources[some],
        films.splits[some],
        tuple(films.names[i] for i in some),
        appearances=films.appearances[some],
        boxes=tuple(films.boxes[i] for i in some),
    )


def _varied(pictures: np.ndarray, recipe: Recipe, generator: torch.Generator) -> np.ndarray:
    """Each once as augmentation draws it: uint8 (N, S, S)."""
    drawn = []
    for start in range(0, len(pictures), _AT_ONCE):
        some = torch.from_numpy(pictures[start : start + _AT_ONCE]).to(generator.device)
        varied = augment(some, pictures.shape[-1], recipe.augmentation, generator)
        drawn.append((varied[:, 0] * 255).round().to(torch.uint8).cpu().numpy())
    return np.concatenate(drawn) if drawn else pictures
