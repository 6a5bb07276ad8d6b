"""Options that several commands share, as types of their fields."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from typer import Argument, BadParameter, Option

from covid_core.engines.choice import Choice
from covid_core.model.card import WEIGHTS
from covid_core.storage.walk import Tally

CACHE = Path("runs/cache")


def as_share(text: str | float) -> float:
    """0 to 1. Raises BadParameter."""
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 1:  # nor NaN
        raise BadParameter("a share lies from 0 to 1")
    return number


Manifest = Annotated[Path, Argument(metavar="MANIFEST", help="that the weights were trained on")]
Measured = Annotated[
    Path,
    Argument(
        metavar="MANIFEST",
        help="with the radiographs to measure on: a test part, or sources held out",
    ),
]
Weights = Annotated[
    Path,
    Option(
        "--weights",
        metavar="DIR",
        show_default="those of this project",
        help="folder that train.py wrote weights to",
    ),
]
WeightsFolders = Annotated[
    list[Path],
    Option(
        "--weights",
        default_factory=lambda: [WEIGHTS],
        metavar="DIR...",
        show_default="those of this project",
        help="folders that train.py wrote weights to",
    ),
]
Recipe = Annotated[
    str, Option("--recipe", metavar="NAME", help="whose weights of that folder to use")
]
Cache = Annotated[Path, Option("--cache", metavar="DIR", help="of decoded radiographs")]
SkipUnknown = Annotated[
    bool,
    Option(
        "--skip-unknown",
        help="leave out radiographs of folders and labels that name no known class, and count them;"
        " without it they are named and nothing is made",
    ),
]
ListPassedOver = Annotated[
    bool,
    Option(
        "--list-passed-over",
        help="name each file that is passed over, and why; without it they are only counted",
    ),
]
Engine = Annotated[
    Choice, Option("--engine", help="what runs the network; auto: the quickest here")
]
Point = Annotated[
    Literal["rule-out", "balanced", "rule-in"],
    Option(
        "--operating-point",
        help="rule-out misses the fewest with COVID-19 and leaves more undecided; rule-in says"
        " “likely” less often",
    ),
]
Prevalence = Annotated[
    float | None,
    Option(
        "--prevalence",
        parser=as_share,
        metavar="SHARE",
        help="of COVID-19 among your radiographs, such as 0.1: gives each call's predictive value",
    ),
]


Checks = Annotated[
    bool,
    Option(
        "--checks",
        help="check each answer as the page does, by the lungs and by its map, and withhold it"
        " where it must not be used; takes many times as long",
    ),
]


def open_tally(list_passed_over: bool) -> Tally:
    """A count of what is passed over, which names each file as --list-passed-over asks."""
    return Tally(partial(print, file=sys.stderr) if list_passed_over else None)


def print_tally(tally: Tally) -> None:
    """Say how many files were passed over, for each reason."""
    for sentence in tally.sentences:
        print(sentence, file=sys.stderr)
