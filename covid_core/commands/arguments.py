"""Arguments that several commands share, and the numbers that they take."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from covid_core.engines.choice import Choice
from covid_core.model.card import SHIPPED, WEIGHTS
from covid_core.model.decision import BALANCED, POINTS
from covid_core.storage.walk import Tally


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


def add_weights_folders(parser: argparse.ArgumentParser, help: str) -> None:
    """Put --weights in, which takes several folders and is a list of them."""
    parser.add_argument(
        "--weights", nargs="+", type=Path, default=[WEIGHTS], metavar="DIR", help=help
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


def add_skip_unknown(parser: argparse.ArgumentParser) -> None:
    """--skip-unknown, to leave out what names no known class."""
    parser.add_argument(
        "--skip-unknown",
        action="store_true",
        help="leave out films of folders and labels that name no known class, and count them;"
        " without it they are named and nothing is made",
    )


def add_passed_over(parser: argparse.ArgumentParser) -> None:
    """--list-passed-over, to name the files that are no films."""
    parser.add_argument(
        "--list-passed-over",
        action="store_true",
        help="name each file that is passed over, and why; without it they are only counted",
    )


def open_tally(options: argparse.Namespace) -> Tally:
    """A count of what is passed over, which names each file as --list-passed-over asks."""
    return Tally(partial(print, file=sys.stderr) if options.list_passed_over else None)


def print_tally(tally: Tally) -> None:
    """Say how many files were passed over, for each reason."""
    for sentence in tally.sentences:
        print(sentence, file=sys.stderr)


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
