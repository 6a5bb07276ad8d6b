"""Heads as recipes and cards describe them: only those that can be built."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from covid_core.model.head_plan import HeadPlan, HiddenLayer, deep_head


def test_this_project_s_own_heads() -> None:
    assert deep_head(0) == HeadPlan()
    assert [layer.width for layer in deep_head(4).hidden] == [512, 128, 64, 32]
    assert {(layer.slope, layer.dropout) for layer in deep_head(3).hidden} == {(0.1, 0.25)}
    with pytest.raises(ValueError, match="5 deep"):
        deep_head(5)


def test_a_layer_s_place_counts_the_normalisations_before_it() -> None:
    layers = (HiddenLayer(4), HiddenLayer(4, normalised=True), HiddenLayer(4))
    assert HeadPlan(hidden=layers).places == (0, 3, 7)
    assert HeadPlan().places == ()


@pytest.mark.parametrize(
    "given",
    [
        {"cells": 0},
        {"cells": 65},
        {"dropout": 1.0},
        {"cells": 64, "hidden": [{"width": 1024}]},
        {"hidden": [{"width": 4}] * 9},
        {"hidden": [{"width": 0}]},
        {"hidden": [{"width": 4, "slope": -0.1}]},
        {"hidden": [{"width": 4, "dropout": float("nan")}]},
    ],
)
def test_no_file_may_ask_for_a_head_that_can_t_be(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(HeadPlan).validate_python(given)
