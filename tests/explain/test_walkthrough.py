"""The steps of one answer: every number is the prediction's own, and they add up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from covid_core.errors import CovidCoreError
from covid_core.explain.walkthrough import Walkthrough, walk_through
from covid_core.findings import CLASSES, Finding
from covid_core.model.card import RECIPES, WEIGHTS
from covid_core.model.decision import RULE_IN, SITE, OperatingPoint
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.prepare.preprocess import Preprocess
from covid_core.present.overlay import png
from covid_core.read.phantom import draw_phantom
from covid_core.read.reading import read_radiograph
from tests.models import random_weights

FILM = read_radiograph(png(draw_phantom("opacities on both sides", size_px=512)))


@pytest.fixture(scope="module")
def shipped() -> Predictor:
    return Predictor.load(WEIGHTS)


@pytest.fixture(scope="module")
def prediction(shipped: Predictor) -> Prediction:
    return shipped.predict(FILM)


def walked(predictor: Predictor, prediction: Prediction, finding: Finding) -> Walkthrough:
    saliency = predictor.explain(prediction, finding)
    return walk_through(predictor.card, prediction, saliency)


@pytest.mark.parametrize("finding", CLASSES)
def test_cells_and_bias_are_the_score(
    shipped: Predictor, prediction: Prediction, finding: Finding
) -> None:
    walk = walked(shipped, prediction, finding)
    assert walk.cells.shape == prediction.feature_map.shape[1:]
    assert walk.score == prediction.logits[CLASSES.index(finding)]
    assert walk.supporting > 0 > walk.opposing
    assert walk.supporting + walk.opposing + walk.bias == pytest.approx(walk.score, abs=1e-3)


def test_the_picture_is_what_the_network_was_given(
    shipped: Predictor, prediction: Prediction
) -> None:
    walk = walked(shipped, prediction, Finding.COVID)
    assert walk.picture.shape == (shipped.card.preprocess.size_px,) * 2
    assert walk.picture.dtype == np.uint8
    assert np.array_equal(walk.picture, shipped.card.preprocess.picture(FILM.pixels))
    levels = np.bincount(walk.picture.ravel(), minlength=256).cumsum() / walk.picture.size
    assert (
        np.abs(levels - np.linspace(0, 1, 256)).max() < 0.15
    )  # equalised: every grey is as common


def test_before_is_softmax_and_after_is_the_prediction(
    shipped: Predictor, prediction: Prediction
) -> None:
    walk = walked(shipped, prediction, Finding.NORMAL)
    exponentials = np.exp(prediction.logits)
    assert walk.before == pytest.approx(exponentials / exponentials.sum())
    assert np.array_equal(walk.after, prediction.probabilities)
    assert not np.allclose(walk.before, walk.after)
    fits = walk.after >= np.array(walk.least)
    candidates = {answer for answer, fit in zip(walk.answers, fits, strict=True) if fit}
    assert candidates == set(prediction.decision.candidates)


def test_the_strongest_cell_is_counted_from_one_at_the_upper_left(
    shipped: Predictor, prediction: Prediction
) -> None:
    walk = walked(shipped, prediction, Finding.COVID)
    row, column = walk.strongest
    assert walk.cells[row - 1, column - 1] == walk.cells.max()


def test_it_follows_the_operating_point(shipped: Predictor, prediction: Prediction) -> None:
    decided = shipped.decide(prediction, shipped.card.rules.point(RULE_IN))
    walk = walked(shipped, decided, Finding.COVID)
    assert walk.point.name == RULE_IN
    assert walk.points == shipped.card.rules.points
    assert walk.least == shipped.card.rules.least


def test_a_site_s_own_prediction_sets_are_those_shown(
    shipped: Predictor, prediction: Prediction
) -> None:
    site = OperatingPoint(SITE, 0.5, least=(0.1, 0.2, 0.3))
    assert walked(shipped, shipped.decide(prediction, site), Finding.COVID).least == site.least


def test_weights_without_rules_change_nothing(tmp_path: Path) -> None:
    plain = Predictor.load(random_weights(tmp_path))
    walk = walked(plain, plain.predict(FILM), Finding.COVID)
    assert walk.after == pytest.approx(walk.before)
    assert walk.picture.shape == (Preprocess().size_px,) * 2


def test_a_deep_heads_cells_are_not_passed_off_as_its_score() -> None:
    deep = Predictor.load(WEIGHTS / RECIPES, "efficientnet-two-stage")
    with pytest.raises(CovidCoreError, match="do not add up"):
        walked(deep, deep.predict(FILM), Finding.COVID)
