"""Figures within one source: against scikit-learn, by view, and left out where films are few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from covid_core.evaluation.within_source import (
    AT_BALANCED,
    CALLED_COVID,
    CALLED_NORMAL,
    CLEAR,
    CONTRASTS,
    FEWEST,
    LUNG_OPACITY,
    OTHER_ABNORMALITY,
    REFERENCE,
    SCORES,
    ScoredSource,
    measure_appearances,
    measure_calls,
    measure_source,
)
from covid_core.findings import APPEARANCES, Appearance

pytestmark = pytest.mark.usefixtures("few_resamples")

NEGATIVE, TYPICAL, INDETERMINATE, ATYPICAL = map(APPEARANCES.index, Appearance)


def draw_films(films: int = 240, seed: int = 0) -> ScoredSource:
    """Films of four appearances, views AP and PA, two a patient, with scores drawn at random."""
    drawing = np.random.default_rng(seed)
    return ScoredSource(
        probabilities=drawing.dirichlet((1, 1, 1), films),
        appearances=drawing.integers(0, 4, films),
        findings=np.full(films, ""),
        views=drawing.choice(["AP", "PA"], films),
        groups=np.arange(films) // 2,
        threshold=0.4,
    )


def test_each_contrast_and_score_is_scikit_learns() -> None:
    scored = draw_films()
    found = measure_source(scored)
    assert found.films == 240
    assert list(found.contrasts) == list(CONTRASTS[:3]), "RSNA's has no film here"
    positive, negative = scored.appearances == TYPICAL, scored.appearances == NEGATIVE
    own = positive | negative
    values = {
        "p_covid": scored.probabilities[:, 2],
        "p_pneumonia": scored.probabilities[:, 1],
        "1 - p_normal": 1 - scored.probabilities[:, 0],
    }
    assert list(values) == list(SCORES)
    for score, figures in found.contrasts["typical against negative"].items():
        assert list(figures) == ["all", "AP", "PA", "within view"]
        expected = roc_auc_score(positive[own], values[score][own])
        assert figures["all"].value == pytest.approx(expected)
        assert figures["all"].low <= figures["all"].value <= figures["all"].high
        assert figures["all"].n == own.sum()
        ap = own & (scored.views == "AP")
        expected = roc_auc_score(positive[ap], values[score][ap])
        assert figures["AP"].value == pytest.approx(expected)


def test_a_score_that_separates_only_the_views_earns_nothing_within_views() -> None:
    scored = draw_films(400)
    ap = (scored.appearances == TYPICAL) ^ (np.random.default_rng(1).random(400) < 0.25)
    covid = np.where(ap, 0.9, 0.1)
    probabilities = np.stack([1 - covid, np.zeros(400), covid], axis=1)
    views = np.where(ap, "AP", "PA")
    scored = replace(scored, probabilities=probabilities, views=views)
    figures = measure_source(scored).contrasts["typical against negative"]["p_covid"]
    assert figures["all"].value > 0.7
    assert figures["within view"].value == pytest.approx(0.5)


def test_opacities_are_held_against_other_abnormalities() -> None:
    kinds = np.array([LUNG_OPACITY, OTHER_ABNORMALITY, CLEAR])[np.arange(90) % 3]
    scored = replace(draw_films(90), appearances=np.full(90, -1), findings=kinds)
    scored.probabilities[:] = [0.2, 0.3, 0.5]
    scored.probabilities[kinds == LUNG_OPACITY] = [0.1, 0.7, 0.2]
    scored.probabilities[kinds == CLEAR] = [0.8, 0.1, 0.1]
    found = measure_source(scored)
    assert list(found.contrasts) == [CONTRASTS[3]]
    figures = found.contrasts[CONTRASTS[3]]
    assert figures["p_pneumonia"]["all"].value == 1
    assert figures["p_covid"]["all"].value == 0
    assert found.negatives[CALLED_NORMAL].value == 1
    assert found.negatives[CALLED_NORMAL].n == 30
    assert found.other_abnormality[CALLED_COVID].value == 1


def test_calls_are_the_most_probable_answer_and_the_balanced_point_s() -> None:
    scored = replace(
        draw_films(20),
        probabilities=np.repeat([[0.5, 0.05, 0.45], [0.1, 0.1, 0.8]], [15, 5], axis=0),
    )
    found = measure_calls(scored, np.ones(20, bool))
    assert found[CALLED_NORMAL].value == 0.75
    assert found[CALLED_COVID].value == 0.25
    assert found[AT_BALANCED].value == 1, "from 0.4 on"
    assert AT_BALANCED not in measure_calls(replace(scored, threshold=None), np.ones(20, bool))


def test_what_has_too_few_films_on_a_side_is_left_out() -> None:
    scored = draw_films()
    one_kind = replace(scored, appearances=np.full(240, TYPICAL))
    assert measure_source(one_kind) is None
    few = np.where(np.arange(240) < FEWEST - 1, ATYPICAL, np.arange(240) % 2)
    found = measure_source(replace(scored, appearances=few))
    assert list(found.contrasts) == ["typical against negative"]
    no_views = replace(scored, views=np.full(240, "unknown"))
    figures = measure_source(no_views).contrasts["typical against negative"]["p_covid"]
    assert list(figures) == ["all"]


def test_appearances_are_each_distinguished_from_the_rest() -> None:
    scored = draw_films()
    scores = np.random.default_rng(2).dirichlet((1, 1, 1, 1), 240)
    found = measure_source(replace(scored, appearance_scores=scores)).appearance
    assert list(found) == [*(one.value for one in APPEARANCES), "mean"]
    for i, one in enumerate(APPEARANCES):
        positive = scored.appearances == i
        expected = roc_auc_score(positive, scores[:, i])
        assert found[one.value].auroc.value == pytest.approx(expected)
        expected = average_precision_score(positive, scores[:, i])
        assert found[one.value].average_precision.value == pytest.approx(expected)
    for figure in ("auroc", "average_precision"):
        mean = np.mean([getattr(found[one.value], figure).value for one in APPEARANCES])
        assert getattr(found["mean"], figure).value == pytest.approx(mean)
    assert measure_source(scored).appearance is None
    assert set(REFERENCE.average_precision) == {one.value for one in APPEARANCES}


def test_appearances_without_films_are_left_out() -> None:
    labels = np.arange(60) % 2
    found = measure_appearances(labels, np.eye(4)[labels], np.arange(60))
    assert list(found) == ["negative", "typical", "mean"]
    assert found["mean"].auroc.value == 1
    assert measure_appearances(np.zeros(60, int), np.ones((60, 4)), np.arange(60)) == {}
