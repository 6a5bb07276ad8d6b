"""`card`: write the model card, and the results in documents, from the weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Option

from covid_core.commands.arguments import Weights
from covid_core.commands.status import DONE
from covid_core.model.card import RECIPES, WEIGHTS, read_card, read_cards, read_variants
from covid_core.present.markdown import replace_blocks


@dataclass(frozen=True, kw_only=True)
class Options:
    """Write the model card, and the results in documents."""

    weights: Weights = WEIGHTS
    documents: Annotated[
        list[Path],
        Option(
            "--documents",
            "--readme",
            default_factory=list,
            show_default=False,
            metavar="FILE...",
            help="replace the blocks of results in these Markdown files",
        ),
    ]


def run(options: Options) -> int:
    """Write the model card and the README's results; the exit status."""
    from covid_core.model_card.card import write_model_card
    from covid_core.model_card.comparison import RECIPES_BLOCK, entries_of_cards, markdown
    from covid_core.model_card.headline import RESULTS_BLOCK, headline

    card = read_card(options.weights)
    write_model_card(card, options.weights)
    cards = [card, *read_cards(options.weights / RECIPES).values()]
    variants = read_variants(options.weights)
    recipes = markdown(entries_of_cards(cards, variants))
    for document in options.documents:
        replace_blocks(document, {RESULTS_BLOCK: headline(card), RECIPES_BLOCK: recipes})
    return DONE
