"""The opacity map over a film: in its own unit, where it lies, and never stretched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from covid_core.crop import Crop
from covid_core.explain.opacity_map import OpacityMap

LUNGS = np.zeros((128, 128), bool)
LUNGS[20:110, 20:56] = LUNGS[20:110, 72:108] = True


def map_of(peak: float, row: int = 5, column: int = 1) -> OpacityMap:
    cells = np.full((7, 7), 0.02, np.float32)
    cells[row, column] = peak
    return OpacityMap(cells, (0, 0, 224, 224), 224)


@pytest.mark.parametrize("peak", [0.1, 0.5, 0.93])
def test_heat_is_the_probability_itself(peak: float) -> None:
    opacity = map_of(peak)
    heat = opacity.heat(224, 224)
    assert heat.dtype == np.float32 and heat.min() >= 0 and heat.max() <= opacity.peak
    assert heat[5 * 32 + 16, 32 + 16] == pytest.approx(peak, abs=0.01)
    assert opacity.is_likely is (peak >= 0.5)


def test_the_peak_s_zone_is_named_as_the_patient_has_it() -> None:
    assert map_of(0.9).peak_zone(LUNGS) == "right lower"
    assert map_of(0.9, row=1, column=5).peak_zone(LUNGS) == "left upper"
    assert map_of(0.9, column=3).peak_zone(LUNGS) is None, "between the lungs"
    assert map_of(0.9).peak_zone(np.zeros_like(LUNGS)) is None, "no lungs"


def test_the_share_in_the_lungs_is_of_where_an_opacity_is_likely() -> None:
    opacity = map_of(0.9)
    likely = opacity.heat(*LUNGS.shape) >= 0.5
    share = opacity.share_inside(LUNGS)
    assert share == pytest.approx(likely[LUNGS].sum() / likely.sum()) and 0.5 < share < 1
    assert opacity.share_inside(np.ones_like(LUNGS)) == 1
    assert np.isnan(map_of(0.4).share_inside(LUNGS)), "none is likely"


def test_there_is_no_opacity_outside_the_borders_that_were_cut_off() -> None:
    inner = replace(map_of(0.9), crop=Crop(0.25, 0.25, 0.75, 0.75)).heat(128, 128)
    assert inner[:32].max() == inner[:, :32].max() == inner[96:].max() == inner[:, 96:].max() == 0
    assert inner[32:96, 32:96].max() > 0.8
