"""Films as people pass them on, made of drawn and of real ones, and what the shipped gate says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.gate_kinds import KINDS, first_code, measure_kind, measure_source
from covid_core.model.gate_findings import Code
from covid_core.predict.gate import Gate
from covid_core.read.phantom import KINDS as PHANTOMS
from covid_core.read.phantom import draw_phantom

DRAWN = [Image.fromarray(draw_phantom(kind, size_px=300, seed=7)) for kind in PHANTOMS]
REAL = 40  # pictures of each kind


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate.load()


@pytest.mark.parametrize("name", KINDS)
def test_pictures_are_made_alike_each_time(name: str) -> None:
    made = [KINDS[name][1](DRAWN, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert np.array_equal(*map(np.asarray, made[:2]))
    assert made[0].size != made[2].size or not np.array_equal(*map(np.asarray, made[1:]))
    assert made[0].width > DRAWN[0].width


@pytest.mark.parametrize("name", KINDS)
def test_a_drawn_film_is_refused_for_the_true_reason_or_let_through(gate: Gate, name: str) -> None:
    code, make = KINDS[name]
    found = [first_code(gate, make(DRAWN, np.random.default_rng(seed))) for seed in range(6)]
    assert found.count(code) >= 5


def test_shares_are_of_all_pictures_and_of_plain_films(gate: Gate, tmp_path: Path) -> None:
    refused, right = measure_kind(gate, "collimated, on black", DRAWN, 3)
    assert right == 3 - refused
    paths = [tmp_path / "upright.png", tmp_path / "turned.png"]
    DRAWN[0].save(paths[0])
    DRAWN[0].rotate(180).save(paths[1])
    assert measure_source(gate, paths) == [Code.UPSIDE_DOWN]


@pytest.mark.real_data
@pytest.mark.parametrize("name", KINDS)
def test_real_films_of_a_source_that_never_trained(
    gate: Gate, shared_data: Path, name: str
) -> None:
    paths = sorted((shared_data / "covid-chestxray" / "images").iterdir())[::12]
    films = [Image.open(path).convert("L") for path in paths]
    assert measure_kind(gate, name, films, REAL)[1] >= 0.95 * REAL
