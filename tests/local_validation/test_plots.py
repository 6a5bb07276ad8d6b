"""The plots of a site's check: what they draw is what was measured."""

from __future__ import annotations

import numpy as np
import pytest

from covid_core.local_validation.plots import reliability, roc
from covid_core.local_validation.scores import MAX_FILMS, Scores, made_up
from covid_core.local_validation.validation import SITE, Validation, measure_point, validate
from covid_core.model.decision import OperatingPoint

POINTS = (OperatingPoint("rule-out", 0.1), OperatingPoint("rule-in", 0.7))


@pytest.fixture(scope="module")
def found() -> Validation:
    return validate(made_up(), POINTS)


def test_operating_points_lie_on_the_curve_with_their_intervals(found: Validation) -> None:
    own = measure_point(OperatingPoint(SITE, 0.4), made_up())
    curve, *marked = roc(found, own).data
    assert [trace.name for trace in marked] == ["rule-out, 0.100", "rule-in, 0.700", "site, 0.400"]
    for trace, here in zip(marked, (*found.points, own), strict=True):
        called, hit = here.point.specificity, here.point.sensitivity
        assert called and hit
        assert (trace.x[0], trace.y[0]) == pytest.approx((1 - called.value, hit.value))
        assert trace.y[0] + trace.error_y.array[0] == pytest.approx(hit.high)
        assert trace.x[0] + trace.error_x.array[0] == pytest.approx(1 - called.low)
        assert trace.x[0] - trace.error_x.arrayminus[0] == pytest.approx(1 - called.high)
        assert np.interp(trace.x[0], curve.x, curve.y) == pytest.approx(hit.value, abs=0.03)
    assert marked[-1].marker.symbol == "diamond"


def test_reliability_is_drawn_as_measured(found: Validation) -> None:
    [drawn] = reliability(found).data
    assert tuple(drawn.x) == found.reliability.sure
    assert tuple(drawn.y) == found.reliability.right
    assert sum(drawn.customdata) == found.films


def test_a_curve_of_many_films_stays_small() -> None:
    drawing = np.random.default_rng(0)
    many = Scores(drawing.random(MAX_FILMS) < 0.5, drawing.random(MAX_FILMS), np.arange(MAX_FILMS))
    one = made_up()
    small = validate(one, ())
    curve = np.linspace(0, 1, len(many.score))
    large = Validation(
        MAX_FILMS, 10, MAX_FILMS, small.auroc, curve, curve**0.5, small.reliability, ()
    )
    [drawn] = roc(large).data
    assert len(drawn.x) <= 400
    assert (drawn.x[0], drawn.x[-1]) == (0, 1)
