"""The recipes as tables: what their studies report, and what that is worth elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from app.texts import model as texts
from covid_core.model.card import AS_PUBLISHED, CORRECTED, WeightsCard
from covid_core.model.results import Summary
from covid_core.model_card.comparison import HEADER, Variants, entries_of_cards, rows
from covid_core.training.variants import protocol_of

_Variants = Mapping[str, Variants]


def short_table(cards: Sequence[WeightsCard], variants: _Variants) -> pd.DataFrame:
    """One line a recipe; `variants`: by recipe, as `card.read_variants` gives them."""
    lines = [_line(card, variants.get(card.recipe, {})) for card in cards]
    return pd.DataFrame(lines, columns=list(texts.RECIPES_COLUMNS))


def whole_table(cards: Sequence[WeightsCard], variants: _Variants) -> pd.DataFrame:
    """The table of docs/results.md, the recipe's name in each line, without Markdown."""
    lines = rows(entries_of_cards(cards, variants))
    plain = [[cell.replace("**", "").replace("`", "") for cell in line] for line in lines]
    table = pd.DataFrame(plain, columns=list(HEADER))
    name = table[HEADER[0]]
    table[HEADER[0]] = name.where(name != "").ffill()
    return table


def _line(card: WeightsCard, variants: Variants) -> tuple[str, ...]:
    published = variants.get(AS_PUBLISHED)
    test, *unseen = [part.summary for part in card.results.independent_parts]
    return (
        card.recipe,
        _reported(card.recipe),
        _both(published),
        f"{published.results.shared:.0%}" if published else texts.NO_FIGURE,
        _both(variants.get(CORRECTED)),
        _digits(_accuracy(test)),
        _digits(test.commonest),
        _digits(_auroc(published, published.results.test) if published else None),
        _digits(_auroc(card, test)),
        _digits(_auroc(card, unseen[0] if unseen else None)),
    )


def _reported(recipe: str) -> str:
    protocol = protocol_of(recipe)
    if protocol is None:
        return texts.NO_FIGURE
    return _with_second(protocol.reported, protocol.reported_second)


def _both(card: WeightsCard | None) -> str:
    """The accuracy on its own test films, and on its second source."""
    if card is None:
        return texts.NO_FIGURE
    own, *others = [part.summary for part in card.results.independent_parts]
    return _with_second(_accuracy(own), _accuracy(others[0]) if others else None)


def _with_second(own: float | None, second: float | None) -> str:
    return _digits(own) if second is None else f"{_digits(own)} ({_digits(second)})"


def _accuracy(part: Summary) -> float:
    return part.accuracy.value


def _auroc(card: WeightsCard, part: Summary | None) -> float | None:
    found = part.classes.get(card.classes[-1]) if part else None
    return found.auroc.value if found else None


def _digits(value: float | None) -> str:
    return texts.NO_FIGURE if value is None else f"{value:.3f}"
