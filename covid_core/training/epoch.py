"""The end of an epoch: figures measured on the films that the recipe chooses by, and logged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from covid_core.model.networks import Network
from covid_core.training import processes
from covid_core.training.augment import augment
from covid_core.training.epoch_figures import figure_of, measure_epoch
from covid_core.training.log import log_epoch
from covid_core.training.progress import Progress
from covid_core.training.recipe import Recipe
from covid_core.training.run import Plan, Run

_AT_ONCE = 256  # films augmented together


def close_epoch(
    progress: Progress, run: Run, plan: Plan, mean_loss: float, generator: torch.Generator
) -> None:
    """Measure and log an epoch, and let the progress keep its weights or end the phase by it."""
    recipe, size_px = run.recipe, plan.sizes[progress.step - 1]
    epoch = {"task": plan.phase.task, "step": progress.step, "loss": mean_loss}
    row: dict[str, Any] = {}
    if not processes.rank():
        row = epoch | _measure(progress.average.network, run, plan, size_px, generator)
        log_epoch(run.folder, row)
    followed = figure_of(row, recipe.schedule_of(plan.phase).measure)
    progress.measured.append(processes.from_first_process(followed))
    if size_px == plan.phase.size_px:  # else its weights would be used at a wrong size
        progress.rate_epoch(row, recipe.optimisation)
    progress.ended_early = processes.from_first_process(progress.ended_early)


def _measure(
    network: Network, run: Run, plan: Plan, size_px: int, generator: torch.Generator
) -> dict[str, float]:
    """The figures of `measure_epoch`.

    A study's recipe measures on the films that it chose by alone, augmented as in training where
    the study's were; its second source waits for the end.
    """
    films, recipe = plan.films, run.recipe
    if recipe.published:
        films = films.select(films.part(recipe.chooses_by))
        if recipe.published.augmented:
            films = replace(films, pictures=_augmented(films.pictures, recipe, generator))
    task, split = plan.phase.task_definition, recipe.chooses_by
    return measure_epoch(network, films, run.preprocess, task, size_px, chooses_by=split)


def _augmented(pictures: np.ndarray, recipe: Recipe, generator: torch.Generator) -> np.ndarray:
    """Each picture augmented once, uint8 (N, S, S)."""
    batches = []
    for start in range(0, len(pictures), _AT_ONCE):
        batch = torch.from_numpy(pictures[start : start + _AT_ONCE]).to(generator.device)
        films = augment(batch, pictures.shape[-1], recipe.augmentation, generator)
        batches.append((films[:, 0] * 255).round().to(torch.uint8).cpu().numpy())
    return np.concatenate(batches) if batches else pictures
