"""Folders to a manifest: every column filled, every file accounted for, real twins found."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from covid_core.datasets.case import Selection
from covid_core.datasets.compile import Compilation, compile_manifest
from covid_core.datasets.manifest import COLUMNS
from covid_core.datasets.split import overlaps
from covid_core.errors import DatasetError
from tests.films import clinic, encode, grey_film


@pytest.fixture
def compiled(tmp_path: Path) -> Compilation:
    root = clinic(tmp_path / "clinic", films=60)
    (root / "covid" / "damaged.png").write_bytes(b"no picture")
    (root / "covid" / "copy.png").write_bytes((root / "covid" / "2.png").read_bytes())
    return compile_manifest([root], tmp_path / "cache", workers=2, skip_bad=True)


def test_every_column_is_there_in_its_type(compiled: Compilation) -> None:
    table = compiled.table
    assert {name: str(kind) for name, kind in table.dtypes.items()} == {
        name: kind for name, (kind, _) in COLUMNS.items()
    }
    assert len(table) == 61
    assert table["sha256"].nunique() == 60
    assert (table["width"] == 150).all()
    assert set(table["source"]) == {"clinic"}


def test_every_file_is_a_row_or_has_a_reason(compiled: Compilation) -> None:
    [left] = compiled.left_out
    assert compiled.damaged == [left]
    assert left.path.name == "damaged.png"
    assert "not a PNG" in left.reason


def test_a_copy_is_grouped_and_one_of_the_two_is_kept(compiled: Compilation) -> None:
    copies = compiled.table[compiled.table["path"].str.endswith(("copy.png", "covid/2.png"))]
    assert copies["duplicate_group"].nunique() == 1
    assert sorted(copies["split"] == "twin of a film kept") == [False, True]
    assert overlaps(compiled.table) == []


def test_rows_of_survey_and_twins_are_those_of_the_table(compiled: Compilation) -> None:
    assert np.array_equal(compiled.survey.sha256, compiled.table["sha256"])
    [[a, b]] = compiled.twins.pairs
    assert compiled.table["sha256"][a] == compiled.table["sha256"][b]


def test_same_films_and_seed_give_the_same_manifest(tmp_path: Path) -> None:
    root = clinic(tmp_path / "clinic", films=60)
    tables = [
        compile_manifest([root], tmp_path / f"cache{i % 2}", workers=1 + i, seed=5).table
        for i in range(3)
    ]
    pd.testing.assert_frame_equal(tables[0], tables[1])
    pd.testing.assert_frame_equal(tables[0], tables[2])


def test_a_source_whose_films_trained_is_not_held_out_of_the_split_that_is_kept(
    tmp_path: Path,
) -> None:
    roots = [clinic(tmp_path / name, films=60, first=100 * i) for i, name in enumerate("ab")]
    first = compile_manifest(roots, tmp_path / "cache", workers=1, held_out=["b"]).table
    again = compile_manifest(roots, tmp_path / "cache", workers=1, held_out=["b"], kept=first)
    assert set(again.table["split"][again.table["source"] == "b"]) == {"held out"}
    with pytest.raises(
        DatasetError, match="source a is to be held out, and 60 of its images train"
    ):
        compile_manifest(roots, tmp_path / "cache", workers=1, held_out=["a"], kept=first)


def test_an_empty_class_is_named(tmp_path: Path) -> None:
    root = clinic(tmp_path / "clinic", films=60)
    for path in (root / "covid").iterdir():
        path.unlink()
    for skip_bad in (False, True):
        with pytest.raises(DatasetError, match="no covid radiograph"):
            compile_manifest([root], tmp_path / "cache", workers=1, skip_bad=skip_bad)


def test_all_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    root = clinic(tmp_path / "data" / "clinic", films=60)
    for path in (root / "covid").iterdir():
        path.unlink()
    planted = [root / "normal" / "0.png", root / "normal" / "cut.png", root / "pneumonia" / "1.png"]
    planted[0].write_bytes(b"")
    planted[1].write_bytes((root / "normal" / "3.png").read_bytes()[:400])
    planted[2].write_bytes(b"<html>")
    cohen = tmp_path / "data" / "cohen"
    (cohen / "images").mkdir(parents=True)
    (cohen / "metadata.csv").write_bytes(b"finding,view\xff\xfe\n")
    with pytest.raises(DatasetError, match="not whole") as refused:
        compile_manifest([tmp_path / "data"], tmp_path / "cache", workers=2)
    lines = refused.value.problem.splitlines()
    assert lines[-1] == "5 in all"
    assert "  no covid radiograph that can be read" in lines
    for place in (*planted, cohen):
        assert [line for line in lines if line.startswith(f"  {place}: ")]
    assert "--skip-bad" in refused.value.remedy


@pytest.mark.parametrize("table", [b"", b"\xff\xfe"])
def test_a_dataset_whose_table_can_t_be_read_is_left_out_where_that_is_requested(
    tmp_path: Path, table: bytes
) -> None:
    clinic(tmp_path / "clinic", films=60)
    (tmp_path / "cohen" / "images").mkdir(parents=True)
    (tmp_path / "cohen" / "metadata.csv").write_bytes(table)
    with pytest.raises(DatasetError, match="its table of radiographs can't be read"):
        compile_manifest([tmp_path], tmp_path / "cache", workers=1)
    compiled = compile_manifest([tmp_path], tmp_path / "cache", workers=1, skip_bad=True)
    assert [left.path.name for left in compiled.damaged] == ["cohen"]
    assert len(compiled.table) == 60


def test_planted_leaks_are_found_and_brought_together(tmp_path: Path) -> None:
    root = clinic(tmp_path / "clinic", films=60)
    film = grey_film(140, 150, seed=2)
    (root / "covid" / "copy.png").write_bytes((root / "covid" / "5.png").read_bytes())
    brighter = np.clip(film * 0.9 + 20, 0, 255).astype(np.uint8)
    (root / "covid" / "again.jpg").write_bytes(encode(brighter, "JPEG", quality=80))
    for label in ("normal", "covid"):
        (root / label / "one patient").mkdir()
        for i in (100, 101):
            kept = encode(grey_film(140, 150, seed=i + 10 * (label == "covid")), "PNG")
            (root / label / "one patient" / f"{i}.png").write_bytes(kept)
    table = compile_manifest([root], tmp_path / "cache", workers=2).table
    assert overlaps(table) == []
    names = table["path"].map(lambda path: Path(path).name)
    for twins in (("5.png", "copy.png"), ("2.png", "again.jpg")):
        own = table[names.isin(twins)]
        assert own["duplicate_group"].nunique() == 1
        assert sorted(own["split"] == "twin of a film kept") == [False, True]
    assert table[table["patient"] == "one patient"]["split"].nunique() == 1


def test_a_source_to_hold_out_must_be_there(tmp_path: Path) -> None:
    root = clinic(tmp_path / "clinic", films=30)
    with pytest.raises(DatasetError, match="no source named nowhere") as refused:
        compile_manifest([root], tmp_path / "cache", workers=1, held_out=["nowhere"])
    assert "clinic" in refused.value.remedy


def test_where_no_film_can_be_read_each_class_is_missing(tmp_path: Path) -> None:
    root = clinic(tmp_path / "clinic", films=3)
    for path in root.rglob("*.png"):
        path.write_bytes(encode(grey_film(20, 20), "PNG"))
    for skip_bad in (False, True):
        with pytest.raises(DatasetError, match="no pneumonia radiograph that can be read"):
            compile_manifest([root], tmp_path / "cache", workers=1, skip_bad=skip_bad)


@pytest.fixture(scope="module")
def real(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Compilation:
    cache = tmp_path_factory.mktemp("cache")
    workers = os.cpu_count() or 1
    return compile_manifest(
        [shared_data], cache, workers=workers, held_out=["covid-chestxray"], skip_bad=True
    )


def with_a_twin_in(real: Compilation, source: str, label: str, other: str) -> int:
    """How many films of a source and label are the same picture as one of another source."""
    table = real.table
    a, b = real.twins.pairs.T
    both = np.concatenate([real.twins.pairs, np.stack([b, a], axis=1)])
    own = (table["source"] == source) & (table["label"] == label)
    hits = own.to_numpy()[both[:, 0]] & (table["source"] == other).to_numpy()[both[:, 1]]
    return len(np.unique(both[hits, 0]))


@pytest.mark.real_data
def test_the_public_sets_known_twins_are_found(real: Compilation) -> None:
    """At least 99% of what plain correlation of 32 px thumbnails above 0.99 finds in these sets."""
    assert with_a_twin_in(real, "chest_xray", "normal", "radiography") == 1341
    assert with_a_twin_in(real, "radiography", "covid", "covid-cxnet") >= 0.99 * 840
    assert with_a_twin_in(real, "radiography", "covid", "covid-chestxray") >= 0.99 * 418
    assert with_a_twin_in(real, "radiography", "covid", "radiography") >= 300


@pytest.mark.real_data
def test_the_public_sets_split_is_clean(real: Compilation) -> None:
    assert overlaps(real.table) == []
    assert real.table["split"].value_counts()["twins with different labels"] < 100


@pytest.mark.real_data
def test_views_and_opacities_are_as_requested(shared_data: Path, tmp_path: Path) -> None:
    from covid_core.datasets.layouts import read_cases
    from covid_core.read.radiograph import View

    found = read_cases([shared_data / "covid-chestxray"], Selection(frozenset({View.PA})))
    assert {case.view for case in found.cases} == {View.PA}
    assert sum(left.reason.startswith("view AP") for left in found.left_out) > 100
