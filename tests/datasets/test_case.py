"""Cells of metadata to ages, sexes and views, whatever was typed into them."""

from __future__ import annotations

import pytest

from covid_core.datasets.case import parse_age, parse_sex
from covid_core.read.anatomy_words import parse_view
from covid_core.read.radiograph import View


@pytest.mark.parametrize(
    ("cell", "age"),
    [
        ("65", 65),
        ("0.03", 0.03),
        ("", None),
        (None, None),
        ("70s", None),
        ("-1", None),
        ("430", None),
        ("nan", None),
    ],
)
def test_ages(cell: str | None, age: float | None) -> None:
    assert parse_age(cell) == age


@pytest.mark.parametrize(
    ("cell", "sex"), [("M", "M"), ("female", "F"), (" F", "F"), ("", None), ("?", None)]
)
def test_sexes(cell: str, sex: str | None) -> None:
    assert parse_sex(cell) == sex


@pytest.mark.parametrize(
    ("cell", "view"),
    [
        ("PA", View.PA),
        ("AP Supine", View.AP),
        ("ap", View.AP),
        ("L", View.LATERAL),
        ("RL", View.LATERAL),
        ("?", View.UNKNOWN),
        (None, View.UNKNOWN),
    ],
)
def test_views(cell: str | None, view: View) -> None:
    assert parse_view(cell) is view
