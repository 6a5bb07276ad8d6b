"""A recipe's variants: ours, its study's to the letter, and the latter without its mistakes."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from covid_core.datasets import published
from covid_core.datasets.published import Protocol
from covid_core.errors import TrainingError
from covid_core.findings import Finding
from covid_core.training.epoch_figures import LOSS
from covid_core.training.recipe import Recipe, read_recipe
from covid_core.training.schedule import Schedule
from covid_core.training.variant_names import RECIPE_FILES, Variant


def recipe_in(variant: Variant, name: str) -> Recipe:
    """A recipe in one of its variants. Raises TrainingError where no study published it."""
    if variant is Variant.OURS:
        return replace(read_recipe(name), published=None)
    recipe = read_recipe(f"{Variant.AS_PUBLISHED}/{name}" if _is_published(name) else name)
    if recipe.published is None:
        raise TrainingError(
            f"the recipe {recipe.name} is from no published study",
            f"Train it without --variant {variant}",
        )
    return corrected(recipe) if variant is Variant.CORRECTED else recipe


def protocol_of(name: str) -> Protocol | None:
    """The protocol of the study that a recipe of the project is from; None without a study."""
    return recipe_in(Variant.AS_PUBLISHED, name).published if _is_published(name) else None


def split_in(variant: Variant, table: pd.DataFrame, recipe: Recipe, *, seed: int) -> pd.DataFrame:
    """A manifest with the split of a recipe's variant; with its own where the recipe is ours.

    Raises DatasetError where films of the study are missing.
    """
    if recipe.published is None:
        return table
    split = published.corrected if variant is Variant.CORRECTED else published.as_published
    return split(table, recipe.published, seed=seed)


def corrected(recipe: Recipe) -> Recipe:
    """A study's recipe without its mistakes.

    Schedules and measurements go by epoch and the right way round; films are not augmented in
    validation; the disease is the positive class; and films are kept apart to validate by, so that
    nothing but the last figure sees the test part. `published.corrected` splits the films.
    """
    assert recipe.published is not None
    protocol = replace(
        recipe.published,
        validation=recipe.published.validation or recipe.published.test,
        augmented=False,
        positive=Finding.COVID.value,
        listed=False,
    )
    phases = tuple(
        replace(phase, schedule=phase.schedule and _righted(phase.schedule))
        for phase in recipe.phases
    )
    by = replace(recipe.optimisation, look_every=0)
    return replace(
        recipe,
        phases=phases,
        optimisation=by,
        schedule=_righted(recipe.schedule),
        published=protocol,
    )


def _is_published(name: str) -> bool:
    return (RECIPE_FILES / Variant.AS_PUBLISHED / f"{name}.toml").is_file()


def _righted(schedule: Schedule) -> Schedule:
    return replace(schedule, per="epoch", falls=schedule.measure == LOSS)
