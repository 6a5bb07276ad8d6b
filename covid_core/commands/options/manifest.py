"""Options of `manifest`."""

from __future__ import annotations

import argparse
from pathlib import Path

from covid_core.commands.arguments import add_passed_over, add_seed, add_skip_unknown
from covid_core.datasets.columns import COLUMNS
from covid_core.read.radiograph import View


def add(parser: argparse.ArgumentParser) -> None:
    """Put the options of `manifest` into its parser."""
    columns = "\n".join(f"  {name:<16} {meaning}" for name, (_, meaning) in COLUMNS.items())
    parser.description = "Datasets to one table, a row a film."
    parser.epilog = (
        f"columns:\n{columns}\n\npython -m covid_core manifest check FILE proves its split."
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="datasets, or folders")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=".parquet or .csv")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write an HTML report there")
    parser.add_argument(
        "--holdout-source",
        action="append",
        default=[],
        metavar="NAME",
        help="keep a whole source out of training; can be given again",
    )
    parser.add_argument(
        "--views",
        nargs="+",
        type=View,
        choices=(View.PA, View.AP),
        default=[],
        help="only these, of the datasets that state views",
    )
    parser.add_argument(
        "--lung-opacity",
        action="store_true",
        help="take folders called Lung_Opacity, of every cause, as pneumonia",
    )
    parser.add_argument(
        "--skip-bad",
        action="store_true",
        help="leave damaged files out, and name them in FILE's .quarantine.csv; without it they are"
        " named and nothing is made",
    )
    add_skip_unknown(parser)
    add_passed_over(parser)
    add_seed(parser, "of the split")
    parser.add_argument(
        "--keep-split",
        type=Path,
        metavar="FILE",
        help="an earlier manifest whose films stay on their sides, so that weights trained on it"
        " can be trained further, or measured on new datasets",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path("runs/cache"),
        metavar="DIR",
        help="where it is kept what each film looked like, for the next time",
    )
    parser.set_defaults(command="covid_core.commands.manifest:run")
