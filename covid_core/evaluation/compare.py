"""Several networks on the same films of one manifest: scores, figures, and if they are fair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from covid_core.datasets.split import MEASURED, Split, check_tested, fingerprint
from covid_core.engines.choice import Choice
from covid_core.errors import WeightsError
from covid_core.evaluation.baseline_features import read_features
from covid_core.evaluation.baselines import measure_baselines, score_baselines
from covid_core.evaluation.evaluate import measure_parts, name_probabilities
from covid_core.evaluation.parts import parts_of
from covid_core.model.card import WeightsCard
from covid_core.model.decision import Rules
from covid_core.model.network_files import load_weights
from covid_core.model.results import Baseline, Summary
from covid_core.model.tasks import Task, task_of
from covid_core.predict.predictor import Predictor
from covid_core.prepare.preprocess import Preprocess
from covid_core.present.overlay import blend, png
from covid_core.read.phantom import KINDS, draw_phantom
from covid_core.read.reading import read_radiograph
from covid_core.training.films import Films, load_films
from covid_core.training.inference import logits_by_split, probabilities_by_split

_PHANTOM_PX = 300
_OPACITY = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class ComparedPart:
    """One network's answers to some films, what they come to, and the baselines of these films.

    `labels`: int (N,). `probabilities`: float64 (N, outputs), calibrated where its card has rules.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    summary: Summary
    baselines: Mapping[str, Baseline]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """One network. `parts`: the test part first, then each source held out, by name.

    `same_split`: whether the network was trained on this very split; if not, its test films may
    have trained it. `maps`: its class activation maps of the phantoms, uint8 (H, W, 3), by kind.
    """

    card: WeightsCard
    task: Task
    parts: dict[str, ComparedPart]
    same_split: bool
    maps: dict[str, np.ndarray]


def find_weights(folders: Sequence[Path]) -> list[tuple[Path, str]]:
    """Folder and recipe of every network in the folders. Raises WeightsError if one has none."""
    found = []
    for folder in folders:
        recipes = sorted(path.stem for path in folder.glob("*.safetensors"))
        if not recipes:
            raise WeightsError(
                "there are no weights in it", "Make some with train.py", file=str(folder)
            )
        found += [(folder, recipe) for recipe in recipes]
    return found


def compare(
    networks: Sequence[tuple[Path, str]],
    table: pd.DataFrame,
    cache: Path,
    *,
    workers: int,
    device: torch.device,
) -> list[Compared]:
    """Each network (folder, recipe) on a manifest. Raises WeightsError, DatasetError."""
    check_tested(table)
    split = fingerprint(table)
    loaded: dict[Preprocess, Films] = {}  # networks that see films alike share them
    baselines: dict[str, dict[str, np.ndarray]] = {}  # shared by networks of one task
    compared = []
    for folder, recipe in tqdm(networks, "networks"):
        network, card = load_weights(folder, recipe)
        if card.preprocess not in loaded:
            loaded[card.preprocess] = load_films(table, card.preprocess, cache, workers=workers)
        task = task_of(card.classes)
        films = loaded[card.preprocess].label_by(task)
        predictor = Predictor.load(folder, recipe, choice=Choice.TORCH, gated=False, card=card)
        maps = {kind: phantom_map(predictor, kind) for kind in KINDS}
        network = network.to(device)
        if task.name not in baselines:
            features = read_features(films.names, cache, workers=workers)
            baselines[task.name] = score_baselines(films, features, task)
        logits = logits_by_split(network, films, card.preprocess, device=device, splits=MEASURED)
        parts = _parts(films, logits, card.rules, task, baselines[task.name])
        compared.append(Compared(card, task, parts, card.split == split, maps))
    return compared


def phantom_map(predictor: Predictor, kind: str) -> np.ndarray:
    """Where a network sees evidence for its last answer in a phantom: uint8 (H, W, 3)."""
    film = draw_phantom(kind, size_px=_PHANTOM_PX)
    prediction = predictor.predict(read_radiograph(png(film)))
    saliency = predictor.explain(prediction, predictor.card.classes[-1])
    return blend(film, saliency.stretched().heat(*film.shape), _OPACITY)


def _parts(
    films: Films,
    logits: Mapping[Split, np.ndarray],
    rules: Rules,
    task: Task,
    baselines: Mapping[str, np.ndarray],
) -> dict[str, ComparedPart]:
    answers = probabilities_by_split(logits, rules)
    results = measure_parts(films, answers, task, name_probabilities(rules))
    measured = measure_baselines(films, baselines, task, results, answers)
    here = {part.name: part for part in parts_of(films)}
    return {
        name: ComparedPart(
            films.labels[films.part(here[name].split)][here[name].chosen],
            answers[here[name].split][here[name].chosen],
            summary,
            measured[name],
        )
        for name, _, summary in results.independent_parts
    }
