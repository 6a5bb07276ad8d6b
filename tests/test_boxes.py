"""Boxes as text, and as a mask on a grid."""

from __future__ import annotations

import numpy as np
import pytest

from covid_core.boxes import format_boxes, parse_boxes, place_boxes, union_mask
from covid_core.errors import DatasetError

TWO = ((0.1, 0.2, 0.4, 0.6), (0.55, 0.25, 0.9, 0.75))


def test_text_and_boxes_go_to_and_fro() -> None:
    assert parse_boxes(format_boxes(TWO)) == TWO


def test_no_boxes_and_not_annotated_are_distinguished() -> None:
    assert format_boxes(None) == "" and parse_boxes("") is None
    assert format_boxes(()) == "[]" and parse_boxes("[]") == ()


@pytest.mark.parametrize(
    "text",
    [
        "none",
        "3",
        "{}x",
        '{"a": 1}',
        "[[0, 0, 1]]",
        "[[0, 0, 1, 1.2]]",
        "[[0.5, 0, 0.5, 1]]",
        '[["a", 0, 1, 1]]',
        "[[NaN, 0, 1, 1]]",
        "[null]",
    ],
)
def test_what_is_no_list_of_boxes_is_refused(text: str) -> None:
    with pytest.raises(DatasetError):
        parse_boxes(text)


def test_a_box_on_the_grids_lines_covers_whole_cells() -> None:
    mask = union_mask([(0.25, 0.5, 0.75, 1.0)], 4, 8)
    expected = np.zeros((4, 8), np.float32)
    expected[2:, 2:6] = 1
    np.testing.assert_allclose(mask, expected, atol=1e-6)
    assert mask.dtype == np.float32


def test_cells_are_covered_in_part() -> None:
    mask = union_mask([(0.0, 0.0, 0.25, 0.75)], 2, 2)
    np.testing.assert_allclose(mask, [[0.5, 0], [0.25, 0]], atol=1e-6)


def test_the_mean_is_the_area_and_overlaps_count_once() -> None:
    boxes = [(0.13, 0.2, 0.57, 0.6), (0.31, 0.41, 0.83, 0.77)]
    overlap = (0.57 - 0.31) * (0.6 - 0.41)
    area = 0.44 * 0.4 + 0.52 * 0.36 - overlap
    for height, width in ((7, 7), (48, 31), (1, 1)):
        assert union_mask(boxes, height, width).mean() == pytest.approx(area, abs=1e-6)


def test_no_boxes_cover_nothing() -> None:
    assert not union_mask((), 5, 6).any()
    assert union_mask((), 5, 6).shape == (5, 6)


def test_boxes_follow_a_film_into_the_square_that_it_lies_in() -> None:
    assert place_boxes(None, (0, 0, 8, 8), 8) is None
    assert place_boxes(TWO, (0, 0, 224, 224), 224) == TWO
    assert place_boxes(((0.0, 0.0, 0.5, 1.0),), (0, 56, 224, 112), 224) == ((0.25, 0.0, 0.5, 1.0),)
