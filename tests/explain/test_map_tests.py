"""The map's test of itself: each of its four parts can fail, and randomised weights do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from covid_core.engines.exported import ExportedNetwork
from covid_core.engines.torch import TorchEngine
from covid_core.explain.map_tests import DELETION, LUNGS, MIRROR, WEIGHTS, MapCheck, check_map
from covid_core.findings import Finding
from covid_core.model.head import Head
from covid_core.model.saliency import Saliency
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from tests import checked
from tests.checked import CHANNELS, CORNERS, IN_LUNGS, card, film, looking_at
from tests.models import head_of, random_network

COVID = Finding.COVID


def check(predictor: Predictor, seed: int = 0, finding: Finding = COVID) -> MapCheck:
    radiograph = film(seed=seed, marker=True)
    prediction = predictor.predict(radiograph)
    saliency = predictor.explain(prediction, finding)
    return check_map(predictor, prediction, saliency, checked.LUNGS)


def failed(found: MapCheck) -> set[str]:
    return {test.name for test in found.tests if not test.passed}


def test_a_map_of_what_was_learnt_in_the_lungs_passes() -> None:
    found = check(looking_at(IN_LUNGS))
    assert [test.name for test in found.tests] == [LUNGS, DELETION, WEIGHTS, MIRROR]
    assert found.passed and failed(found) == set()
    assert "passed its self-test" in found.sentence
    assert check(looking_at(IN_LUNGS)) == found, "the same film has the same answer"


def test_heat_outside_the_lungs_fails() -> None:
    found = check(looking_at(CORNERS))
    assert LUNGS in failed(found) and not found.passed
    assert "not shown" in found.sentence and "heat in the lungs" in found.sentence


def test_a_map_of_one_side_alone_fails_in_the_mirror() -> None:
    one_side = IN_LUNGS & (np.arange(7) < 3)
    assert failed(check(looking_at(one_side))) == {MIRROR}


class Otherwise(Predictor):
    """The same answers, with another map."""

    def explain(self, prediction: Prediction, finding: Finding) -> Saliency:
        honest = super().explain(prediction, finding)
        return replace(honest, cells=honest.cells.max() - honest.cells)


def test_a_map_of_other_places_fails_when_they_are_covered() -> None:
    honest = looking_at(IN_LUNGS)
    assert DELETION in failed(check(Otherwise(honest.engine, honest.head, honest.card)))


def test_weights_of_other_channels_fail() -> None:
    """A class map whose weights are dotted with channels they do not belong to."""
    drawing = np.random.default_rng(0)
    orders = [drawing.permutation(CHANNELS) for _ in range(40)]
    passed = [check(looking_at(IN_LUNGS, channels=order)).passed for order in orders]
    assert np.mean(passed) <= 0.05


def test_a_class_without_evidence_has_no_map() -> None:
    found = check(looking_at(IN_LUNGS), finding=Finding.NORMAL)
    assert LUNGS in failed(found)
    assert all(np.isfinite(test.value) for test in found.tests), "for JSON"


@pytest.mark.parametrize("seed", [0, 1])
def test_networks_of_random_weights_fail(seed: int) -> None:
    network = random_network(seed)
    engine = TorchEngine(ExportedNetwork(network, network.engine_outputs), 1)
    torch.manual_seed(seed)
    passed = []
    for draw in range(8):
        network.head.linear.reset_parameters()
        head: Head = head_of(network)
        predictor = Predictor(engine, head, card(size_px=128))
        radiograph = film(seed=draw)
        prediction = predictor.predict(radiograph)
        saliency = predictor.explain(prediction, prediction.label)
        found = check_map(predictor, prediction, saliency, checked.LUNGS)
        passed.append(found.passed)
    assert np.mean(passed) <= 0.05
