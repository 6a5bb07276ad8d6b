"""The manifest on disk: what is written is read, in both formats; what is none is refused."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from covid_core.datasets.case import LeftOut
from covid_core.datasets.manifest import (
    COLUMNS,
    read_manifest,
    write_left_out,
    write_manifest,
    write_overruled,
)
from covid_core.datasets.split import Split
from covid_core.errors import DatasetError, Unwritten


def manifest(folder: Path) -> pd.DataFrame:
    """Two films with everything that is hard to keep: nothing known, commas, accents, zeros."""
    rows = {
        "path": [str(folder / "films" / "a, b.png"), str(folder / "films" / "é.png")],
        "label": ["covid", ""],
        "source": ["one", "NA"],
        "patient": ["007", ""],
        "finding": ["COVID-19, ARDS", ""],
        "appearance": ["typical", ""],
        "boxes": ["[[0.1, 0.2, 0.3, 0.4]]", ""],
        "view": ["PA", "unknown"],
        "age": [0.03, np.nan],
        "sex": ["F", ""],
        "width": [200, 300],
        "height": [100, 150],
        "sha256": ["0" * 64, "1" * 64],
        "duplicate_group": [0, 1],
        "split": ["train", "unlabelled"],
    }
    return pd.DataFrame(rows).astype({name: kind for name, (kind, _) in COLUMNS.items()})


@pytest.mark.parametrize("name", ["manifest.parquet", "manifest.csv"])
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    table = manifest(tmp_path)
    write_manifest(table, tmp_path / name)
    pd.testing.assert_frame_equal(read_manifest(tmp_path / name), table)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["manifest.parquet", "manifest.csv"])
def test_films_and_manifest_move_together(tmp_path: Path, name: str) -> None:
    (tmp_path / "here" / "films").mkdir(parents=True)
    write_manifest(manifest(tmp_path / "here"), tmp_path / "here" / name)
    (tmp_path / "here").rename(tmp_path / "there")
    moved = read_manifest(tmp_path / "there" / name)
    assert list(moved["path"]) == list(manifest(tmp_path / "there")["path"])


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("m.csv", b"path,label\n", "no column source"),
        ("m.csv", b"\xff\xfe\x00", "can't be read as a manifest"),
        ("m.parquet", b"PAR1", "can't be read as a manifest"),
        ("m.parquet", None, "can't be read as a manifest"),
        ("m.xlsx", b"", ".parquet or a .csv"),
    ],
)
def test_what_is_no_manifest_is_refused(
    tmp_path: Path, name: str, content: bytes | None, problem: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=problem) as refused:
        read_manifest(tmp_path / name)
    assert refused.value.file == str(tmp_path / name)


def test_labels_in_any_common_spelling_are_known(tmp_path: Path) -> None:
    write_manifest(
        manifest(tmp_path).assign(label=["SARS-CoV-2", "Viral Pneumonia"]), tmp_path / "m.csv"
    )
    assert read_manifest(tmp_path / "m.csv")["label"].tolist() == ["covid", "pneumonia"]


@pytest.mark.parametrize("row", ["one", "one,two" + "," * 30 + "more"])
def test_a_row_of_more_or_fewer_cells_is_named_by_its_line(tmp_path: Path, row: str) -> None:
    path = tmp_path / "m.csv"
    write_manifest(manifest(tmp_path), path)
    path.write_text(f"{path.read_text()}{row}\n")
    with pytest.raises(DatasetError, match="1 rows have .* lines 4"):
        read_manifest(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_manifest_that_a_spreadsheet_saved_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "m.csv"
    write_manifest(manifest(tmp_path), path)
    before = read_manifest(path)
    columns = pd.read_csv(path, dtype=str, keep_default_na=False)
    path.write_bytes(f"{columns.to_csv(index=False, sep=';')}\n".encode(encoding))
    pd.testing.assert_frame_equal(read_manifest(path), before)


def test_a_label_that_is_none_is_named(tmp_path: Path) -> None:
    write_manifest(manifest(tmp_path).assign(label=["covid", "COVD"]), tmp_path / "m.csv")
    with pytest.raises(DatasetError, match="COVD"):
        read_manifest(tmp_path / "m.csv")


def test_a_folder_that_can_t_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unwritten, match="can't be written"):
        write_manifest(manifest(tmp_path), tmp_path / "file" / "m.csv")


def test_a_manifest_from_before_there_were_readings_is_read(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    write_manifest(manifest(tmp_path), path)
    old = pd.read_csv(path, dtype=str, keep_default_na=False).drop(columns=["appearance", "boxes"])
    old.to_csv(path, index=False)
    table = read_manifest(path)
    assert list(table["appearance"]) == list(table["boxes"]) == ["", ""]


def test_an_unknown_appearance_is_named(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    write_manifest(manifest(tmp_path).assign(appearance=["odd", ""]), path)
    with pytest.raises(DatasetError, match="column appearance has unknown words: odd"):
        read_manifest(path)


def test_files_that_a_reading_overrules_are_listed(tmp_path: Path) -> None:
    table = manifest(tmp_path).assign(split=["a radiologist read it otherwise", "train"])
    write_overruled(table, tmp_path / "o.csv")
    listed = pd.read_csv(tmp_path / "o.csv")
    assert list(listed["label"]) == ["covid"]
    assert list(listed["source"]) == ["one"]


def test_no_table_holds_a_formula_and_a_manifest_still_reads_as_it_was(tmp_path: Path) -> None:
    names = ["=HYPERLINK(1).png", "'=a.png"]
    table = manifest(tmp_path).assign(
        path=[str(tmp_path / name) for name in names],
        finding=["=1+1", "-"],
        split=[Split.OVERRULED.value] * 2,
    )
    write_manifest(table, tmp_path / "m.csv")
    write_overruled(table.assign(path=names), tmp_path / "o.csv")
    left_out = [LeftOut(Path(name), "@one", "=1+1") for name in names]
    write_left_out(left_out, tmp_path / "l.csv")
    for name in ("m.csv", "o.csv", "l.csv"):
        with (tmp_path / name).open(newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "@", "-"))]
    pd.testing.assert_frame_equal(read_manifest(tmp_path / "m.csv"), table)


def test_an_unknown_side_is_named(tmp_path: Path) -> None:
    write_manifest(manifest(tmp_path).assign(split=["val", "train"]), tmp_path / "m.csv")
    with pytest.raises(DatasetError, match="column split has unknown words: val"):
        read_manifest(tmp_path / "m.csv")
