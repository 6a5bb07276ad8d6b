"""Options of `replay`."""

from __future__ import annotations

import argparse
from pathlib import Path

from covid_core.commands.arguments import add_engine, add_weights
from covid_core.exports.bundle import NOTE


def add(parser: argparse.ArgumentParser) -> None:
    """Put the options of `replay` into its parser."""
    parser.description = (
        "Read a case bundle's film again, from its levels to the report, and compare"
        " the new bundle with the given one byte for byte. Exit status: 0 the same, 1 another, 2 no"
        f" bundle, or one that was changed. {NOTE}"
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="as predict --bundle makes it")
    add_weights(parser)
    add_engine(parser)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the new bundle there")
    parser.set_defaults(command="covid_core.commands.replay:run")
