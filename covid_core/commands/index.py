"""`index MANIFEST`: which films made these weights, in a file beside them."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from covid_core.commands.status import DONE
from covid_core.datasets.manifest import read_manifest
from covid_core.explain.known_index import FOLDER
from covid_core.model.card import SHIPPED, WEIGHTS, read_card
from covid_core.training.index import index_films


def add(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "index",
        help="list the films that made the weights, to tell which film was seen before",
        description="Of each film that trained, chose or calibrated the weights, and of copies of"
        " these: a 256-bit hash, features, and what its dataset tells, in"
        f" {FOLDER}/ beside the weights. No picture is in it; names of files are.",
    )
    parser.add_argument(
        "manifest", type=Path, metavar="MANIFEST", help="that the weights were trained by"
    )
    parser.add_argument("--weights", type=Path, default=WEIGHTS, metavar="DIR")
    parser.add_argument("--recipe", default=SHIPPED, metavar="NAME")
    parser.add_argument(
        "--cache", type=Path, default=Path("runs/cache"), metavar="DIR", help="of decoded films"
    )
    parser.set_defaults(command=_index)


def _index(options: argparse.Namespace) -> int:
    card = read_card(options.weights, options.recipe)
    made = index_films(
        options.weights, card, read_manifest(options.manifest), options.cache,
        workers=os.cpu_count() or 1,
    )  # fmt: skip
    for split, films in made.films.items():
        print(f"{films:7} {split}")
    print(options.weights / FOLDER / f"{options.recipe}.safetensors")
    return DONE
