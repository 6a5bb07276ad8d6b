"""Options of `lungs`."""

from __future__ import annotations

import argparse
from pathlib import Path

from covid_core.commands.arguments import add_seed
from covid_core.predict.lungs import LUNGS


def add(parser: argparse.ArgumentParser) -> None:
    """Put the options of `lungs` into its parser."""
    parser.description = (
        "Train on films with outlines drawn by people: a folder with metadata.csv,"
        " images/ and lung_masks/, as Cohen's collection with V7's outlines."
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="with films and their outlines")
    parser.add_argument(
        "--out",
        type=Path,
        default=LUNGS,
        metavar="DIR",
        help="folder for the network's weights (default: this project's own)",
    )
    parser.add_argument(
        "--epochs",
        type=int,
        default=60,
        help="how often each film is trained on (default: %(default)s)",
    )
    add_seed(parser, "of the split by patients, and of the network's first weights")
    parser.set_defaults(command="covid_core.commands.lungs:run")
