"""The recipes and their variants by name, for whoever only chooses one: no library is needed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from covid_core.model.card import AS_PUBLISHED, MENDED

RECIPES = Path(__file__).with_name("recipes")


class Form(StrEnum):
    """`OURS`: on all films of a manifest.

    `AS_PUBLISHED`: the study's films, split, sizes, rates, stopping rule and mistakes. `MENDED`:
    the same without the mistakes.
    """

    OURS = "ours"
    AS_PUBLISHED = AS_PUBLISHED
    MENDED = MENDED


def recipe_names() -> list[str]:
    """The recipes that come with the project."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))
