"""Evidence drawn over the film: where, how hot, and how much of it in a mask."""

from __future__ import annotations

import numpy as np
import pytest

from covid_core.findings import Finding
from covid_core.model.saliency import Saliency


def saliency(
    cells: np.ndarray, placement: tuple[int, int, int, int] = (0, 0, 224, 224)
) -> Saliency:
    return Saliency(Finding.COVID, cells.astype(np.float32), 0.0, placement, 224, full_heat=0.5)


def test_heat_lies_where_the_evidence_is() -> None:
    cells = np.zeros((7, 7))
    cells[1, 5] = 0.4  # high on the right
    heat = saliency(cells).heat(700, 1400)
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert heat.shape == (700, 1400)
    assert heat.dtype == np.float32
    assert 100 <= row < 200
    assert 1000 <= column < 1200


def test_heat_is_on_one_scale_for_all_films() -> None:
    assert saliency(np.zeros((7, 7))).heat(64, 64).max() == 0
    assert saliency(np.full((7, 7), -1.0)).heat(64, 64).max() == 0
    assert saliency(np.full((7, 7), 0.25)).heat(64, 64) == pytest.approx(0.5)
    assert saliency(np.full((7, 7), 9.0)).heat(64, 64).max() == 1


def test_heat_of_a_padded_film_leaves_the_padding_out() -> None:
    cells = np.zeros((7, 7))
    cells[:, :2] = 1.0  # only in the left padding
    assert saliency(cells, placement=(0, 96, 224, 32)).heat(224, 32).max() < 0.05


def test_share_inside_is_that_of_the_evidence_for_the_class() -> None:
    cells = np.zeros((7, 7))
    cells[1, 1], cells[5, 5], cells[1, 5] = 1.0, 3.0, -9.0
    left = np.arange(70) < 35
    mask = np.broadcast_to(left, (70, 70))
    assert saliency(cells).share_inside(mask) == pytest.approx(0.25, abs=0.01)
    assert saliency(cells).share_inside(~mask) == pytest.approx(0.75, abs=0.01)
    assert np.isnan(saliency(-np.ones((7, 7))).share_inside(mask)), "no evidence, no share"
