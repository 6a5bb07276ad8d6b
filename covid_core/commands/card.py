"""`card`: write the model card, and the README's results, from the weights."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from covid_core.commands.status import DONE
from covid_core.model.card import RECIPES, WEIGHTS, read_card, read_cards, read_forms
from covid_core.model_card.card import write_headline, write_model_card
from covid_core.model_card.comparison import entry_of_card, write_recipes


def add(commands: Any) -> None:
    card: argparse.ArgumentParser = commands.add_parser(
        "card", help="write the model card, and the README's results"
    )
    card.add_argument("--weights", type=Path, default=WEIGHTS, metavar="DIR")
    card.add_argument("--readme", type=Path, metavar="FILE", help="replace its blocks of results")
    card.set_defaults(command=_card)


def _card(options: argparse.Namespace) -> int:
    card = read_card(options.weights)
    write_model_card(card, options.weights)
    if options.readme:
        write_headline(card, options.readme)
        cards = [card, *read_cards(options.weights / RECIPES).values()]
        forms = read_forms(options.weights)
        entries = [entry_of_card(one, forms.get(one.recipe)) for one in cards]
        write_recipes(entries, options.readme)
    return DONE
