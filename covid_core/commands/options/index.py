"""Options of `index`."""

from __future__ import annotations

import argparse

from covid_core.commands.arguments import add_cache, add_manifest, add_recipe, add_weights
from covid_core.explain.known_index import FOLDER


def add(parser: argparse.ArgumentParser) -> None:
    """Put the options of `index` into its parser."""
    parser.description = (
        "Of each film that trained, chose or calibrated the weights, and of copies of"
        " these: a 256-bit hash, features, and what its dataset tells, in"
        f" {FOLDER}/ beside the weights. No picture is in it; names of files are."
    )
    add_manifest(parser, "that the weights were trained by")
    add_weights(parser)
    add_recipe(parser)
    add_cache(parser)
    parser.set_defaults(command="covid_core.commands.index:run")
