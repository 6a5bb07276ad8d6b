"""`index MANIFEST`: which films made these weights, in a file beside them."""

from __future__ import annotations

import argparse
import os

from covid_core.commands.status import DONE
from covid_core.datasets.manifest import read_manifest
from covid_core.explain.known_index import FOLDER
from covid_core.model.card import read_card
from covid_core.training.index import index_films


def run(options: argparse.Namespace) -> int:
    """List the films that made the weights; the exit status."""
    card = read_card(options.weights, options.recipe)
    made = index_films(
        options.weights,
        card,
        read_manifest(options.manifest),
        options.cache,
        workers=os.cpu_count() or 1,
    )
    for split, films in made.films.items():
        print(f"{films:7} {split}")
    print(options.weights / FOLDER / f"{options.recipe}.safetensors")
    return DONE
