"""The recipes as tables: what their studies report, and what that is worth elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from app.texts import model as texts
from covid_core.evaluation.comparison import HEADER, entry_of_card, rows
from covid_core.training.recipe import read_recipe, recipe_names
from covid_core.weights import WeightsCard

_Published = Mapping[str, WeightsCard]


def short_table(cards: Sequence[WeightsCard], published: _Published) -> pd.DataFrame:
    """One line a recipe; `published`: by recipe, cards of those trained on their study's split."""
    lines = [_line(card, published.get(card.recipe)) for card in cards]
    return pd.DataFrame(lines, columns=list(texts.RECIPES_COLUMNS))


def whole_table(cards: Sequence[WeightsCard], published: _Published) -> pd.DataFrame:
    """README's table, the recipe's name in each line, without Markdown."""
    lines = rows([entry_of_card(card, published.get(card.recipe)) for card in cards])
    plain = [[cell.replace("**", "").replace("`", "") for cell in line] for line in lines]
    table = pd.DataFrame(plain, columns=list(HEADER))
    name = table[HEADER[0]]
    table[HEADER[0]] = name.where(name != "").ffill()
    return table


def _line(card: WeightsCard, published: WeightsCard | None) -> tuple[str, ...]:
    own = published.results if published else {}
    test, unseen = card.results["test"], list(card.results["held_out"].values())
    return (
        card.recipe,
        _digits(_reported(card.recipe)),
        _digits(_accuracy(own.get("test"))),
        f"{own['shared']:.0%}" if "shared" in own else texts.NO_FIGURE,
        _digits(_accuracy(test)),
        _digits(test.get("commonest")),
        _digits(_auroc(card, own.get("test"))),
        _digits(_auroc(card, test)),
        _digits(_auroc(card, unseen[0] if unseen else None)),
    )


def _reported(recipe: str) -> float | None:
    published = read_recipe(recipe).published if recipe in recipe_names() else None
    return published.reported if published else None


def _accuracy(part: Mapping[str, Any] | None) -> float | None:
    return part["accuracy"]["value"] if part else None


def _auroc(card: WeightsCard, part: Mapping[str, Any] | None) -> float | None:
    found = part["classes"].get(card.classes[-1]) if part else None
    return found["auroc"]["value"] if found else None


def _digits(value: float | None) -> str:
    return texts.NO_FIGURE if value is None else f"{value:.3f}"
