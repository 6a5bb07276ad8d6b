"""The example of exploring a dataset, run on drawn films."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from covid_core.findings import Finding
from covid_core.read.phantom import KINDS, draw_phantom
from examples import explore

ROOT = Path(__file__).parent.parent.parent
SIZES = {"normal": 256, "pneumonia": 320, "covid": 384}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three films of each class, every class of a size of its own; one more is cut short."""
    folder = tmp_path_factory.mktemp("films")
    for kind, (name, size_px) in zip(KINDS, SIZES.items(), strict=False):
        (folder / name).mkdir()
        for seed in range(3):
            film = Image.fromarray(draw_phantom(kind, size_px=size_px, seed=seed))
            film.save(folder / name / f"{seed}.png")
    whole = (folder / "covid" / "0.png").read_bytes()
    (folder / "covid" / "cut.png").write_bytes(whole[: len(whole) // 2])
    return folder


def test_the_example_counts_and_draws(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "explored.png"
    command = [sys.executable, "-m", "examples.explore", str(folder), "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["Normal", "Other pneumonia", "COVID-19"]
    for line, size_px in zip(lines, SIZES.values(), strict=True):
        assert f" 3 films, median {size_px} x {size_px} px" in line and line.endswith("3 .png")
    assert done.stderr.startswith("left out: ") and "cut.png" in done.stderr
    with Image.open(out) as picture:
        assert picture.width > picture.height > 300


def test_the_mean_film_is_the_mean_of_the_class(folder: Path) -> None:
    classes = {films.label: films for films in explore.read_classes(folder)}
    films = classes[Finding.COVID]
    assert films.pictures.shape == (3, explore.SIZE_PX, explore.SIZE_PX)
    assert np.allclose(films.mean, films.pictures.astype(float).mean(axis=0))
    drawn = explore.draw(list(classes.values()))
    assert len(drawn.axes) == 3 * (explore.SAMPLES + 2)


def test_what_is_no_dataset_is_said(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "examples.explore", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "Traceback" not in done.stderr
