"""`engines MANIFEST`: whether a quicker precision may run these weights, by every radiograph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from typer import Option

from covid_core.commands.arguments import CACHE, Cache, Measured, Recipe, Weights
from covid_core.commands.status import DONE, SOME_FAILED
from covid_core.engines.choice import Choice
from covid_core.engines.engine import Precision, cores
from covid_core.engines.proof import LARGEST_DIFFERENCE, save_proof
from covid_core.errors import DatasetError
from covid_core.evaluation.precision import prove
from covid_core.model.card import SHIPPED, WEIGHTS, read_card
from covid_core.model.tasks import task_of

EPILOG = f"A probability may differ by {LARGEST_DIFFERENCE:g}, and no decision."


@dataclass(frozen=True, kw_only=True)
class Options:
    """Measure whether bfloat16 decides as float32 does.

    Every radiograph of the test part and of sources held out, by PyTorch in float32 and by another
    engine in bfloat16, those too close to call a second time in float32. Where no decision differs,
    and no probability by more than it may, that engine, at that version, runs these weights in
    bfloat16 from then on, on machines that have it.
    """

    manifest: Measured
    weights: Weights = WEIGHTS
    recipe: Recipe = SHIPPED
    cache: Cache = CACHE
    engine: Annotated[
        Literal[Choice.OPENVINO, Choice.CUDA],
        Option("--engine", help="that is to run in bfloat16"),
    ] = Choice.OPENVINO


def run(options: Options) -> int:
    """Measure whether bfloat16 decides as float32 does; the exit status."""
    from covid_core.datasets.manifest import read_manifest
    from covid_core.datasets.split import MEASURED
    from covid_core.training.films import load_films

    card = read_card(options.weights, options.recipe)
    table = read_manifest(options.manifest)
    tested = table[table["split"].isin([part.value for part in MEASURED])]
    films = load_films(tested, card.preprocess, options.cache, workers=cores())
    films = films.label_by(task_of(card.classes))
    counts = {part.value: len(films.part(part)) for part in MEASURED}
    indices = np.concatenate([films.part(part) for part in MEASURED])
    if not len(indices):
        raise DatasetError(
            "it has no radiograph of a test part or of a source held out",
            "Make one that has",
            file=str(options.manifest),
        )
    proof = prove(
        options.weights,
        options.recipe,
        films.pictures[indices],
        counts,
        Precision.BFLOAT16,
        options.engine,
    )
    save_proof(options.weights, options.recipe, proof)
    parts = ", ".join(f"{count} radiographs of the {part} part" for part, count in counts.items())
    print(f"{proof.engine} on {proof.machine}: {parts}")
    print(f"largest difference of a probability {proof.difference:.4f}")
    print(f"decided otherwise {proof.other_decisions}, looked at again {proof.again:.1%}")
    print("used from now on" if proof.holds else "not used: float32 stays")
    return DONE if proof.holds else SOME_FAILED
