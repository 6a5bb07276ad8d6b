"""`lungs`: train the network that outlines the lungs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from covid_core.commands.status import DONE
from covid_core.predict.lungs import LUNGS
from covid_core.training.lungs import make_lungs


def add(commands: Any) -> None:
    lungs: argparse.ArgumentParser = commands.add_parser(
        "lungs",
        help="train the network that outlines the lungs",
        description="Train on films with outlines drawn by people: a folder with metadata.csv,"
        " images/ and lung_masks/, as Cohen's collection with V7's outlines.",
    )
    lungs.add_argument("folder", type=Path, metavar="DIR")
    lungs.add_argument("--out", type=Path, default=LUNGS, metavar="DIR")
    lungs.add_argument("--epochs", type=int, default=60)
    lungs.add_argument("--seed", type=int, default=0)
    lungs.set_defaults(command=_lungs)


def _lungs(options: argparse.Namespace) -> int:
    card = make_lungs(options.folder, options.out, epochs=options.epochs, seed=options.seed)
    dice = card.dice
    print(
        f"Dice {dice['value']:.3f} ({dice['low']:.3f} to {dice['high']:.3f}) on"
        f" {card.films['test']} films of patients who did not train it; {card.films['train']} did"
    )
    return DONE
