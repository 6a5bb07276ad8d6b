"""Options of `card`."""

from __future__ import annotations

import argparse
from pathlib import Path

from covid_core.commands.arguments import add_weights


def add(parser: argparse.ArgumentParser) -> None:
    """Put the options of `card` into its parser."""
    add_weights(parser)
    parser.add_argument(
        "--documents",
        "--readme",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="replace the blocks of results in these Markdown files",
    )
    parser.set_defaults(command="covid_core.commands.card:run")
