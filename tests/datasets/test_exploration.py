"""The report: one file that needs nothing else, with every section, and no name that is code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from covid_core.datasets.compile import compile_manifest
from covid_core.datasets.exploration import write_exploration
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
        "What will mislead a model", "Class by source by split", "Age, where it is known", "Size",
        "Aspect ratio", "Brightness",
    ]  # fmt: skip
    assert {"Normal: some films", "COVID-19: some films", "Left out"} <= set(titles)


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
