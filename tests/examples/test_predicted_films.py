"""The example of predicted against actual films, run on drawn films."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from covid_core.datasets.compile import compile_manifest
from covid_core.datasets.manifest import read_manifest, write_manifest
from covid_core.datasets.split import Split
from covid_core.errors import DatasetError
from covid_core.findings import Finding
from covid_core.model.card import read_any_card
from covid_core.model.networks import Network
from covid_core.prepare.preprocess import Preprocess
from examples.predicted_films import CalledFilm, draw_films, draw_grid
from tests.films import clinic
from tests.models import save_network

ROOT = Path(__file__).parent.parent.parent
TWO = (Finding.NORMAL, Finding.COVID)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A manifest, and a network that calls every film COVID-19."""
    place = tmp_path_factory.mktemp("place")
    table = compile_manifest([clinic(place / "c", films=90)], place / "cache", workers=2).table
    write_manifest(table, place / "m.csv")
    network = Network("cnn4_narrow", 2)
    torch.nn.init.zeros_(network.head.linear.weight)
    network.head.linear.bias.data = torch.tensor([0.0, 9.0])
    save_network(network, place / "w", preprocess=Preprocess(size_px=64), recipe="two", classes=TWO)
    return place


def test_the_example_draws_and_counts(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "predicted.png"
    command = [sys.executable, "-m", "examples.predicted_films", str(place / "m.csv")]
    command += ["--weights", str(place / "w"), "--recipe", "two", "--films", "6"]
    done = subprocess.run(
        [*command, "--out", str(out)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "3 of 6 called as labelled"
    with Image.open(out) as picture:
        assert picture.width > 1000 and picture.height > 500


def test_films_are_of_the_test_part_and_alike_of_each_class(place: Path) -> None:
    table, card = read_manifest(place / "m.csv"), read_any_card(place / "w", "two")
    rows = draw_films(table, card, 5, seed=1)
    assert set(rows["split"]) == {Split.TEST.value}
    assert rows["output"].tolist() == [0, 1, 0, 1, 0]
    assert rows["label"].tolist() == ["normal", "covid"] * 2 + ["normal"]
    assert rows["path"].tolist() == draw_films(table, card, 5, seed=1)["path"].tolist()
    assert rows["path"].tolist() != draw_films(table, card, 5, seed=2)["path"].tolist()
    with pytest.raises(DatasetError, match="test part"):
        draw_films(table.assign(split=Split.TRAIN.value), card, 5, seed=1)


def test_a_wrong_call_is_in_red_and_both_classes_are_named() -> None:
    picture = np.zeros((8, 8), np.uint8)
    right = CalledFilm(picture, Finding.COVID, Finding.COVID, 0.75)
    wrong = CalledFilm(picture, Finding.NORMAL, Finding.COVID, 0.5)
    drawn = draw_grid([right, wrong, right, wrong, wrong])
    assert len(drawn.axes) == 8
    titles = [axes.title for axes in drawn.axes[:5]]
    assert titles[1].get_text() == "predicted COVID-19 (0.50)\nactual Normal"
    assert [title.get_color() for title in titles] == [
        "firebrick" if film == "wrong" else "black"
        for film in ("right", "wrong", "right", "wrong", "wrong")
    ]


def test_what_is_no_manifest_is_said(place: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "examples.predicted_films", str(tmp_path / "none.csv")]
    command += ["--weights", str(place / "w"), "--recipe", "two"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "Traceback" not in done.stderr
