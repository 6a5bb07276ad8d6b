"""Options of `audit`."""

from __future__ import annotations

import argparse
from pathlib import Path

from covid_core.commands.arguments import add_cache, add_recipe, add_seed, add_weights
from covid_core.evaluation.amount import Amount
from covid_core.evaluation.targets import ENOUGH


def add(parser: argparse.ArgumentParser) -> None:
    """Put the options of `audit` into its parser."""
    parser.description = (
        "Groups of patients, shortcut probes, heat maps, spoilt films: one HTML report,"
        " and the figures beside the weights, for the model card."
    )
    add_weights(parser)
    add_recipe(parser)
    parser.add_argument(
        "--manifest", type=Path, required=True, metavar="FILE", help="that the weights trained on"
    )
    parser.add_argument(
        "--report",
        type=Path,
        default=Path("audit.html"),
        metavar="FILE",
        help="write the HTML report there (default: %(default)s)",
    )
    parser.add_argument(
        "--left-out",
        type=Path,
        metavar="DIR",
        help="cards of networks that were trained without a source (default: left-out beside the"
        " weights)",
    )
    parser.add_argument(
        "--zone-scores",
        type=Path,
        metavar="CSV",
        help="radiologists' scores of six lung zones, to hold the maps against: the Brixia score's"
        " public-annotations.csv",
    )
    parser.add_argument(
        "--boxes",
        type=Path,
        metavar="FILE",
        help="a manifest of films with radiologists' boxes, to hold the maps against, that keeps"
        " the split of --manifest (default: --manifest itself, where it has boxes)",
    )
    amount = Amount()
    parser.add_argument(
        "--probes",
        type=int,
        default=amount.probes,
        metavar="FILMS",
        help="how many films of each part the shortcut probes change; of fewer than"
        f" {ENOUGH} the report says that they are few (default: %(default)s)",
    )
    parser.add_argument(
        "--maps",
        type=int,
        default=amount.maps,
        metavar="FILMS",
        help="how many films of each part the tests of heat maps take (default: %(default)s)",
    )
    parser.add_argument(
        "--corruptions",
        type=int,
        default=amount.corruptions,
        metavar="FILMS",
        help="how many films of each part are spoilt, to see whether the answer holds (default:"
        " %(default)s)",
    )
    add_seed(parser, "of the choice of films, and of the spoiling")
    add_cache(parser)
    parser.set_defaults(command="covid_core.commands.audit:run")
