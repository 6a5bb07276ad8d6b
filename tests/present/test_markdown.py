"""Tables and blocks of Markdown."""

from __future__ import annotations

from pathlib import Path

import pytest

from covid_core.errors import CovidCoreError
from covid_core.present.markdown import replace_block, replace_blocks, table


def test_a_table_has_a_header_a_rule_and_its_rows() -> None:
    assert table(["a", "b"], [["1", "2"], ["3", "4"]]).splitlines() == [
        "| a | b |",
        "| --- | --- |",
        "| 1 | 2 |",
        "| 3 | 4 |",
    ]


def test_only_the_block_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("before\n<!-- it -->\nold\n<!-- /it -->\nafter\n")
    replace_block(path, "it", "new")
    assert path.read_text() == "before\n<!-- it -->\nnew\n<!-- /it -->\nafter\n"


@pytest.mark.parametrize("text", ["nothing", "<!-- it -->\nold", "old\n<!-- /it -->"])
def test_a_file_without_the_block_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "README.md"
    path.write_text(text)
    with pytest.raises(CovidCoreError, match="no block"):
        replace_block(path, "it", "new")
    assert path.read_text() == text


def test_each_document_gets_the_blocks_that_it_has(tmp_path: Path) -> None:
    path = tmp_path / "results.md"
    path.write_text("<!-- b -->\nold\n<!-- /b -->\n")
    replace_blocks(path, {"a": "first", "b": "second"})
    assert path.read_text() == "<!-- b -->\nsecond\n<!-- /b -->\n"
    path.write_text("nothing")
    with pytest.raises(CovidCoreError, match="no block <!-- a -->"):
        replace_blocks(path, {"a": "first"})
