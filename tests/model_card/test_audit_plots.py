"""The audit's plots show the figures that they are given."""

from __future__ import annotations

from typing import Any

import pytest

from covid_core.metrics import NO_ESTIMATE, Estimate
from covid_core.model.audit import (
    Corruption,
    Curve,
    Curves,
    Explanations,
    Intact,
    MethodFigures,
    Probe,
    Robustness,
    ZoneRow,
    Zones,
)
from covid_core.model_card import audit_plots
from tests.measured import shipped_audit


def estimate(value: float) -> Estimate:
    return Estimate(value, value - 0.05, value + 0.1, 20)


@pytest.fixture
def robustness() -> Robustness:
    row: dict[str, Any] = {"measure": "factor", "values": (1.1, 1.2), "auroc": (0.9, 0.7)}
    one = {"title": "one", "published": True, "drop": (0.001, 0.2), "abstention": (0.1, 0.3)}
    two = {"title": "two", "published": False, "drop": (-0.02, 0.1), "abstention": (0.3, 0.5)}
    return shipped_audit().robustness.replace(
        strengths=(1, 2),
        intact=Intact(auroc=0.9, abstention=0.1),
        corruptions={"a": Corruption(**(row | one)), "b": Corruption(**(row | two))},
    )


@pytest.fixture
def explanations() -> Explanations:
    curve = Curve(curve=(0.9, 0.4, 0.1), area=estimate(0.45))
    curves = {"deletion": curve, "insertion": curve}
    return shipped_audit().explanations.replace(
        shares=(0.0, 0.5, 1.0),
        lung_area=estimate(0.3),
        methods={
            name: MethodFigures(**curves, in_lungs=estimate(0.5), excess=estimate(0.2))
            for name in ("Grad-CAM", "Grad-CAM++", "LayerCAM")
        },
        chance=Curves(**curves),
        randomised={"head": estimate(0.1), "everything": estimate(-0.1)},
        like=0.5,
    )


def test_drops_stand_in_their_cells(robustness: Robustness) -> None:
    (table,) = audit_plots.drop_by_corruption(robustness).data
    assert [list(row) for row in table.z] == [[0.001, 0.2], [-0.02, 0.1]]
    assert [list(row) for row in table.text] == [["0.00", "+0.20"], ["-0.02", "+0.10"]]
    assert list(table.y) == ["one", "two *"]
    assert table.zmin == -table.zmax, "white is nothing lost"


def test_abstention_starts_at_the_intact_films(robustness: Robustness) -> None:
    *each, mean = audit_plots.abstention_by_strength(robustness).data
    assert len(each) == 2
    assert list(mean.x) == [0, 1, 2]
    assert list(mean.y) == pytest.approx([0.1, 0.2, 0.4])


def test_a_probe_that_failed_has_a_colour_of_its_own() -> None:
    rows = {
        "intact": Probe(title="intact", without_lungs=False, auroc=estimate(0.9)),
        "lungs_out": Probe(title="lungs", without_lungs=True, auroc=estimate(0.5)),
        "border_only": Probe(title="border", without_lungs=True, auroc=estimate(0.7)),
    }
    shortcuts = shipped_audit().probes["test"].replace(probes=rows, limit=0.6)
    figure = audit_plots.probes(shortcuts)
    (bars,) = figure.data
    assert list(bars.x) == [0.9, 0.5, 0.7]
    assert list(bars.error_x.array) == pytest.approx([0.1] * 3)
    assert list(bars.error_x.arrayminus) == pytest.approx([0.05] * 3)
    assert len(set(bars.marker.color)) == 3
    assert [line.x0 for line in figure.layout.shapes] == [0.6]
    within = {name: estimate(0.55) for name in rows}
    (bars,) = audit_plots.probes(shortcuts, within).data
    assert list(bars.x) == [0.55] * 3
    assert bars.marker.color[1] == bars.marker.color[2]


def test_shares_of_heat_stand_beside_the_lungs_area(explanations: Explanations) -> None:
    figure = audit_plots.in_lungs(explanations)
    assert list(figure.data[0].y) == ["Grad-CAM", "Grad-CAM++", "LayerCAM"]
    assert [line.x0 for line in figure.layout.shapes] == [0.3]


def test_the_map_s_own_rows_have_a_colour_of_their_own() -> None:
    rows = {
        name: ZoneRow(title=f"row {name}", correlation=estimate(value))
        for name, value in (("map", -0.3), ("area", 0.2), ("reader", 0.7))
    }
    rows["called"] = ZoneRow(title="too few", correlation=NO_ESTIMATE)
    zones = Zones(films=9, rows=rows, leads={}, clearly_leads=None, severity=NO_ESTIMATE)
    figure = audit_plots.zones(zones)
    (bars,) = figure.data
    assert (list(bars.x), list(bars.y)) == ([-0.3, 0.2, 0.7], ["row map", "row area", "row reader"])
    assert bars.marker.color[0] != bars.marker.color[1] == bars.marker.color[2]
    assert [line.x0 for line in figure.layout.shapes] == [0]
    labels = {one.text: one.x for one in figure.layout.annotations if one.y in bars.y}
    assert labels["-0.30"] == 0, "beside the bar, not on it"


def test_curves_have_their_areas_in_the_legend(explanations: Explanations) -> None:
    for draw in (audit_plots.deletion, audit_plots.insertion):
        lines = draw(explanations).data
        assert [line.name for line in lines][::3] == [
            "Grad-CAM, area 0.45",
            "random order, area 0.45",
        ]
        assert list(lines[0].y) == [0.9, 0.4, 0.1]
        assert len({line.line.color for line in lines}) == 4


def test_randomised_maps_have_a_bar_a_stage(explanations: Explanations) -> None:
    (bars,) = audit_plots.randomised(explanations).data
    assert list(bars.y) == ["head", "everything"]
    assert list(bars.x) == [0.1, -0.1]
