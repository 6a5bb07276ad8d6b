"""`lungs`: train the network that outlines the lungs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from covid_core.commands.status import DONE
from covid_core.predict.lungs import LUNGS


@dataclass(frozen=True, kw_only=True)
class Options:
    """Train the network that outlines the lungs, on radiographs with outlines drawn by people.

    DIR has metadata.csv, images/ and lung_masks/, as Cohen's collection with V7's outlines.
    """

    folder: Annotated[Path, Argument(metavar="DIR", help="with radiographs and their outlines")]
    out: Annotated[
        Path,
        Option(
            "--out",
            metavar="DIR",
            show_default="this project's own",
            help="folder for the network's weights",
        ),
    ] = LUNGS
    epochs: Annotated[int, Option("--epochs", help="how often each radiograph is trained on")] = 60
    seed: Annotated[
        int,
        Option("--seed", help="of the split by patients, and of the network's first weights"),
    ] = 0


def run(options: Options) -> int:
    """Train the network that outlines the lungs; the exit status."""
    from covid_core.training.lungs import make_lungs

    card = make_lungs(options.folder, options.out, epochs=options.epochs, seed=options.seed)
    print(
        f"Dice {card.dice} on {card.films['test']} radiographs of patients who did not train it;"
        f" {card.films['train']} did"
    )
    return DONE
