"""Odd folders and tables, judged where they are read rightly and where they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import case_tables
from benchmarks.case_tables import judge_folder, judge_folders_and_tables, judge_metadata
from covid_core.datasets.layouts import cohen
from tests.films import dicom_file, encode, grey_film

METADATA = """patientid,finding,view,modality,filename
1,COVID-19,PA,X-ray,a.jpg
2,No Finding,PA,,b.jpg
3,,
9,No Finding,PA,X-ray,a.jpg
4,Viral,PA,x-ray,c.jpg
"""
SCORES = "label,score\n" + "covid,0,9\nnormal,0,1\n" * 10


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    folder = tmp_path / "folders" / "11-names"
    folder.mkdir(parents=True)
    (folder / "IM000001").write_bytes(dicom_file(grey_film()))
    (folder / "x.001").write_bytes(encode(grey_film(), "PNG"))
    (folder / "DICOMDIR").write_bytes(b"x")
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "13-metadata.csv").write_text(METADATA)
    (tmp_path / "tables" / "14-comma.csv").write_text(SCORES)
    (tmp_path / "tables" / "14-dots.csv").write_text(SCORES.replace(",0,", ",0."))
    return tmp_path


def test_all_are_right(cases: Path) -> None:
    found = {one.name: one for one in judge_folders_and_tables(cases)}
    assert {name: one.why for name, one in found.items() if not one.right} == {}
    assert list(found) == [
        "11-names",
        "12-class-folders (drawn)",
        "12-parts (drawn)",
        "12-unknown-folder (drawn)",
        "13-metadata.csv",
        "14-comma.csv",
        "14-dots.csv",
    ]


def test_a_film_that_is_not_read_and_a_file_that_is_not_counted_are_wrong(
    cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = cases / "folders" / "11-names"
    (folder / "damaged.png").write_bytes(b"x")
    assert "not a PNG" in judge_folder(folder).why and not judge_folder(folder).right
    (folder / "damaged.png").unlink()
    monkeypatch.setattr(case_tables, "films_below", lambda folder, note: [folder / "x.001"])
    assert not judge_folder(folder).right


def test_a_row_that_is_read_otherwise_is_wrong(
    cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cohen, "_reason", lambda row, path: "CT" if not row["modality"] else None)
    outcome = judge_metadata(cases / "tables" / "13-metadata.csv")
    assert not outcome.right and "b.jpg: None" in outcome.why and "b.jpg: CT" in outcome.why
