"""Rules for whole answers, on drawn films: warned of, refused, and as without a border."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.gate_cases import judge_as_without_border, judge_refused, judge_warned
from covid_core.model.gate_findings import Code
from covid_core.read.phantom import draw_phantom


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    film = draw_phantom(size_px=300, seed=4321)
    films = {
        "15-0.png": film,
        "15-bordered.png": np.pad(film, 75),
        "15-other.png": np.pad(
            film[:, ::-1] // 2 + draw_phantom("opacities on both sides", size_px=300) // 2, 75
        ),
        "16.png": np.hstack([film, film]),
        "17.png": film // 6,
    }
    for name, pixels in films.items():
        Image.fromarray(pixels).save(tmp_path / name)
    return tmp_path


def test_an_answer_is_compared_with_that_of_the_film_without_its_border(folder: Path) -> None:
    is_right, why = judge_as_without_border(folder / "15-bordered.png")
    assert is_right and "changes by 0.000" in why
    assert not judge_as_without_border(folder / "15-other.png")[0]


def test_refusals_and_remarks_are_right_by_their_codes(folder: Path) -> None:
    assert judge_refused(folder / "16.png", Code.SEVERAL_FILMS)[0]
    assert not judge_refused(folder / "16.png", Code.SCREENSHOT)[0]
    assert not judge_refused(folder / "15-0.png", Code.SCREENSHOT)[0]
    assert judge_warned(folder / "17.png", Code.TOO_DARK)[0]
    assert judge_warned(folder / "15-0.png", Code.TOO_DARK) == (False, "no remark")
    assert not judge_warned(folder / "16.png", Code.TOO_DARK)[0]
