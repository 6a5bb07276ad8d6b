"""All that is measured of a network once it is trained, for its card."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from covid_core.datasets.split import MEASURED, Split
from covid_core.errors import CovidCoreError
from covid_core.evaluation.evaluate import (
    evaluate,
    measure_full_heat,
    measure_parts,
    measure_storage_change,
)
from covid_core.evaluation.trust import fit_and_measure
from covid_core.extras import require
from covid_core.model.decision import SOFTMAX, Rules
from covid_core.model.network_files import as_stored
from covid_core.model.networks import Network
from covid_core.model.results import Results, Summary, Trust
from covid_core.predict.gate import Gate
from covid_core.predict.lungs import Lungs
from covid_core.training.inference import (
    logits_by_split,
    probabilities_by_split,
)
from covid_core.training.recipe import Phase
from covid_core.training.run import Run, label_films


@dataclass(frozen=True, slots=True)
class Measurements:
    """What a card says of a network's worth, by its fields."""

    rules: Rules
    trust: dict[str, Trust]
    results: Results
    full_heat: float


def measure_stage(network: Network, run: Run, phase: Phase) -> dict[str, Summary]:
    """What a network came to that the next phase goes on from: on its own task's films, by part.

    Softmax decides: rules are fitted for the last phase alone.
    """
    films, task, device = label_films(run.films, phase), phase.task_definition, run.device
    logits = logits_by_split(
        as_stored(network).to(device), films, run.preprocess, device=device, splits=MEASURED
    )
    answers = probabilities_by_split(logits, Rules.plain(len(task.outputs)))
    parts = measure_parts(films, answers, task, SOFTMAX).independent_parts
    return {part.name: part.summary for part in parts if part.summary.films}


def require_for_measuring() -> None:
    """Raise CovidCoreError where something is missing that only the end of a training needs.

    It is the package that fits prediction sets, and the networks of the gate and the lungs.
    """
    require("mapie", "prediction-sets")
    Gate.load()
    Lungs.load()


def measure(network: Network, run: Run, cache: Path, *, workers: int) -> Measurements:
    """The rules, trust, results and heat of a network's card, measured as it will be stored.

    `network`: as the run's training left it; `cache`: of decoded films.
    """
    phase, preprocess, device = run.recipe.phases[-1], run.preprocess, run.device
    films = label_films(run.films, phase)
    logits = logits_by_split(as_stored(network).to(device), films, preprocess, device=device)
    try:
        rules, trust = fit_and_measure(films, logits, phase.task_definition.outputs)
    except CovidCoreError as error:  # still worth its weights: the most probable class is called
        print(f"not calibrated: {error}", file=sys.stderr)
        rules, trust = Rules.plain(len(phase.task_definition.outputs)), {}
    results = evaluate(
        films, logits, task=phase.task_definition, rules=rules, cache=cache, workers=workers
    )
    change = measure_storage_change(network, films, preprocess, logits[Split.TEST], device=device)
    heat = measure_full_heat(network, films, preprocess, device=device)
    return Measurements(rules, trust, results.replace(storage_change=change), heat)
