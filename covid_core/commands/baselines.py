"""`baselines`: measure, for cards that exist, what is reached without looking at the lungs."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from covid_core.commands.arguments import CACHE, Cache, Manifest, WeightsFolders
from covid_core.commands.status import DONE, SOME_FAILED
from covid_core.engines.engine import cores
from covid_core.model.card import WeightsCard, read_cards, save_card
from covid_core.model.results import Baseline
from covid_core.model.tasks import task_of
from covid_core.prepare.preprocess import Preprocess
from covid_core.training.variant_names import Variant

if TYPE_CHECKING:
    import pandas as pd

    from covid_core.datasets.split import Split
    from covid_core.training.films import Films


_Scores = dict[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Options:
    """Measure what is reached without looking at the lungs.

    For each card in the folders: how far simple models get on the same radiographs from the file's
    header, from the outer frame without the lungs, and from a thumbnail. train.py does the
    same at its end. Only the cards change; where the tensors are there, their figures are measured
    anew by the card's calibration, else they stay as they are.
    """

    manifest: Manifest
    weights: WeightsFolders
    cache: Cache = CACHE


def run(options: Options) -> int:
    """Measure what is reached without looking at the lungs; the exit status."""
    from covid_core.datasets.manifest import read_manifest
    from covid_core.datasets.split import fingerprint
    from covid_core.evaluation.baseline_features import read_features
    from covid_core.evaluation.baselines import measure_baselines, score_baselines
    from covid_core.evaluation.evaluate import measure_parts, name_probabilities

    manifest = read_manifest(options.manifest)
    known: dict[tuple[str, str], _Scores] = {}  # networks of one task on the same films share them
    status = DONE
    for folder in options.weights:
        for recipe, card in read_cards(folder).items():
            table = _split_of(card, manifest)
            if fingerprint(table) != card.split:
                print(
                    f"{folder / recipe}: trained on another split, left as it is", file=sys.stderr
                )
                status = SOME_FAILED
                continue
            films = _films(card, folder, table, options.cache)
            task = task_of(card.classes)
            key = (card.split, task.name)
            if key not in known:
                seen = read_features(films.names, options.cache, workers=cores())
                known[key] = score_baselines(films, seen, task)
            answers = _answers(card, folder, films)
            results = card.results
            if answers is not None:  # so that the figures and their lead are of the same answers
                measured = measure_parts(films, answers, task, name_probabilities(card.rules))
                results = results.replace(**measured.given())
            found = measure_baselines(films, known[key], task, results, answers)
            save_card(card.replace(results=results.replace(baselines=found)), folder)
            print(f"{folder / recipe}\n{_best_in_words(found)}", flush=True)
    return status


def _split_of(card: WeightsCard, manifest: pd.DataFrame) -> pd.DataFrame:
    """The manifest with the split that the card's variant of its recipe has."""
    from covid_core.training.variants import recipe_in, split_in

    variant = Variant(card.variant)
    if variant is Variant.OURS:  # whose recipe may be a file that is not here
        return manifest
    recipe = recipe_in(variant, card.recipe)
    return split_in(variant, manifest, recipe, seed=int(card.training["seed"]))


def _films(card: WeightsCard, folder: Path, table: pd.DataFrame, cache: Path) -> Films:
    """Labelled as for the card's network; small where there is no network to show them to."""
    from covid_core.evaluation.baseline_features import SIDE_PX
    from covid_core.training.films import load_films
    from covid_core.training.run import label_films
    from covid_core.training.variants import recipe_in

    there = _tensors(card, folder).exists()
    preprocess = card.preprocess if there else Preprocess(size_px=SIDE_PX)
    films = load_films(table, preprocess, cache, workers=cores())
    variant = Variant(card.variant)
    if variant is Variant.OURS:
        return films.label_by(task_of(card.classes))
    return label_films(films, recipe_in(variant, card.recipe).phases[-1])


def _answers(card: WeightsCard, folder: Path, films: Films) -> dict[Split, np.ndarray] | None:
    """The network's probabilities, by its card's rules, of the radiographs that did not train it.

    None where the network is not here.
    """
    from covid_core.datasets.split import MEASURED
    from covid_core.engines.memory import pick_device
    from covid_core.model.network_files import load_weights
    from covid_core.training.inference import (
        logits_by_split,
        probabilities_by_split,
    )

    if not _tensors(card, folder).exists():
        return None
    device = pick_device()
    network, _ = load_weights(folder, card.recipe)
    logits = logits_by_split(
        network.to(device), films, card.preprocess, device=device, splits=MEASURED
    )
    return probabilities_by_split(logits, card.rules)


def _tensors(card: WeightsCard, folder: Path) -> Path:
    return folder / f"{card.recipe}.safetensors"


def _best_in_words(baselines: dict[str, dict[str, Baseline]]) -> str:
    from covid_core.evaluation.baselines import FIGURES, baselines_in_words, best_baseline

    lines = []
    for name, part in baselines.items():
        best = [
            f"best baseline by {title} {one[2].value:.3f} ({one[0]})"
            for figure, title in FIGURES.items()
            if (one := best_baseline(part, figure))
        ]
        lines.append(f"  {name}: {'; '.join(best)}. {baselines_in_words(part)}".rstrip())
    return "\n".join(lines)
