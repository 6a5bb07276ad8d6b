"""Arguments that several commands share, and the numbers that they take."""

from __future__ import annotations

import argparse
from pathlib import Path

from covid_core.engines.choice import Choice
from covid_core.model.card import SHIPPED, WEIGHTS
from covid_core.model.decision import BALANCED, POINTS


def as_share(text: str) -> float:
    """0 to 1. Raises ArgumentTypeError."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError("a share lies from 0 to 1")
    return number


def as_count(text: str) -> int:
    """1 or more. Raises ArgumentTypeError."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("one at least")
    return number


def add_manifest(parser: argparse.ArgumentParser, meaning: str) -> None:
    """MANIFEST, a table of films, as the command's first argument."""
    parser.add_argument("manifest", type=Path, metavar="MANIFEST", help=meaning)


def add_weights(parser: argparse.ArgumentParser) -> None:
    """--weights, the folder of one network."""
    parser.add_argument(
        "--weights",
        type=Path,
        default=WEIGHTS,
        metavar="DIR",
        help="folder that train.py wrote weights to (default: those of this project)",
    )


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """--recipe, which network of that folder."""
    parser.add_argument(
        "--recipe",
        default=SHIPPED,
        metavar="NAME",
        help="whose weights of that folder to use (default: %(default)s)",
    )


def add_cache(parser: argparse.ArgumentParser) -> None:
    """--cache, a folder of decoded films."""
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path("runs/cache"),
        metavar="DIR",
        help="of decoded films (default: %(default)s)",
    )


def add_seed(parser: argparse.ArgumentParser, meaning: str) -> None:
    """--seed, a number that fixes what is drawn at random."""
    parser.add_argument("--seed", type=int, default=0, help=f"{meaning} (default: %(default)s)")


def add_engine(parser: argparse.ArgumentParser) -> None:
    """--engine, what runs the network."""
    parser.add_argument(
        "--engine",
        choices=[choice.value for choice in Choice],
        default=Choice.AUTO.value,
        help="what runs the network (default: %(default)s, the quickest here)",
    )


def add_decision(parser: argparse.ArgumentParser) -> None:
    """--operating-point and --prevalence, by which a probability becomes a decision."""
    parser.add_argument(
        "--operating-point",
        choices=POINTS,
        default=BALANCED,
        dest="point",
        help="where COVID-19 is called: rule-out misses few, rule-in calls few wrongly (default:"
        " %(default)s)",
    )
    parser.add_argument(
        "--prevalence",
        type=as_share,
        metavar="SHARE",
        help="of COVID-19 among your films, such as 0.1: gives each call's predictive value",
    )
