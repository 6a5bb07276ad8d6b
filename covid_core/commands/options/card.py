"""Options of `card`."""

from __future__ import annotations

import argparse
from pathlib import Path

from covid_core.commands.arguments import add_weights


def add(parser: argparse.ArgumentParser) -> None:
    add_weights(parser)
    parser.add_argument("--readme", type=Path, metavar="FILE", help="replace its blocks of results")
    parser.set_defaults(command="covid_core.commands.card:run")
