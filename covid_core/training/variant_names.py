"""The recipes and their variants by name, for whoever only chooses one: no library is needed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from covid_core.model.card import AS_PUBLISHED, CORRECTED, OURS

RECIPE_FILES = Path(__file__).with_name("recipes")  # the folder of their TOML files


class Variant(StrEnum):
    """How a recipe is trained.

    `OURS`: on all films of a manifest. `AS_PUBLISHED`: the study's films, split, sizes, rates,
    stopping rule and mistakes. `CORRECTED`: the same without the mistakes.
    """

    OURS = OURS
    AS_PUBLISHED = AS_PUBLISHED
    CORRECTED = CORRECTED


def recipe_names() -> list[str]:
    """The recipes that come with the project."""
    return sorted(path.stem for path in RECIPE_FILES.glob("*.toml"))
