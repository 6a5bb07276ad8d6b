"""Options of `baselines`."""

from __future__ import annotations

import argparse

from covid_core.commands.arguments import add_cache, add_manifest, add_weights_folders


def add(parser: argparse.ArgumentParser) -> None:
    """Put the options of `baselines` into its parser."""
    parser.description = (
        "For each card in the folders: how far simple models get on the same films from"
        " the file's header, from the film's outer frame without its lungs, and from a thumbnail."
        " train.py does the same at its end. Only the cards change; where the tensors are there,"
        " their figures are measured anew by the card's calibration, else they stay as they are."
    )
    add_manifest(parser, "that the weights were trained on")
    add_weights_folders(parser, "folders with cards (default: that of this project's weights)")
    add_cache(parser)
    parser.set_defaults(command="covid_core.commands.baselines:run")
