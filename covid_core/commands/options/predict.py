"""Options of `predict`."""

from __future__ import annotations

import argparse
from pathlib import Path

from covid_core.commands.arguments import (
    add_decision,
    add_engine,
    add_passed_over,
    add_recipe,
    add_weights,
    as_count,
)
from covid_core.engines.engine import cores
from covid_core.present.sentences import DISCLAIMER


def add(parser: argparse.ArgumentParser) -> None:
    """Put the options of `predict` into its parser."""
    parser.description = f"Score radiographs: one row a file. {DISCLAIMER}"
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files, folders, ZIPs")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the rows there")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="keep the rows that the CSV file has, errors too, and score only the films that have"
        " none; give the other options as before",
    )
    parser.add_argument("--json", action="store_true", help="print the rows as JSON, one a line")
    parser.add_argument(
        "--saliency",
        type=Path,
        metavar="DIR",
        help="write Grad-CAM overlays there, without heat where the map fails a test of itself; no"
        " film is read from it",
    )
    parser.add_argument(
        "--bundle",
        type=Path,
        metavar="DIR",
        help="write a case bundle of each film there: report, JSON, pictures, the film without its"
        " tags, and all checks; `replay` makes it again",
    )
    add_passed_over(parser)
    add_decision(parser)
    add_weights(parser)
    add_recipe(parser)
    parser.add_argument(
        "--workers",
        type=as_count,
        default=cores() + 1,
        metavar="N",
        help="films read and judged at a time (default: one for each core, and one that is read"
        " meanwhile: %(default)s here)",
    )
    add_engine(parser)
    parser.set_defaults(command="covid_core.commands.predict:run")
