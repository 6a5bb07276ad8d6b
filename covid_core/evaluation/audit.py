"""One network under audit: every figure that a sceptical reader would ask for, in one go.

The figures are kept beside the weights, and report and model card are written from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from covid_core.datasets.split import MEASURED, Split, fingerprint
from covid_core.errors import DatasetError, WeightsError
from covid_core.evaluation.amount import Amount
from covid_core.evaluation.answers import load_or_compute_logits
from covid_core.evaluation.explanations import Panel, measure_explanations
from covid_core.evaluation.probes import measure_shortcuts
from covid_core.evaluation.robustness import Abstains, measure_robustness
from covid_core.evaluation.sample import draw_sample, picture_reader, reader
from covid_core.evaluation.strata import (
    find_failures,
    measure_age_controlled,
    measure_strata,
    scored_part,
)
from covid_core.findings import CLASSES
from covid_core.model.audit import AuditedPart, AuditFigures
from covid_core.model.card import WeightsCard, find_part
from covid_core.model.decision import BALANCED, Rules, tiers_at
from covid_core.model.networks import Network
from covid_core.model.tiers import DECIDED
from covid_core.predict.gate import NAME as GATE_NAME
from covid_core.predict.gate import Gate
from covid_core.predict.lungs import NAME as LUNGS_NAME
from covid_core.predict.lungs import Lungs
from covid_core.training.films import load_films


@dataclass(frozen=True, slots=True, eq=False)
class Audit:
    """What was measured, and examples of maps to look at."""

    figures: AuditFigures
    panels: Sequence[Panel]


def audit(
    network: Network,
    card: WeightsCard,
    table: pd.DataFrame,
    cache: Path,
    *,
    weights: Path,
    amount: Amount,
    seed: int,
    workers: int,
    device: torch.device,
) -> Audit:
    """Every figure of a three-class network on the manifest that it was trained on.

    `weights`: the folder that the network came from. Raises DatasetError for another manifest,
    WeightsError for a network that answers anything else.
    """
    check_audited(card, table)
    gate = Gate.load(find_part(weights, GATE_NAME))
    lungs = Lungs.load(find_part(weights, LUNGS_NAME))
    films = load_films(table, card.preprocess, cache, workers=workers)
    parts = [split for split in MEASURED if len(films.part(split))]
    answered = load_or_compute_logits(network, card, films, cache, device=device)
    by_part = {}
    for split in parts:
        scored = scored_part(table, split, answered[split])
        by_part[split.value] = AuditedPart(
            strata=measure_strata(scored, card.rules),
            age=measure_age_controlled(scored, card.rules),
            failures=find_failures(scored, card.rules),
        )
    read, read_pictures = (make(network, card, device) for make in (reader, picture_reader))
    samples = {
        split.value: draw_sample(
            table, split, lungs, count=amount.probes, seed=seed, workers=workers
        )
        for split in parts
    }
    test = samples[Split.TEST.value]
    maps, panels = measure_explanations(
        test, network, card, device=device, count=amount.maps, seed=seed
    )
    return Audit(
        AuditFigures(
            sha256=card.sha256,
            amount=asdict(amount),
            parts=by_part,
            probes={
                name: measure_shortcuts(sample, read_pictures, card.preprocess)
                for name, sample in samples.items()
            },
            explanations=maps,
            robustness=measure_robustness(
                test.some(amount.corruptions), read, abstention(gate, card.rules), seed=seed
            ),
            gate=gate.card.measured,
            lungs=lungs.card.dice,
        ),
        panels,
    )


def abstention(gate: Gate, rules: Rules) -> Abstains:
    """A function from films and their probabilities to which get no answer, bool (N,).

    The gate refuses the film, or at the balanced point its tier is undecided.
    """
    point = rules.point(BALANCED)

    def held_back(films: Sequence[np.ndarray], probabilities: np.ndarray) -> np.ndarray:
        tiers = tiers_at(point, rules, probabilities, CLASSES)
        undecided = np.array([tier not in DECIDED for tier in tiers])
        return np.array(undecided | gate.refuses([film.astype(np.float32) / 255 for film in films]))

    return held_back


def check_audited(card: WeightsCard, table: pd.DataFrame) -> None:
    """Raise DatasetError or WeightsError unless these weights can be audited with this manifest.

    DatasetError for another manifest than the weights', WeightsError for a network that answers
    anything but the three classes.
    """
    if card.classes != CLASSES:
        raise WeightsError(
            "the audit asks for three classes, and these weights answer others",
            "Give weights of a recipe for normal, other pneumonia and COVID-19",
        )
    if card.split != fingerprint(table):
        raise DatasetError(
            "the weights were trained on another split: its test radiographs may have trained them",
            "Give the manifest that they were trained on",
        )
