"""What is drawn how often."""

from __future__ import annotations

import numpy as np
import pytest

from covid_core.training.sampling import (
    MOST_OFTEN,
    UNKNOWN_SHARE,
    WITHOUT_CLASS,
    draw_batches,
    film_weights,
    shuffle_batches,
    steps_per_epoch,
)


def test_classes_weigh_alike_and_sources_by_the_root_of_their_size() -> None:
    labels = np.array([0] * 90 + [0] * 10 + [1] * 16 + [2] * 400)
    sources = np.array(["a"] * 90 + ["b"] * 10 + ["a"] * 16 + ["c"] * 400)
    weights = film_weights(labels, sources, "class and source")
    assert [weights[labels == i].sum() for i in range(3)] == pytest.approx([1 / 3] * 3)
    within = weights[:90].sum() / weights[90:100].sum()
    assert within == pytest.approx(np.sqrt(90 / 10))
    alike = film_weights(labels, sources, "class and sources alike")
    assert alike[:90].sum() == pytest.approx(alike[90:100].sum())
    by_class = film_weights(labels, sources, "class")
    assert by_class[:90].sum() / by_class[90:100].sum() == pytest.approx(9)
    assert by_class[:100].sum() == pytest.approx(1 / 3)
    assert np.ptp(film_weights(labels, sources, "none")) == 0


def test_a_step_is_drawn_the_same_whenever_it_is_drawn() -> None:
    indices, weights = np.arange(100), np.full(100, 0.01)
    whole = list(draw_batches(indices, weights, 6, 8, 3, 0))
    later = list(draw_batches(indices, weights, 6, 8, 3, 4))
    assert [list(batch) for batch in whole[4:]] == [list(batch) for batch in later]
    assert list(whole[0]) != list(whole[1])


def test_each_film_once_an_epoch_in_a_new_order_and_the_same_when_resumed() -> None:
    indices = np.arange(100, 121)
    assert steps_per_epoch(21, 8) == 3
    whole = list(shuffle_batches(indices, 6, 8, 3, 0))
    assert [len(batch) for batch in whole] == [8, 8, 5] * 2
    for epoch in (whole[:3], whole[3:]):
        assert sorted(np.concatenate(epoch)) == list(indices)
    assert list(whole[0]) != list(whole[3])
    later = list(shuffle_batches(indices, 6, 8, 3, 4))
    assert [list(batch) for batch in whole[4:]] == [list(batch) for batch in later]


def test_cells_share_a_class_evenly_but_no_film_is_drawn_too_often() -> None:
    labels = np.array([0] * 1000 + [1] * 3385 + [1] * 168 + [1] * 400 + [2] * 50)
    sources = np.array(
        ["a"] * 1000 + ["children"] * 3385 + ["few"] * 168 + ["some"] * 400 + ["a"] * 50
    )
    weights = film_weights(labels, sources, "cells")
    assert [weights[labels == i].sum() for i in range(3)] == pytest.approx([1 / 3] * 3)
    pneumonia = labels == 1
    shares = {s: weights[pneumonia & (sources == s)].sum() * 3 for s in ("children", "few", "some")}
    most = MOST_OFTEN / pneumonia.sum()
    assert shares["few"] == pytest.approx(168 * most)
    assert shares["children"] < 0.5 < shares["few"] + shares["some"] + shares["children"]
    assert weights[pneumonia].max() * 3 <= most * (1 + 1e-9)


def test_films_that_teach_without_a_class_keep_their_share_beside_unknown_ones() -> None:
    labels = np.array([0] * 50 + [-1] * 500)
    known = np.arange(550) < 100
    weights = film_weights(labels, np.array(["a"] * 550), "cells", known)
    assert weights[50:100].sum() == pytest.approx(WITHOUT_CLASS)
    assert weights[100:].sum() == pytest.approx(UNKNOWN_SHARE)
    assert weights.sum() == pytest.approx(1)


def test_films_without_a_class_take_a_share_of_their_own() -> None:
    labels = np.array([0] * 50 + [-1] * 500)
    weights = film_weights(labels, np.array(["a"] * 550), "cells")
    assert weights[labels < 0].sum() == pytest.approx(WITHOUT_CLASS)
    assert weights.sum() == pytest.approx(1)
