"""The report: one file that needs nothing else, with every section, and no name that is code."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from covid_core.boxes import parse_boxes
from covid_core.datasets.compile import compile_manifest
from covid_core.datasets.report.report import write_exploration
from covid_core.errors import CovidCoreError
from tests.films import clinic


@pytest.fixture
def report(tmp_path: Path) -> str:
    own = clinic(tmp_path / "data" / "<img src=x onerror=alert(1)>", films=60)
    (own / "covid" / "damaged.png").write_bytes(b"no picture")
    (own / "covid" / "copy.png").write_bytes((own / "covid" / "2.png").read_bytes())
    compiled = compile_manifest([tmp_path / "data"], tmp_path / "cache", workers=2, skip_bad=True)
    write_exploration(compiled, tmp_path / "out" / "report.html")
    return (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_every_section_is_there(report: str) -> None:
    titles = re.findall(r"<h2>(.*?)</h2>", report)
    assert titles[:6] == [
        "What will mislead a model",
        "Class by source by split",
        "Age, where it is known",
        "Size",
        "Aspect ratio",
        "Brightness",
    ]
    assert {"Normal: some radiographs", "COVID-19: some radiographs", "Left out"} <= set(titles)


def test_pictures_are_of_each_class_and_of_the_pair(report: str) -> None:
    assert report.count('alt="Radiograph from') == 60
    assert report.count('alt="One film of a pair"') == 1
    assert "1.00</figcaption>" in report


def test_it_needs_no_other_file(report: str) -> None:
    page = re.sub(r"<script.*?</script>", "", report, flags=re.DOTALL)
    assert re.findall(r"(?:src|href)=\"(?!data:)([^\"]*)", page) == []
    assert "plotly.js" in report


def test_a_folder_s_name_stays_text(report: str) -> None:
    page = re.sub(r"<script.*?</script>", "", report, flags=re.DOTALL)
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_a_place_that_can_t_be_written_is_said(tmp_path: Path) -> None:
    compiled = compile_manifest([clinic(tmp_path / "c", films=60)], tmp_path / "cache", workers=2)
    (tmp_path / "file").touch()
    with pytest.raises(CovidCoreError, match="can't be written"):
        write_exploration(compiled, tmp_path / "file" / "report.html")


@pytest.fixture
def annotated(tmp_path: Path) -> str:
    """The report of films 140 px high and 150 wide: one with a box, one without any, four without a
    class."""
    compiled = compile_manifest([clinic(tmp_path / "c", films=60)], tmp_path / "cache", workers=2)
    table = compiled.table.assign(appearance="", boxes="")
    covid = table.index[table["label"] == "covid"]
    table.loc[covid[0], ["appearance", "boxes"]] = ["typical", "[[0.0, 0.5, 0.5, 1.0]]"]
    table.loc[covid[1], "boxes"] = "[]"
    table.loc[covid[-4:], ["label", "split", "appearance"]] = ["", "unlabelled", "atypical"]
    write_exploration(replace(compiled, table=table), tmp_path / "report.html")
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def test_boxes_lie_over_the_film_inside_its_black_margin(annotated: str) -> None:
    [drawn] = re.findall(r'<svg class="boxes".*?</svg>', annotated)
    # 144 px wide and 134 high, below 5 px of black.
    place = 'x="0.0" y="72.0" width="72.0" height="67.0"'
    assert drawn.count(place) == drawn.count("<rect") == 2
    assert "1 boxed opacity" in drawn
    assert "<figcaption>c, typical, 1 box</figcaption>" in annotated
    assert "<figcaption>c, no box</figcaption>" in annotated
    assert "<figcaption>c</figcaption>" in annotated


def test_films_without_a_class_are_counted_and_shown_by_appearance(annotated: str) -> None:
    [row] = re.findall(r"<tr><td>c</td>((?:<td>[\d–]+</td>){8})</tr>", annotated)
    assert re.findall(r"<td>(.*?)</td>", row) == ["20", "20", "16", "–", "–", "–", "4", "–"]
    assert "<h2>Atypical appearance, without a class: some radiographs</h2>" in annotated
    assert annotated.count("<figcaption>c, atypical</figcaption>") == 4


def test_without_annotations_there_is_neither_table_nor_box(report: str) -> None:
    assert "by source, class and appearance" not in report
    assert "A radiologist's box" not in report
    assert '<svg class="boxes"' not in report


def test_no_annotation_is_distinguished_from_no_opacity() -> None:
    assert parse_boxes("") is None
    assert parse_boxes("[]") == ()
    assert parse_boxes("[[0, 0.25, 0.5, 1]]") == ((0, 0.25, 0.5, 1),)
