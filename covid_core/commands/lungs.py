"""`lungs`: train the network that outlines the lungs."""

from __future__ import annotations

import argparse

from covid_core.commands.status import DONE
from covid_core.training.lungs import make_lungs


def run(options: argparse.Namespace) -> int:
    """Train the network that outlines the lungs; the exit status."""
    card = make_lungs(options.folder, options.out, epochs=options.epochs, seed=options.seed)
    dice = card.dice
    print(
        f"Dice {dice['value']:.3f} ({dice['low']:.3f} to {dice['high']:.3f}) on"
        f" {card.films['test']} films of patients who did not train it; {card.films['train']} did"
    )
    return DONE
