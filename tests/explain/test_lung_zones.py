"""Six zones: a mirrored film has the mirrored table, to the last bit, and shares sum to one."""

from __future__ import annotations

from math import fsum

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from covid_core.explain.lung_zones import ZONE_TITLES, ZONES, attention_by_zone, zone_masks
from covid_core.findings import Finding
from covid_core.model.saliency import Saliency

SWAPPED = (3, 4, 5, 0, 1, 2)
SIDE = 128


def saliency(
    cells: np.ndarray, placement: tuple[int, int, int, int] = (0, 0, 224, 224)
) -> Saliency:
    return Saliency(Finding.COVID, cells.astype(np.float32), 0.0, placement, 224, full_heat=0.5)


def lungs(*boxes: tuple[int, int, int, int], width: int = SIDE) -> np.ndarray:
    """Ellipses, x and y of two corners each, in pixels."""
    canvas = Image.new("1", (width, SIDE))
    for box in boxes:
        ImageDraw.Draw(canvas).ellipse(box, fill=1)
    return np.asarray(canvas)


TWO = lungs((14, 20, 56, 104), (70, 16, 112, 110))
TOUCHING = lungs((10, 20, 66, 104), (62, 16, 120, 110))


@st.composite
def films(draw: st.DrawFn) -> tuple[Saliency, np.ndarray]:
    """Any map over any two or more islands, in an even or odd number of columns, padded or not."""
    drawing = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    width = draw(st.sampled_from((96, 127, 128)))
    shift = draw(st.integers(-14, 14))
    right = (12 + shift, *drawing.integers(10, 30, 1), 50 + shift, *drawing.integers(70, 120, 1))
    left = (54 + shift, *drawing.integers(10, 30, 1), 88 + shift, *drawing.integers(70, 120, 1))
    mask = lungs(right, left, width=width) & (drawing.random((SIDE, width)) > 0.02)
    inner = draw(st.integers(40, 224))
    placement = (0, (224 - inner) // 2, 224, inner)
    return saliency(drawing.normal(0, 3, (7, 7)), placement), mask


@given(films())
@settings(max_examples=100, deadline=None)
def test_a_mirrored_film_has_the_table_s_sides_swapped_to_the_last_bit(
    film: tuple[Saliency, np.ndarray],
) -> None:
    evidence, mask = film
    table = attention_by_zone(evidence, mask)
    swapped = attention_by_zone(evidence.mirrored(), mask[:, ::-1])
    if table is None:
        assert swapped is None
    else:
        assert swapped == tuple(table[i] for i in SWAPPED)
        assert abs(fsum(table) - 1) < 1e-12
        assert min(table) >= 0


@pytest.mark.parametrize("mask", [TWO, TOUCHING], ids=["apart", "touching"])
def test_evidence_in_one_corner_is_in_its_zone(mask: np.ndarray) -> None:
    for row, column, zone in ((1, 1, "A"), (5, 1, "C"), (1, 5, "D"), (5, 5, "F"), (3, 5, "E")):
        cells = np.zeros((7, 7))
        cells[row, column] = 1
        table = attention_by_zone(saliency(cells), mask)
        assert table is not None
        assert ZONES[int(np.argmax(table))] == zone, "the patient's right is at the film's left"


def test_zones_part_the_lungs() -> None:
    for mask in (TWO, TOUCHING):
        zones = zone_masks(mask)
        assert zones is not None
        assert zones.sum(axis=0).max() == 1
        assert (mask & ~zones.any(axis=0)).sum() <= SIDE, "but for the line between the sides"
        across = [np.nonzero(zone)[1].mean() for zone in zones]
        down = [np.nonzero(zone)[0].mean() for zone in zones]
        assert max(across[:3]) < min(across[3:])
        assert down[0] < down[1] < down[2]
        assert down[3] < down[4] < down[5]


def test_a_turned_patient_s_lungs_keep_their_own_sides() -> None:
    mask = lungs((10, 10, 70, 50), (60, 60, 120, 110))  # overlapping from side to side
    zones = zone_masks(mask)
    assert zones is not None
    assert np.nonzero(zones[:3].any(axis=0))[0].max() < 60


def test_where_there_is_nothing_to_share_there_is_no_table() -> None:
    hot = saliency(np.ones((7, 7)))
    assert attention_by_zone(hot, np.zeros((SIDE, SIDE), bool)) is None
    assert attention_by_zone(hot, lungs((14, 20, 56, 104))) is None, "one lung is not two"
    assert attention_by_zone(saliency(-np.ones((7, 7))), TWO) is None


def test_each_zone_has_its_title() -> None:
    assert tuple(ZONE_TITLES) == ZONES
