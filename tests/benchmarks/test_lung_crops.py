"""Films cut to their lungs' box: what is cut, and what is said of what is left."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import lung_crops
from covid_core.boxes import parse_boxes
from covid_core.crop import WHOLE
from covid_core.datasets.columns import COLUMNS
from covid_core.datasets.manifest import read_manifest, write_manifest
from covid_core.present.overlay import png
from covid_core.read.phantom import draw_phantom
from covid_core.read.reading import read_file


def test_the_box_is_around_the_lungs_with_a_margin_and_inside_the_film() -> None:
    mask = np.zeros((100, 200), bool)
    mask[20:70, 10:150] = True
    crop = lung_crops.lungs_box(mask, 0.1)
    sides = (crop.left, crop.top, crop.right, crop.bottom)
    assert sides == pytest.approx((0.0, 0.1, 0.85, 0.8))
    assert lung_crops.lungs_box(mask, 1) == WHOLE
    assert lung_crops.lungs_box(np.zeros((8, 8), bool), 0.1) == WHOLE, "no lungs were found"


def test_films_and_their_boxes_are_cut_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = []
    for i, split in enumerate(("train", "test", "unlabelled")):
        path = tmp_path / f"{i}.png"
        path.write_bytes(png(draw_phantom(size_px=384)))
        row = dict.fromkeys(COLUMNS, "") | {"path": str(path), "label": "covid", "source": "a"}
        row |= {"age": 40.0, "width": 384, "height": 384, "sha256": f"{i:064x}", "split": split}
        rows.append(row | {"duplicate_group": i, "boxes": "[[0.4, 0.4, 0.6, 0.6]]"})
    kinds = {name: kind for name, (kind, _) in COLUMNS.items()}
    write_manifest(pd.DataFrame(rows).astype(kinds), tmp_path / "films.parquet")
    widths = {}
    for margin in ("0.02", "1"):
        out = tmp_path / f"out-{margin}"
        given = [str(tmp_path / "films.parquet"), "--out", str(out), "--margin", margin]
        monkeypatch.setattr(sys, "argv", ["lung_crops", *given])
        lung_crops.main()
        table = read_manifest(out / "films.parquet")
        assert list(table["split"]) == ["train", "test"], "films on no side are not written"
        film = read_file(Path(table["path"][0]))
        assert film.shape == (lung_crops.SIDE_PX, lung_crops.SIDE_PX)
        [(left, _, right, _)] = parse_boxes(table["boxes"][0]) or ()
        widths[margin] = right - left
    assert widths["1"] == pytest.approx(0.2, abs=1e-3), "a margin of 1 cuts nothing"
    assert widths["0.02"] > 0.22, "the box is wider in what is left"
    assert "2 films, 100.0% of them cut" in capsys.readouterr().out
