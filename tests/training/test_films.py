"""A manifest as arrays: only films that train, tune or test; one that went bad since is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from covid_core.boxes import format_boxes
from covid_core.datasets.compile import compile_manifest
from covid_core.datasets.split import Split
from covid_core.errors import DatasetError
from covid_core.findings import CLASSES
from covid_core.prepare.preprocess import Preprocess
from covid_core.training.films import load_films
from tests.films import clinic, encode

SMALL = Preprocess(size_px=64)


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    root = clinic(tmp_path / "clinic", films=36)
    (root / "covid" / "copy.png").write_bytes((root / "covid" / "2.png").read_bytes())
    return compile_manifest([root], tmp_path / "cache", workers=2).table


def test_arrays_are_the_manifest_without_what_is_left_out(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    films = load_films(table, SMALL, tmp_path / "cache", workers=2)
    rows = table[table["split"] != "twin of a film kept"]
    assert len(rows) == 36
    assert list(films.names) == list(rows["path"])
    assert [CLASSES[label].value for label in films.labels] == list(rows["label"])
    assert films.pictures.shape == (36, 64, 64)
    assert len(set(films.groups)) == 36
    parts = (Split.TRAIN, Split.VALIDATION, Split.TEST)
    assert sorted(np.concatenate([films.part(split) for split in parts])) == list(range(36))


def test_films_that_are_gone_are_named(table: pd.DataFrame, tmp_path: Path) -> None:
    moved = table.assign(path=str(tmp_path / "elsewhere") + table["path"].str[-8:])
    with pytest.raises(DatasetError, match="adiographs of the manifest are not there") as refused:
        load_films(moved, SMALL, tmp_path / "cache", workers=2)
    assert refused.value.problem.count(str(tmp_path / "elsewhere")) == 36
    assert "36 in all" in refused.value.problem


def test_films_that_went_bad_since_are_named(table: pd.DataFrame, tmp_path: Path) -> None:
    bad = table.loc[table["split"] == "train", "path"].iloc[:2]
    for path in bad:
        Path(path).write_bytes(b"no picture")
    with pytest.raises(DatasetError, match="Make the manifest anew") as refused:
        load_films(table, SMALL, tmp_path / "cache", workers=2)
    assert all(f"\n  {path}: " in refused.value.problem for path in bad)


def test_films_without_a_label_train_for_a_teacher_unless_they_belong_to_another_side(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    here, there = (int(table.index[table["split"] == side][0]) for side in ("train", "test"))
    rows = table.loc[[here, there]].assign(label="", split="unlabelled", patient="")
    stranger = table.loc[[here]].assign(label="", split="unlabelled", duplicate_group=10_000)
    more = pd.concat([table, rows, stranger], ignore_index=True)
    plain = load_films(more, SMALL, tmp_path / "cache", workers=2)
    films = load_films(more, SMALL, tmp_path / "cache", workers=2, unlabelled=True)
    assert len(films.labels) == len(plain.labels) + 2
    new = np.nonzero(films.labels < 0)[0]
    assert set(films.splits[new]) == {"train"}
    assert set(new) <= set(films.training_indices(include_unknown=True))
    assert not set(new) & set(films.training_indices())


def test_boxes_go_with_the_pictures_where_borders_are_cut(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    path = Path(table.loc[table["split"] == "train", "path"].iloc[0])
    film = np.asarray(Image.open(path))
    _height, width = film.shape
    path.write_bytes(encode(np.pad(film, ((0, 0), (width // 2, 0)), constant_values=255), "PNG"))
    box = format_boxes([(0.5, 0.25, 0.75, 0.5)])  # of the film's left, beside the bar
    boxed = table.assign(boxes=table["path"].map(lambda one: box if one == str(path) else ""))
    cut = replace(SMALL, borders="cut")
    kept = load_films(boxed, SMALL, tmp_path / "cache", workers=2)
    films = load_films(boxed, cut, tmp_path / "cache", workers=2)
    i = films.names.index(str(path))
    assert kept.boxes[i] == ((0.5, 0.25, 0.75, 0.5),)
    assert np.allclose(films.boxes[i] or (), [(0.25, 0.25, 0.625, 0.5)], atol=0.01)
    assert np.array_equal(films.pictures[i], SMALL.picture(film.astype(np.float32) / 255))
    (mask,) = films.masks(np.array([i]))
    assert mask[36:69, 36:86].min() == 255
    assert mask[:32].max() == 0
    assert films.boxes[1 - min(i, 1)] is None
