"""`lungs`: train the network that outlines the lungs."""

from __future__ import annotations

import argparse

from covid_core.commands.status import DONE
from covid_core.training.lungs import make_lungs


def run(options: argparse.Namespace) -> int:
    """Train the network that outlines the lungs; the exit status."""
    card = make_lungs(options.folder, options.out, epochs=options.epochs, seed=options.seed)
    print(
        f"Dice {card.dice} on {card.films['test']} films of patients who did not train it;"
        f" {card.films['train']} did"
    )
    return DONE
