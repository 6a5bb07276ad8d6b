"""`index MANIFEST`: which radiographs made these weights, in a file beside them."""

from __future__ import annotations

from dataclasses import dataclass

from covid_core.commands.arguments import CACHE, Cache, Manifest, Recipe, Weights
from covid_core.commands.status import DONE
from covid_core.engines.engine import cores
from covid_core.explain.known_index import FOLDER
from covid_core.model.card import SHIPPED, WEIGHTS, read_card


@dataclass(frozen=True, kw_only=True)
class Options:
    """List the radiographs that made the weights, to tell which radiograph was seen before.

    Of each radiograph that trained, chose or calibrated the weights, and of copies of these: a
    256-bit hash, features, and what its dataset states, in known/ beside the weights. No picture is
    in it; names of files are.
    """

    manifest: Manifest
    weights: Weights = WEIGHTS
    recipe: Recipe = SHIPPED
    cache: Cache = CACHE


def run(options: Options) -> int:
    """List the radiographs that made the weights; the exit status."""
    from covid_core.datasets.manifest import read_manifest
    from covid_core.training.index import index_films

    card = read_card(options.weights, options.recipe)
    made = index_films(
        options.weights,
        card,
        read_manifest(options.manifest),
        options.cache,
        workers=cores(),
    )
    for split, films in made.films.items():
        print(f"{films:7} {split}")
    print(options.weights / FOLDER / f"{options.recipe}.safetensors")
    return DONE
