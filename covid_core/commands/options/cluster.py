"""Options of `cluster`."""

from __future__ import annotations

import argparse

from covid_core.commands.arguments import (
    add_decision,
    add_passed_over,
    add_recipe,
    add_weights,
    as_count,
)
from covid_core.present.sentences import DISCLAIMER


def add(parser: argparse.ArgumentParser) -> None:
    """Put the options of `cluster` into its parser."""
    parser.description = (
        "Score the films below a URL on a Ray cluster: Parquet, one row a file. Run it"
        f" again to go on where it was stopped. {DISCLAIMER}"
    )
    parser.add_argument("url", metavar="URL", help="of a folder: a path, s3://…, gs://…, sftp://…")
    parser.add_argument("--out", required=True, metavar="URL", help="folder to add rows to")
    parser.add_argument(
        "--address",
        metavar="WHERE",
        help="of a running cluster, auto or ray://HOST:PORT; without it this machine alone",
    )
    parser.add_argument(
        "--workers",
        type=as_count,
        metavar="N",
        help="of one core each; else as many as there are cores",
    )
    add_passed_over(parser)
    add_decision(parser)
    add_weights(parser)
    add_recipe(parser)
    parser.set_defaults(command="covid_core.commands.cluster:run")
