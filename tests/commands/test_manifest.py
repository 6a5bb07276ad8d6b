"""The manifest command: what it writes, what it says, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from covid_core.__main__ import main
from covid_core.datasets.manifest import COLUMNS, read_manifest, write_manifest
from tests.films import clinic


@pytest.fixture
def data(tmp_path: Path) -> Path:
    clinic(tmp_path / "data" / "here", films=60)
    there = clinic(tmp_path / "data" / "there", films=30)
    for path in there.rglob("*.png"):  # other films than here
        path.write_bytes(path.read_bytes() + b" ")
    (tmp_path / "data" / "here" / "covid" / "damaged.png").write_bytes(b"no picture")
    return tmp_path / "data"


def make(data: Path, out: Path, *more: str) -> int:
    cache = str(out.parent / "cache")
    given = ["manifest", str(data), "--out", str(out), "--cache", cache, *more]
    return main([*given, "--skip-bad"])


@pytest.mark.parametrize("name", ["m.csv", "m.parquet"])
def test_a_manifest_is_made_and_proved(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    out = tmp_path / "out" / name
    assert make(data, out, "--report", str(tmp_path / "out" / "r.html")) == 0
    assert sorted(path.name for path in out.parent.iterdir()) == sorted(
        ["cache", name, "m.left-out.csv", "m.quarantine.csv", "r.html"]
    )
    for written in (".left-out.csv", ".quarantine.csv"):
        left = pd.read_csv(out.with_suffix(written))
        assert [Path(path).name for path in left["path"]] == ["damaged.png"]
    said = capsys.readouterr()
    assert "1 files were left out" in said.err
    assert "pairs of twins" in said.out
    assert main(["manifest", "check", str(out)]) == 0
    assert "the split is clean" in capsys.readouterr().out


def test_damaged_films_are_named_and_nothing_is_made(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = str(tmp_path / "cache")
    assert main(["manifest", str(data), "--out", str(tmp_path / "m.csv"), "--cache", cache]) == 2
    assert f"\n  {data / 'here' / 'covid' / 'damaged.png'}: " in capsys.readouterr().err
    assert not list(tmp_path.glob("m.*"))


def test_an_unknown_folder_stops_with_its_name_or_is_skipped_and_counted(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = data / "here" / "tuberculosis"
    (data / "there" / "covid").rename(data / "there" / "SARS-CoV-2")
    (data / "here" / "pneumonia").rename(data / "here" / "Bacterial_Pneumonia")
    unknown.mkdir()
    (data / "here" / "normal" / "0.png").rename(unknown / "0.png")
    (data / "here" / "notes.txt").write_bytes(b"a report")
    assert make(data, tmp_path / "m.csv") == 2
    said = capsys.readouterr().err
    assert f"{unknown}, radiographs: 1" in said and "--skip-unknown" in said
    assert not (tmp_path / "m.csv").exists()
    assert make(data, tmp_path / "m.csv", "--skip-unknown", "--list-passed-over") == 0
    said = capsys.readouterr().err
    assert "1 files: its folder's name is not that of one class: tuberculosis" in said
    assert f"passed over: {data / 'here' / 'notes.txt'}: not a PNG" in said
    assert "1 passed over: not a PNG" in said
    counts = read_manifest(tmp_path / "m.csv")["label"].value_counts()
    assert counts.to_dict() == {"normal": 29, "pneumonia": 30, "covid": 30}


def test_leaks_are_found_and_end_in_status_1(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "m.csv"
    make(data, out)
    table = read_manifest(out)
    for column, value in (("sha256", "same"), ("duplicate_group", 9999), ("patient", "one")):
        rows = [table.index[table["split"] == side][0] for side in ("train", "test")]
        table.loc[rows, column] = value
        table.loc[rows, "source"] = "here"
    write_manifest(table, out)
    capsys.readouterr()
    assert main(["manifest", "check", str(out)]) == 1
    output = capsys.readouterr().out
    for leak in ("patient here one", "duplicate group 9999", "SHA-256 same"):
        assert f"{leak} is in test, train" in output
    assert "3 overlaps" in output


def test_a_source_held_out_neither_trains_nor_tunes_nor_tests(data: Path, tmp_path: Path) -> None:
    assert make(data, tmp_path / "m.csv", "--holdout-source", "there") == 0
    table = read_manifest(tmp_path / "m.csv")
    assert set(table.loc[table["source"] == "there", "split"]) <= {
        "held out",
        "twin of a film kept",
    }
    assert "held out" not in set(table.loc[table["source"] == "here", "split"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["manifest", "nowhere", "--out", "m.csv"], "not a folder"),
        (["manifest", "{data}", "--out", "m.txt"], ".parquet or a .csv"),
        (["manifest", "{data}", "--out", "m.csv", "--holdout-source", "x"], "no source named x"),
        (["manifest", "check", "nowhere.csv"], "can't be read as a manifest"),
    ],
)
def test_wrong_use_is_a_sentence_and_status_2(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([argument.format(data=data) for argument in arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_help_documents_every_column(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["manifest", "--help"]) == 0
    said = capsys.readouterr().out
    assert [name for name in COLUMNS if name not in said] == []
    assert "manifest check FILE" in said
