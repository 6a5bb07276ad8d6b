"""Options of `manifest check`."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Put the options of `manifest check` into its parser."""
    parser.add_argument(
        "manifest", type=Path, metavar="FILE", help="that `manifest` made, .parquet or .csv"
    )
    parser.set_defaults(command="covid_core.commands.manifest:run_check")
