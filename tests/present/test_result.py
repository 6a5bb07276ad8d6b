"""A result as JSON: complete, honest about what was not measured, and nobody's."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from covid_core.findings import Finding
from covid_core.metrics import Estimate
from covid_core.model.decision import OperatingPoint
from covid_core.model.gate_findings import Code
from covid_core.present.result import Result, result_json
from covid_core.present.sentences import DISCLAIMER
from tests.exports.results import COVID, NORMAL, TORN, WEIGHTS_SHA256, made

UNDECIDED = (0.4, 0.2, 0.4)


def plain(result: Result) -> dict:
    """As it comes back from strict JSON."""
    return json.loads(json.dumps(result_json(result), allow_nan=False))


def test_the_whole_reading_is_in_it() -> None:
    content = plain(made(remarks=(Code.CHILD,), notes=("stored inverted",)))
    assert content["schema_version"] == 6 and content["made"] == "2026-11-21T09:30:15+00:00"
    assert content["model"]["weights_sha256"] == WEIGHTS_SHA256
    assert content["probabilities"] == {"normal": 0.04, "pneumonia": 0.07, "covid": 0.89}
    assert content["decision"]["tier"] == "COVID-19 likely"
    assert content["decision"]["call"] == "covid" and content["decision"]["positive"] is True
    assert content["prediction_set"] == ["covid"]
    point = content["operating_point"]
    assert (point["name"], point["threshold"]) == ("balanced", 0.3)
    assert point["sensitivity"] == {"value": 0.912, "low": 0.88, "high": 0.94, "n": 300}
    assert content["remarks"][0]["code"] == "child"
    assert "a child's radiograph" in content["remarks"][0]["sentence"]
    assert content["notes"] == ["stored inverted"] and content["disclaimer"] == DISCLAIMER


def test_the_cells_and_the_bias_make_the_logit() -> None:
    evidence = plain(made())["evidence"]
    assert np.shape(evidence["cells"]) == (7, 7)
    total = float(np.sum(evidence["cells"])) + evidence["bias"]
    assert total == pytest.approx(evidence["logit"], abs=1e-4)
    assert evidence["logit"] == pytest.approx(np.log(0.89), abs=1e-5)


def test_predictive_values_are_bayes() -> None:
    worth = plain(made())["predictive_value"]
    found, alarmed = 0.912 * 0.05, 0.125 * 0.95
    assert worth["prevalence"] == 0.05
    assert worth["positive"] == pytest.approx(found / (found + alarmed), abs=1e-6)
    assert worth["of_this_call"] == worth["positive"]
    assert plain(made(NORMAL))["predictive_value"]["of_this_call"] == worth["negative"]
    assert plain(made(TORN))["predictive_value"]["of_this_call"] == worth["positive"]
    assert plain(made(UNDECIDED))["predictive_value"]["of_this_call"] is None


def test_what_is_not_known_is_null_and_never_nan() -> None:
    point = OperatingPoint("balanced", 0.5, Estimate(float("nan"), 0.1, 0.2, 0), None)
    result = made(NORMAL, point=point)
    cold = replace(result.saliency, cells=-np.ones((7, 7), np.float32))
    content = plain(replace(result, saliency=cold))
    assert content["operating_point"]["specificity"] is None
    assert content["operating_point"]["sensitivity"]["value"] is None
    assert content["predictive_value"]["positive"] is None
    assert content["evidence"]["heat_in_lungs"] is None


@pytest.mark.parametrize(
    ("probabilities", "shown", "drawn"),
    [
        (COVID, Finding.COVID, True),
        (COVID, Finding.NORMAL, False),
        (NORMAL, Finding.COVID, False),
        (NORMAL, Finding.NORMAL, False),
        (TORN, Finding.PNEUMONIA, True),
    ],
)
def test_heat_is_only_drawn_of_a_class_that_reaches_its_threshold(
    probabilities: tuple[float, ...], shown: Finding, drawn: bool
) -> None:
    result = made(probabilities, shown=shown)
    assert plain(result)["evidence"]["heat_drawn"] is drawn
    assert result.caption.startswith("Evidence for" if drawn else "No heat is drawn")


def test_the_share_of_heat_in_the_lungs_is_the_saliencys() -> None:
    result = made()
    everywhere = replace(result, lungs=np.ones((128, 128), bool))
    assert everywhere.heat_in_lungs == pytest.approx(1)
    assert plain(result)["evidence"]["heat_in_lungs"] == pytest.approx(
        result.heat_in_lungs, abs=1e-6
    )


def test_times_are_written_in_utc_and_must_have_their_zone() -> None:
    local = datetime(2026, 11, 21, 1, 0, tzinfo=timezone(timedelta(hours=9)))
    assert plain(replace(made(), made=local))["made"] == "2026-11-20T16:00:00+00:00"
    with pytest.raises(ValueError, match="time zone"):
        replace(made(), made=datetime(2026, 11, 21))


def test_a_results_name_is_its_digest() -> None:
    result = made()
    assert result.name == f"film-{result.prediction.radiograph_sha256[:8]}"


def test_weights_without_an_opacity_map_say_null() -> None:
    content = plain(made())
    assert content["opacity"] is None and content["rsna_category"] is None


def test_the_opacity_map_and_the_category_come_with_what_was_measured() -> None:
    content = plain(made(opacity=True))
    opacity, category = content["opacity"], content["rsna_category"]
    assert np.shape(opacity["cells"]) == (7, 7) and opacity["peak"] == pytest.approx(0.86)
    assert opacity["peak_zone"] == "right lower" and 0 < opacity["in_lungs"] < 1
    assert "in the right lower lung zone (86%)" in opacity["sentence"]
    assert category["category"] == "typical" and category["calibrated"] is False
    assert category["shares"]["typical"] == 0.7 and sum(category["shares"].values()) == 1
    assert "Typical appearance (the network's share is 70%" in category["sentence"]
    measured = [content["evidence"]["measured"], opacity["measured"], category["measured"]]
    assert measured == [f"Worth of the {one}." for one in ("evidence", "opacity", "category")]
