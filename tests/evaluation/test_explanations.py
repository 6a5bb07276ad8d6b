"""Where heat lies, measured on a network whose evidence is in one known cell."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from covid_core.evaluation.explanations import Panel, measure_explanations
from covid_core.evaluation.saliency_methods import METHODS
from covid_core.evaluation.sample import Sample
from covid_core.findings import Finding
from covid_core.model.audit import Explanations
from covid_core.model.card import WeightsCard
from covid_core.model.networks import Network
from covid_core.prepare.preprocess import Preprocess
from tests.models import OneCell, save_network

COUNT, SIDE = 6, 112
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> WeightsCard:
    return save_network(
        Network("cnn4"),
        tmp_path_factory.mktemp("weights"),
        preprocess=Preprocess(size_px=SIDE),
        full_heat=1.0,
    )


@pytest.fixture(scope="module")
def sample() -> Sample:
    """A bright spot in cell (2, 5) of every film, and lungs that hold that cell and another."""
    drawing = np.random.default_rng(0)
    films = drawing.integers(40, 60, (COUNT, 2 * SIDE, 2 * SIDE)).astype(np.uint8)
    films[:, 72:88, 168:184] = 255
    masks = np.zeros((COUNT, 128, 128), bool)
    masks[:, 18:73, 72:128] = True  # three by three cells around it
    sources = np.full(COUNT, "clinic")
    return Sample(tuple(films), masks, np.full(COUNT, 2), np.arange(COUNT), sources)


def explained(
    sample: Sample, card: WeightsCard, **options: Any
) -> tuple[Explanations, list[Panel]]:
    return measure_explanations(sample, OneCell(2, 5), card, device=CPU, **options)  # type: ignore[arg-type]


def test_heat_in_the_lungs_is_seen(sample: Sample, card: WeightsCard) -> None:
    figures, _ = explained(sample, card)
    assert figures.films == COUNT
    assert figures.lung_area.value == pytest.approx(55 * 56 / 128**2)
    assert list(figures.methods) == list(METHODS)
    for method in figures.methods.values():
        assert method.in_lungs.value > 0.95
        share = method.in_lungs.value - figures.lung_area.value
        assert method.excess.value == pytest.approx(share)
    assert Explanations.model_validate_json(json.dumps(figures.as_json())) == figures


def test_heat_beside_the_lungs_is_seen(sample: Sample, card: WeightsCard) -> None:
    figures, _ = explained(replace(sample, masks=sample.masks[:, :, ::-1]), card)
    for method in figures.methods.values():
        assert method.in_lungs.value < 0.05
        assert method.excess.high < 0


def test_a_map_that_knows_beats_chance(sample: Sample, card: WeightsCard) -> None:
    figures, _ = explained(sample, card)
    assert figures.better["deletion"].low > 0
    assert figures.better["insertion"].low > 0
    own, chance = figures.methods["Grad-CAM"], figures.chance
    for name, sign in (("deletion", 1), ("insertion", -1)):
        gain = sign * (getattr(chance, name).area.value - getattr(own, name).area.value)
        assert figures.better[name].value == pytest.approx(gain)
        assert len(getattr(own, name).curve) == len(figures.shares) == 17


def test_few_films_are_explained_and_some_are_shown(sample: Sample, card: WeightsCard) -> None:
    figures, panels = explained(sample, card, count=4, examples=3)
    assert figures.films == 4 and len(panels) == 3
    for panel in panels:
        assert panel.called is Finding.COVID and panel.label == 2
        for heat in panel.maps.values():
            assert heat.shape == panel.film.shape
            row, column = np.unravel_index(heat.argmax(), heat.shape)
            assert 64 <= row < 96 and 160 <= column < 192
            assert heat.min() >= 0 and heat.max() == pytest.approx(1, abs=0.02)
