"""Options of `calibrate`."""

from __future__ import annotations

import argparse

from covid_core.commands.arguments import add_cache, add_manifest, add_recipe, add_weights


def add(parser: argparse.ArgumentParser) -> None:
    """Put the options of `calibrate` into its parser."""
    parser.description = (
        "On the validation films of the manifest that the weights were trained on;"
        " measured on its test part and on sources held out, as are the card's other figures and"
        " their baselines. train.py does the same at its end. Only the card changes."
    )
    add_manifest(parser, "that the weights were trained on")
    add_weights(parser)
    add_recipe(parser)
    add_cache(parser)
    parser.add_argument(
        "--smooth-px",
        type=float,
        help="smooth films by this from now on; all that the card tells is then measured anew",
    )
    parser.add_argument(
        "--borders",
        choices=("keep", "cut"),
        help="keep bars and padding around a film, or cut them off, from now on; measured anew too",
    )
    parser.set_defaults(command="covid_core.commands.calibrate:run")
