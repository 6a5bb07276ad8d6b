"""Rows: the promised columns, errors that lose nothing, nothing a spreadsheet would run."""

from __future__ import annotations

import pytest

from covid_core.errors import RefusedFile
from covid_core.report import columns, error_row, spreadsheet_safe


def test_columns_are_those_promised() -> None:
    assert columns() == (
        "file", "label", "p_normal", "p_pneumonia", "p_covid", "decision", "reason",
    )  # fmt: skip


def test_error_row_says_why_and_what_to_do() -> None:
    row = error_row("a.png", RefusedFile("blank", "it is blank", "Export it again"))
    assert tuple(row) == columns()
    assert (row["decision"], row["reason"]) == ("error", "It is blank. Export it again.")
    assert row["p_covid"] is None


@pytest.mark.parametrize("name", ["=HYPERLINK(0)", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_formulas_are_made_plain(name: str) -> None:
    assert spreadsheet_safe({"file": name, "p_covid": -1.0}) == {
        "file": "'" + name,
        "p_covid": -1.0,
    }


def test_other_text_is_left_alone() -> None:
    assert spreadsheet_safe({"file": "film.png"}) == {"file": "film.png"}
