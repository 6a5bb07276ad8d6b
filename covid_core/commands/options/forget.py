"""Options of `forget`."""

from __future__ import annotations

import argparse

from covid_core.commands.arguments import add_cache


def add(parser: argparse.ArgumentParser) -> None:
    """Put into a parser the options of `forget`."""
    parser.description = (
        "Delete what this program remembers of radiographs between runs: thumbnails, decoded"
        " pictures, outlines of lungs and answers. Files of other names, and all that you asked for"
        " by a name of your own, stay. Exit status: 0 all is deleted, 1 some could not be."
    )
    add_cache(parser)
    parser.set_defaults(command="covid_core.commands.forget:run")
