"""A folder of odd files, judged by pictures that are drawn here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks import cases
from tests.films import dicom_file, encode, grey_film

FILM = grey_film()
WIDE = FILM.astype(np.uint16) * 16
README = (
    "| case | given | right | today |\n| 05 | a window of no width | its own range | refused |\n"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    films: dict[str, tuple[bytes, Any]] = {
        "05-win-zero.dcm": (dicom_file(WIDE, WindowCenter=0, WindowWidth=0), FILM),
        "09-grey.png": (encode(WIDE, "PNG"), FILM),
    }
    (tmp_path / "README.md").write_text(README)
    (tmp_path / "films").mkdir()
    (tmp_path / "expected").mkdir()
    for name, (data, right) in films.items():
        (tmp_path / "films" / name).write_bytes(data)
        if right is not None:
            Image.fromarray(right).save(tmp_path / "expected" / f"{name}.png")
    return tmp_path


def judged(folder: Path, name: str) -> cases.Judgement:
    return cases.judge(folder / "films" / name, folder / "expected" / f"{name}.png")


def test_a_film_is_right_by_its_picture_and_its_notes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = judged(folder, "05-win-zero.dcm")
    assert found.right and found.difference is not None and found.difference < 0.004
    monkeypatch.setitem(cases.NOTES, "05-win-zero", lambda notes: "never said" in notes)
    assert judged(folder, "05-win-zero.dcm").right is False


def test_an_answer_s_rule_goes_before_its_picture(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cases.ANSWERS, "09", lambda path: (False, f"{path.name} is called normal"))
    found = judged(folder, "09-grey.png")
    assert found.right is False and found.why == "09-grey.png is called normal"


def test_another_picture_and_a_refusal_are_wrong(folder: Path) -> None:
    (folder / "films" / "09-grey.png").write_bytes(encode(WIDE[::-1], "PNG"))
    assert judged(folder, "09-grey.png").right is False
    (folder / "films" / "09-grey.png").write_bytes(b"no picture")
    assert "refused" in judged(folder, "09-grey.png").why


def test_a_folder_ends_with_1_where_any_is_wrong(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["cases", str(folder)])
    assert cases.main() == 0
    assert "2 of 2 right" in capsys.readouterr().out
    (folder / "films" / "05-win-zero.dcm").write_bytes(dicom_file(255 - FILM))
    assert cases.main() == 1
    assert "05 would be right as: its own range" in capsys.readouterr().out
