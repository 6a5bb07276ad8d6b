"""The shortcut meter: what lies in the lungs moves one score, what lies outside another."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log

import numpy as np
import pytest

from covid_core.explain.shortcut_meter import (
    KEPT,
    ShortcutMeter,
    explains,
    parts,
    read_meter,
)
from covid_core.findings import Finding, shown_probability
from covid_core.model.tiers import Tier
from covid_core.predict.predictor import Predictor
from covid_core.prepare.occlusion import widened
from covid_core.read.radiograph import Radiograph
from tests.checked import CORNERS, IN_LUNGS, LUNGS, film, looking_at
from tests.exports.results import POINT, made


def read(predictor: Predictor, radiograph: Radiograph) -> ShortcutMeter:
    meter = read_meter(predictor, predictor.predict(radiograph), LUNGS)
    assert meter is not None
    return meter


def test_who_reads_markers_is_caught() -> None:
    predictor = looking_at(CORNERS, bias=-5)
    plain, marked = (read(predictor, film(marker=marker)) for marker in (False, True))
    assert marked.whole > 0.9 > plain.whole
    assert marked.lungs_removed == pytest.approx(marked.whole)
    assert marked.lungs_only == pytest.approx(plain.lungs_only) == pytest.approx(0, abs=0.1)
    assert marked.explained and "does not come from the lungs" in marked.sentence
    assert not plain.explained, "what is not called the disease has no call to explain"


def test_who_reads_the_lungs_is_not() -> None:
    predictor = looking_at(IN_LUNGS)
    meter = read(predictor, film())
    assert meter.finding is Finding.COVID
    assert meter.whole == predictor.predict(film()).probability(Finding.COVID) > 0.5
    assert meter.lungs_only > 0.5
    assert meter.lungs_removed < meter.whole
    assert not meter.explained


@pytest.mark.parametrize("threshold", [0.3, 0.95])
def test_a_film_that_is_called_possible_is_called_too(threshold: float) -> None:
    """Above the threshold it would be called likely; the set is what makes it possible below."""
    meter = ShortcutMeter(Finding.COVID, 0.89, 0.1, 0.89, explained=False)
    point = replace(POINT, threshold=threshold)
    assert meter.at(made((0.04, 0.07, 0.89), point=point).prediction).explained
    faint = made((0.02, 0.66, 0.32), point=replace(POINT, threshold=0.9)).prediction
    assert faint.decision.tier is Tier.POSSIBLE
    weak = replace(meter, whole=0.32, lungs_removed=0.32)
    assert not weak.at(faint).explained, "a third is what shows nothing gets"


def test_without_lungs_there_is_no_meter() -> None:
    predictor, radiograph = looking_at(IN_LUNGS), film()
    none = np.zeros_like(LUNGS)
    assert read_meter(predictor, predictor.predict(radiograph), none) is None


def test_half_of_the_odds_is_the_limit() -> None:
    whole = 0.9
    odds = KEPT * whole / (1 - whole)
    half = odds / (1 + odds)
    lungs, threshold = 0.9, 0.99
    assert explains(whole, lungs, half + 1e-9, threshold)
    assert not explains(whole, lungs, half - 1e-9, threshold)
    assert explains(1.0, 1.0, 1.0, threshold) and not explains(whole, lungs, 0.0, threshold)
    assert log(odds) == pytest.approx(log(whole / (1 - whole)) - log(2))


def test_what_is_called_without_its_lungs_and_not_by_them_is_explained_too() -> None:
    assert explains(0.95, 0.1, 0.3, threshold=0.3)
    assert not explains(0.95, 0.3, 0.3, threshold=0.3), "the lungs alone would be called as well"
    assert not explains(0.95, 0.1, 0.29, threshold=0.3)


def test_near_the_limit_float32_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    predictor, radiograph = looking_at(CORNERS, bias=-5), film(marker=True)
    prediction = predictor.predict(radiograph)
    asked: list[bool] = []
    own = Predictor.logits

    def counted(self: Predictor, pictures: np.ndarray, *, exact: bool = False) -> np.ndarray:
        asked.append(exact)
        return own(self, pictures, exact=exact)

    monkeypatch.setattr(Predictor, "logits", counted)
    for margin, runs in ((0.0, [False]), (0.04, [False]), (1.0, [False, True])):
        asked.clear()
        monkeypatch.setattr(Predictor, "margin", margin)
        meter = read_meter(predictor, prediction, LUNGS)
        assert meter and meter.explained and asked == runs, "it keeps all of its odds, not half"


def test_the_parts_are_the_film_s_own_pixels() -> None:
    drawing = np.random.default_rng(0)
    picture = drawing.integers(1, 256, (112, 112)).astype(np.uint8)
    only, removed = parts(picture, (0, 14, 112, 84), LUNGS)
    lungs = np.zeros(picture.shape, bool)
    lungs[:, 14:98] = widened(LUNGS, (112, 84))
    assert np.array_equal(only, np.where(lungs, picture, 0))
    assert np.array_equal(removed[~lungs], picture[~lungs])
    deep = picture.copy()
    deep[lungs] = 0
    assert np.array_equal(removed, parts(deep, (0, 14, 112, 84), LUNGS)[1]), "nothing of them left"


def test_scores_are_never_shown_as_certain() -> None:
    scores = (0.0, 0.12345, 1 - exp(-20))
    assert list(map(shown_probability, scores)) == ["< 0.01", "0.12", "> 0.99"]
    meter = ShortcutMeter(Finding.COVID, 0.9, 0.8, 0.2, explained=False)
    assert "0.90 on the whole film" in meter.sentence and "Do not use" not in meter.sentence
    assert "Do not use" in replace(meter, explained=True).sentence
