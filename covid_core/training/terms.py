"""What makes a run the run it is: only its own checkpoints lead to the same weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import torch

from covid_core.prepare.preprocess import Preprocess
from covid_core.training import processes
from covid_core.training.films import Films
from covid_core.training.recipe import Recipe

_SAID = ("name", "says", "published", "optimisation")  # of a recipe: for people, or told below


def terms(
    films: Films,
    preprocess: Preprocess,
    recipe: Recipe,
    *,
    seed: int,
    device: torch.device,
    compiled: bool,
    teachers: Sequence[str] = (),
) -> dict[str, str]:
    """Each by its name, in words or as a digest: films, recipe, seed, and what computes."""
    chosen = {**asdict(recipe), **asdict(recipe.optimisation)}
    computing = {"device": device.type, "processes": processes.count(), "compiled": compiled}
    if device.type == "cpu":  # threads add up in their own order
        computing["threads (OMP_NUM_THREADS)"] = torch.get_num_threads()
    told = {
        "films": films.digest()[:16],
        "preprocessing": preprocess.to_json(),
        "seed": seed,
        "teachers": ", ".join(teachers),
        **{name: value for name, value in chosen.items() if name not in _SAID},
        **computing,
    }
    return {name: str(value) for name, value in told.items()}
