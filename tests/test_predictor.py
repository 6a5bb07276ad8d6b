"""The one door: same answer for the same film, whoever asks and whenever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import covid_core
from covid_core.decision import OperatingPoint
from covid_core.errors import WeightsError
from covid_core.findings import CLASSES, Finding
from covid_core.overlay import png
from covid_core.phantom import draw_phantom
from covid_core.predictor import Prediction, Predictor
from covid_core.reading import read_radiograph
from tests.models import save_random_weights


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    return Predictor.load(save_random_weights(tmp_path_factory.mktemp("weights")))


def film(seed: int) -> covid_core.Radiograph:
    return read_radiograph(png(draw_phantom(size_px=256, seed=seed)))


def answers(
    predictor: Predictor, radiograph: covid_core.Radiograph
) -> tuple[np.ndarray, np.ndarray]:
    prediction = predictor.predict(radiograph)
    return prediction.probabilities, predictor.explain(prediction, Finding.COVID).cells


def test_prediction_is_complete(predictor: Predictor) -> None:
    radiograph = film(0)
    prediction = predictor.predict(radiograph)
    assert isinstance(prediction, Prediction)
    assert prediction.probabilities.shape == (len(CLASSES),)
    assert prediction.probabilities.sum() == pytest.approx(1)
    assert prediction.feature_map.shape == (1024, 7, 7)
    assert prediction.radiograph_sha256 == radiograph.sha256
    assert prediction.weights_sha256 == predictor.card.sha256
    assert prediction.probability(prediction.label) == prediction.probabilities.max()


def test_same_film_same_bits(predictor: Predictor) -> None:
    first, again = (predictor.predict(film(3)).logits for _ in range(2))
    assert np.array_equal(first, again)


def test_four_threads_and_twelve_films_equal_one_thread(predictor: Predictor) -> None:
    films = [film(seed) for seed in range(12)]
    serial = [answers(predictor, one) for one in films]
    with ThreadPoolExecutor(4) as pool:
        parallel = list(pool.map(lambda one: answers(predictor, one), films))
    for (p, cells), (p_serial, cells_serial) in zip(parallel, serial, strict=True):
        assert np.abs(p - p_serial).max() < 1e-5
        assert np.abs(cells - cells_serial).max() < 1e-5
    assert len({tuple(p) for p, _ in serial}) == 12, "films that answer alike would hide a mix-up"


def test_heat_is_due_only_to_a_class_that_reaches_its_threshold(predictor: Predictor) -> None:
    prediction = predictor.predict(film(0))
    probability = prediction.probability(Finding.COVID)
    below, above = (
        predictor.decide(prediction, OperatingPoint("own", probability + step))
        for step in (0.01, -0.01)
    )
    assert not below.heat_due(Finding.COVID) and above.heat_due(Finding.COVID)
    assert below.decision.point.name == "own"
    for answer in CLASSES[:-1]:
        assert above.heat_due(answer) == (answer in above.decision.candidates)


def test_another_network_s_prediction_is_neither_decided_nor_explained(
    predictor: Predictor,
) -> None:
    foreign = replace(predictor.predict(film(0)), weights_sha256="0" * 64)
    with pytest.raises(WeightsError, match="other weights"):
        predictor.explain(foreign, Finding.COVID)
    with pytest.raises(WeightsError, match="other weights"):
        predictor.decide(foreign, OperatingPoint("own", 0.5))


def test_explaining_runs_no_backbone(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    prediction = predictor.predict(film(0))
    monkeypatch.setattr(type(predictor._network), "feature_map", None)
    for finding in CLASSES:
        saliency = predictor.explain(prediction, finding)
        logit = prediction.logits[CLASSES.index(finding)]
        assert saliency.cells.sum() + saliency.bias == pytest.approx(logit, abs=1e-4)


def test_readme_s_three_lines(tmp_path: Path) -> None:
    predictor = covid_core.Predictor.load(save_random_weights(tmp_path))
    data = png(draw_phantom(size_px=256))
    assert predictor.predict(covid_core.read_radiograph(data)).label in CLASSES
