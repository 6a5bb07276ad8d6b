"""Options of `gate`."""

from __future__ import annotations

import argparse
from pathlib import Path

from covid_core.commands.arguments import add_manifest, add_seed
from covid_core.predict.gate import GATE


def add(parser: argparse.ArgumentParser) -> None:
    """Put the options of `gate` into its parser."""
    parser.description = (
        "Train on the films of a manifest, spoilt on purpose, and on drawn pictures of"
        " other things; pick thresholds on the validation part and measure on the rest."
    )
    add_manifest(parser, "with the films to train, validate and measure on")
    parser.add_argument(
        "--out",
        type=Path,
        default=GATE,
        metavar="DIR",
        help="folder for the gate's weights (default: this project's own gate)",
    )
    parser.add_argument(
        "--steps", type=int, default=1200, help="of training (default: %(default)s)"
    )
    parser.add_argument(
        "--films", type=int, default=5000, help="how many train, at most (default: %(default)s)"
    )
    parser.add_argument(
        "--displays-only",
        action="store_true",
        help="keep the gate in --out, but for how it knows several films, screenshots and photos",
    )
    add_seed(parser, "of the network's first weights, and of how films are spoilt")
    parser.set_defaults(command="covid_core.commands.gate:run")
