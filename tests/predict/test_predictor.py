"""The one door: same answer for the same film, whoever asks and whenever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import covid_core
from covid_core.crop import WHOLE, Crop
from covid_core.engines.engine import Engine, Precision
from covid_core.engines.proof import Proof, save_proof
from covid_core.errors import Abstained, WeightsError
from covid_core.explain.shortcut_meter import read_meter
from covid_core.findings import CLASSES, Finding
from covid_core.model.card import read_card
from covid_core.model.decision import OperatingPoint
from covid_core.model.gate_findings import Code
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor, SecondLook
from covid_core.present.overlay import png
from covid_core.read.phantom import draw_phantom
from covid_core.read.reading import read_radiograph
from tests.models import random_weights


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    return Predictor.load(random_weights(tmp_path_factory.mktemp("weights")))


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


def test_several_films_are_judged_as_each_alone(predictor: Predictor) -> None:
    coloured = replace(film(1), coloured=True)
    films = [film(0), coloured, film(2)]
    first, refused, last = predictor.predict_many(films)
    assert isinstance(refused, Abstained)
    assert refused.code == "not_a_radiograph"
    for judged, one in ((first, films[0]), (last, films[2])):
        assert isinstance(judged, Prediction)
        assert np.array_equal(judged.logits, predictor.predict(one).logits)
        assert judged.radiograph_sha256 == one.sha256
    assert predictor.predict_many([]) == []


class Shifted:
    """An engine whose feature maps are a little too bright; `batches`: the films in each run."""

    title, precision, batch_films = "shifted", Precision.BFLOAT16, 1

    def __init__(self, engine: Engine, factor: float) -> None:
        self.engine, self.factor = engine, factor
        self.batches: list[int] = []

    def run(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        self.batches.append(len(x))
        return tuple(output * np.float32(self.factor) for output in self.engine.run(x))


def looking_twice(
    predictor: Predictor, threshold: float, margin: float
) -> tuple[Predictor, Shifted, Shifted]:
    rules = replace(predictor.card.rules, points=(OperatingPoint("balanced", threshold),))
    card = predictor.card.replace(rules=rules)
    rough, exact = Shifted(predictor.engine, 1.001), Shifted(predictor.engine, 1.0)
    look = SecondLook(exact, margin)
    return Predictor(rough, predictor.head, card, second_look=look), rough, exact


def test_a_film_too_close_to_call_is_looked_at_again(predictor: Predictor) -> None:
    whole = predictor.predict(film(0))
    twice, rough, exact = looking_twice(predictor, float(whole.probabilities[-1]), 0.05)
    again = twice.predict(film(0))
    assert (rough.batches, exact.batches) == ([1], [1])
    assert np.array_equal(again.logits, whole.logits)


def test_a_proof_of_another_engine_counts_for_nothing(tmp_path: Path) -> None:
    weights = random_weights(tmp_path)
    sha256 = read_card(weights).sha256
    proof = Proof(
        sha256=sha256,
        engine="another engine",
        machine="",
        precision=Precision.BFLOAT16,
        films={},
        difference=0.001,
        shift=0.01,
        margin=0.015,
        again=0.1,
        other_decisions=0,
    )
    save_proof(weights, "densenet121", proof)
    assert Predictor.load(weights).engine.precision is Precision.FLOAT32


def test_a_clear_film_is_looked_at_once(predictor: Predictor) -> None:
    whole = predictor.predict(film(0))
    twice, rough, exact = looking_twice(predictor, 0.999999, 1e-9)
    once = twice.predict(film(0))
    assert (rough.batches, exact.batches) == ([1], [])
    assert not np.array_equal(once.logits, whole.logits)


def test_heat_is_due_only_to_a_class_that_reaches_its_threshold(predictor: Predictor) -> None:
    prediction = predictor.predict(film(0))
    probability = prediction.probability(Finding.COVID)
    below, above = (
        predictor.decide(prediction, OperatingPoint("own", probability + step))
        for step in (0.01, -0.01)
    )
    assert not below.heat_due(Finding.COVID) and above.heat_due(Finding.COVID)
    assert below.decision.point.name == "own"
    pneumonia = Finding.PNEUMONIA
    assert above.heat_due(pneumonia) == (pneumonia in above.decision.candidates)


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
    monkeypatch.setattr(predictor, "engine", None)
    for finding in CLASSES:
        saliency = predictor.explain(prediction, finding)
        logit = prediction.logits[CLASSES.index(finding)]
        assert saliency.cells.sum() + saliency.bias == pytest.approx(logit, abs=1e-4)


def test_readme_s_three_lines(tmp_path: Path) -> None:
    predictor = covid_core.Predictor.load(random_weights(tmp_path))
    data = png(draw_phantom(size_px=256))
    assert predictor.predict(covid_core.read_radiograph(data)).label in CLASSES


def test_a_border_changes_no_answer_where_it_is_cut_off(predictor: Predictor) -> None:
    preprocess = replace(predictor.card.preprocess, tone="equalise", borders="cut")
    card = predictor.card.replace(preprocess=preprocess)
    cutting = Predictor(predictor.engine, predictor.head, card)
    pixels = draw_phantom(size_px=300, seed=1)
    plain = read_radiograph(png(pixels))
    wide = read_radiograph(png(np.pad(pixels, ((0, 0), (60, 60)))))
    one, other = cutting.predict(plain), cutting.predict(wide)
    assert np.array_equal(one.logits, other.logits)
    assert (one.crop, one.remarks) == (WHOLE, ())
    assert other.crop == Crop(60 / 420, 0, 360 / 420, 1)
    assert [remark.code for remark in other.remarks] == [Code.BORDERS]
    heat, own = (
        cutting.explain(found, Finding.COVID).heat(*film.shape)
        for found, film in ((other, wide), (one, plain))
    )
    assert np.array_equal(heat[:, 60:360], own)
    assert heat[:, :60].max() == heat[:, 360:].max() == 0
    lungs = np.zeros((128, 128), bool)
    lungs[30:90, 35:55] = lungs[30:90, 73:93] = True
    inner = np.asarray(
        Image.fromarray(lungs[:, 18:110]).resize((128, 128), Image.Resampling.NEAREST)
    )
    meters = [
        read_meter(cutting, found, mask)
        for film, found, mask in ((wide, other, lungs), (plain, one, inner))
    ]
    assert meters[0] and meters[1]
    assert meters[0].lungs_removed == pytest.approx(meters[1].lungs_removed, abs=0.05)
    assert not np.array_equal(predictor.predict(plain).logits, predictor.predict(wide).logits)
