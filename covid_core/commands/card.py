"""`card`: write the model card, and the README's results, from the weights."""

from __future__ import annotations

import argparse

from covid_core.commands.status import DONE
from covid_core.model.card import RECIPES, read_card, read_cards, read_variants
from covid_core.model_card.card import write_headline, write_model_card
from covid_core.model_card.comparison import entry_of_card, write_recipes


def run(options: argparse.Namespace) -> int:
    card = read_card(options.weights)
    write_model_card(card, options.weights)
    if options.readme:
        write_headline(card, options.readme)
        cards = [card, *read_cards(options.weights / RECIPES).values()]
        variants = read_variants(options.weights)
        entries = [entry_of_card(one, variants.get(one.recipe)) for one in cards]
        write_recipes(entries, options.readme)
    return DONE
