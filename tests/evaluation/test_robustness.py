"""What corruptions cost: nothing to who sees no change, all to who looks at what they destroy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from sklearn.metrics import roc_auc_score

from covid_core.evaluation.corruptions import CORRUPTIONS
from covid_core.evaluation.robustness import mean_auroc, mean_drop, measure_robustness
from covid_core.evaluation.sample import Sample
from covid_core.model.audit import Robustness

COUNT = 18


def never(films: Sequence[np.ndarray], probabilities: np.ndarray) -> np.ndarray:
    return np.zeros(len(films), bool)


def textured(films: Sequence[np.ndarray]) -> np.ndarray:
    """The finer the texture, the later the class."""
    fine = [np.abs(np.diff(film.astype(float), axis=1)).mean() for film in films]
    return np.stack([[-f, -abs(f - 12), f] for f in fine])


@pytest.fixture(scope="module")
def sample() -> Sample:
    """Films whose class is how fine their texture is, 6, 12 or 18 levels from pixel to pixel."""
    labels = np.arange(COUNT) % 3
    noise = np.random.default_rng(0).normal(size=(COUNT, 64, 64))
    films = [
        np.clip(128 + 5.3 * (1 + label) * one, 0, 255).astype(np.uint8)
        for label, one in zip(labels, noise, strict=True)
    ]
    masks = np.zeros((COUNT, 128, 128), bool)
    return Sample(tuple(films), masks, labels, np.arange(COUNT), np.full(COUNT, "clinic"))


@pytest.fixture(scope="module")
def result(sample: Sample) -> Robustness:
    return measure_robustness(sample, textured, never, seed=0)


def test_says_what_every_corruption_costs(result: Robustness) -> None:
    assert list(result.corruptions) == list(CORRUPTIONS)
    assert (result.intact.auroc, result.intact.abstention) == (1.0, 0.0)
    for row in result.corruptions.values():
        assert len(row.auroc) == len(row.drop) == len(row.abstention) == 5
        assert np.array(row.auroc) + row.drop == pytest.approx(1)
    assert Robustness.model_validate_json(json.dumps(result.as_json())) == result


def test_separates_what_hurts_from_what_does_not(result: Robustness) -> None:
    rows = result.corruptions
    assert max(rows["brightness_down"].drop) < 0.2, "the order of textures is kept"
    assert rows["gaussian_noise"].drop[4] > 0.2, "noise drowns the texture"
    assert rows["gaussian_noise"].drop[4] > rows["gaussian_noise"].drop[0]
    worst = result.summary.worst
    assert worst.drop == max(max(row.drop) for row in rows.values())
    assert rows[worst.name].drop[worst.strength - 1] == worst.drop


def test_summary_is_the_mean_of_what_stands_in_the_table(result: Robustness) -> None:
    rows = result.corruptions.values()
    published = np.mean([row.drop[:3] for row in rows if row.published])
    everything = np.mean([row.drop[:3] for row in rows])
    drop = result.summary.drop
    assert drop["published"].value == pytest.approx(published)
    assert drop["all"].value == pytest.approx(everything)
    assert drop["published"].low < published < drop["published"].high
    assert result.summary.abstention is None, "no one held back"


def test_holding_back_more_often_is_seen(sample: Sample) -> None:
    def wary(films: Sequence[np.ndarray], probabilities: np.ndarray) -> np.ndarray:
        rough = [film - gaussian_filter(film.astype(float), 1) for film in films]
        return np.array([one.std() for one in rough]) > 16

    result = measure_robustness(sample, textured, wary, strengths=(1, 3, 5))
    shares = result.corruptions["gaussian_noise"].abstention
    assert result.strengths == (1, 3, 5)
    assert list(shares) == sorted(shares) and shares[-1] == 1
    assert result.summary.abstention > 0.1


def test_auroc_is_scikit_learn_s_and_a_class_without_films_is_left_out() -> None:
    drawing = np.random.default_rng(1)
    labels, scores = drawing.integers(0, 3, 60), drawing.random((60, 3)).round(1)
    expected = [roc_auc_score(labels == i, scores[:, i]) for i in range(3)]
    assert mean_auroc(labels, scores) == pytest.approx(np.mean(expected))
    two = np.minimum(labels, 1)
    expected = [roc_auc_score(two == i, scores[:, i]) for i in range(2)]
    assert mean_auroc(two, scores) == pytest.approx(np.mean(expected))
    assert np.isnan(mean_auroc(np.zeros(60, int), scores))


def test_the_interval_is_that_of_patients() -> None:
    drawing = np.random.default_rng(2)
    labels = np.arange(80) % 2
    intact, spoilt = (drawing.random((80, 2)) for _ in range(2))
    masks, film = np.zeros((80, 128, 128), bool), np.zeros((8, 8), np.uint8)
    one_each = Sample((film,) * 80, masks, labels, np.arange(80), np.full(80, "clinic"))
    of_eight = replace(one_each, groups=np.arange(80) // 8)
    apart = mean_drop(one_each, intact, [spoilt])
    together = mean_drop(of_eight, intact, [spoilt])
    assert apart.value == pytest.approx(mean_auroc(labels, intact) - mean_auroc(labels, spoilt))
    assert together.value == apart.value
    assert (together.low, together.high) != (apart.low, apart.high)
