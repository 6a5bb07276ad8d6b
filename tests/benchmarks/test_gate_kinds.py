"""Films as people pass them on, made of drawn and of real ones, and what the shipped gate says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.gate_kinds import BORDERS, KINDS, first_code, measure_kinds
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
    made = [make(DRAWN, np.random.default_rng(seed)) for seed in range(4)]
    found = [first_code(gate, one, borders) for one in made for borders in BORDERS]
    assert found.count(code) >= 7


def test_shares_are_of_all_pictures(gate: Gate) -> None:
    rows = measure_kinds(gate, DRAWN, 2)
    assert [row[:2] for row in rows] == [[name, "2"] for name in KINDS]
    assert all(cell.endswith("%") or not cell for row in rows for cell in row[2:])


@pytest.mark.real_data
def test_real_films_of_a_source_that_never_trained(gate: Gate, shared_data: Path) -> None:
    paths = sorted((shared_data / "covid-chestxray" / "images").iterdir())[::12]
    films = [Image.open(path).convert("L") for path in paths]
    for name, *_, kept, kept_truly, cut, cut_truly in measure_kinds(gate, films, REAL):
        shares = [float(cell.rstrip("%")) for cell in (kept, kept_truly, cut, cut_truly) if cell]
        if KINDS[name][0] is None:
            assert max(shares) <= 5, f"{name}: {shares}"
        else:
            assert min(shares) >= 95, f"{name}: {shares}"
