"""Maps against boxes: peaks and heat by hand, and a fixed point that is not chosen where it is
measured."""

from __future__ import annotations

import numpy as np
import pytest

from covid_core.boxes import Boxes
from covid_core.evaluation.box_agreement import (
    AREA,
    RANDOM,
    Pointing,
    average,
    measure_agreement,
    point_at_boxes,
    point_at_the_best_place,
)
from covid_core.findings import Finding
from covid_core.model.saliency import Saliency

pytestmark = pytest.mark.usefixtures("few_resamples")

LOWER_LEFT: Boxes = ((0.0, 0.5, 0.5, 1.0),)
UPPER_RIGHT: Boxes = ((0.5, 0.0, 1.0, 0.5),)


def map_of(
    row: int, column: int, *, placement: tuple[int, int, int, int] | None = None
) -> Saliency:
    """A map that is hot in one of 7 x 7 cells."""
    cells = np.full((7, 7), -1.0, np.float32)
    cells[row, column] = 2.0
    placement = placement or (0, 0, 224, 224)
    return Saliency(Finding.COVID, cells, 0.0, placement, 224, full_heat=0.1)


def test_a_peak_lies_in_a_box_or_not() -> None:
    found = point_at_boxes(
        [map_of(5, 1), map_of(5, 1), map_of(1, 5)], [LOWER_LEFT, UPPER_RIGHT, UPPER_RIGHT]
    )
    assert found.peak.tolist() == [1, 0, 1]
    assert found.heat[0] == pytest.approx(4, rel=0.05), "all of the heat in a quarter of the film"
    assert found.heat[1] == pytest.approx(0, abs=0.05)


def test_heat_all_over_lies_in_boxes_by_their_area() -> None:
    even = Saliency(Finding.COVID, np.ones((7, 7), np.float32), 0.0, (0, 0, 224, 224), 224, 1.0)
    assert point_at_boxes([even], [LOWER_LEFT]).heat[0] == pytest.approx(1, abs=1e-3)


def test_a_map_without_heat_points_nowhere() -> None:
    cold = Saliency(Finding.COVID, -np.ones((7, 7), np.float32), 0.0, (0, 0, 224, 224), 224, 1.0)
    found = point_at_boxes([cold], [((0.0, 0.0, 1.0, 1.0),)])
    assert found.peak[0] == 0 and np.isnan(found.heat[0])


def test_a_map_lies_where_the_film_lay_in_the_input() -> None:
    """A wide film padded above and below: the middle row of cells is the middle of the film, and
    the row above it, its upper edge."""
    placement = (84, 0, 56, 224)  # rows 84 to 140 of 224: from 2.6 to 4.4 of 7 cells
    upper: Boxes = ((0.0, 0.0, 1.0, 0.25),)
    assert point_at_boxes([map_of(2, 3, placement=placement)], [upper]).peak[0] == 1
    assert point_at_boxes([map_of(2, 3)], [upper]).peak[0] == 0


def test_the_fixed_point_is_not_chosen_on_the_films_that_measure_it() -> None:
    """Boxes that no two patients share: a point chosen on the same films would hit some."""
    boxes: list[Boxes] = [((i / 20, 0.0, (i + 1) / 20, 1.0),) for i in range(20)]
    assert point_at_the_best_place(boxes, np.arange(20)).sum() == 0
    shared = [LOWER_LEFT] * 15 + [UPPER_RIGHT] * 5
    assert point_at_the_best_place(shared, np.arange(20)).sum() == 15
    assert np.isnan(point_at_the_best_place(shared, np.zeros(20, int))).all()


def test_films_of_one_patient_are_in_one_half() -> None:
    """Two films a patient in the same box: were they parted, the one would choose for the other."""
    boxes: list[Boxes] = [((i // 2 / 20, 0.0, (i // 2 + 1) / 20, 1.0),) for i in range(40)]
    assert point_at_the_best_place(boxes, np.arange(40) // 2).sum() == 0


def test_figures_stand_beside_what_they_must_beat() -> None:
    boxes = [LOWER_LEFT, UPPER_RIGHT] * 10
    good = point_at_boxes([map_of(5, 1), map_of(1, 5)] * 10, boxes)
    blind = point_at_boxes([map_of(5, 1)] * 20, boxes)
    own = measure_agreement(boxes, np.arange(20), good, blind)
    assert own.films == 20
    assert own.area.value == pytest.approx(0.25)
    assert own.fixed_point.value <= 0.6
    assert own.peak.value == 1 and own.peak.n == 20
    assert own.random.peak.value == 0.5
    assert own.random.heat.value == pytest.approx(2, rel=0.05)
    assert own.lead[AREA].value == pytest.approx(0.75)
    assert own.lead[RANDOM].value == 0.5 and own.lead[RANDOM].low > 0


def test_maps_of_several_draws_are_averaged() -> None:
    one = Pointing(np.array([1.0, 0.0]), np.array([2.0, np.nan]))
    other = Pointing(np.array([0.0, 0.0]), np.array([np.nan, np.nan]))
    both = average([one, other])
    assert both.peak.tolist() == [0.5, 0.0]
    assert both.heat[0] == 2 and np.isnan(both.heat[1])
