"""Confounders: each planted one is said with its figure, and none is said of clean data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from covid_core.datasets.confounders import SourceTold, sources_told, warnings_of

LABELS = ("normal", "pneumonia", "covid")


def table_of(rows: list[tuple[str, str, float, int]]) -> pd.DataFrame:
    """(label, source, age, films) to a manifest's columns."""
    label, source, age = zip(*[row[:3] for row in rows for _ in range(row[3])], strict=True)
    table = pd.DataFrame({"label": label, "source": source, "age": age})
    return table.assign(
        split="train", patient="", duplicate_group=np.arange(len(table)), sha256="x"
    )


def clean() -> list[tuple[str, str, float, int]]:
    return [(label, source, 50.0, 60) for label in LABELS for source in ("a", "b")]


def test_clean_data_gets_no_warning() -> None:
    assert warnings_of(table_of(clean()), [SourceTold("a", 0.55, 100)]) == []


def test_a_class_of_one_source_is_said() -> None:
    rows = [row for row in clean() if row[:2] != ("covid", "a")]
    [warning] = warnings_of(table_of([*rows, ("covid", "a", 50.0, 2)]), [])
    assert warning.startswith("96.8% of the covid films are of one source, b")


def test_a_source_of_one_class_is_said() -> None:
    [warning] = warnings_of(table_of([*clean(), ("normal", "c", 50.0, 30)]), [])
    assert warning.startswith("All 30 films of c are normal")


@pytest.mark.parametrize("source", ["d", "chest_xray"])
def test_a_class_of_children_is_said_by_age_or_by_what_the_source_states(source: str) -> None:
    rows = [row for row in clean() if row[0] != "pneumonia"]
    age = np.nan if source == "chest_xray" else 4.0
    rows += [("pneumonia", source, age, 60), ("pneumonia", "a", np.nan, 60)]
    rows += [("normal", source, 50.0, 2)]
    [warning] = warnings_of(table_of(rows), [])
    assert "of the pneumonia films whose age is known are of children" in warning
    assert "next to none of normal and covid" in warning


def test_films_that_are_in_no_part_do_not_count() -> None:
    rows = table_of([*clean(), ("normal", "c", 50.0, 30)])
    rows.loc[rows["source"] == "c", "split"] = "twin of a film kept"
    assert warnings_of(rows, []) == []


def test_a_source_with_a_mark_is_told_by_its_thumbnails_and_one_without_is_not() -> None:
    table = table_of(clean())
    noise = np.random.default_rng(0)
    films = noise.normal(128, 30, (len(table), 64, 64)).clip(0, 255).astype(np.uint8)
    for one in sources_told(table, films, seed=0):
        assert 0.35 < one.accuracy < 0.65
    films[(table["source"] == "a").to_numpy(), :12, :12] = 255
    told = sources_told(table, films, seed=0)
    assert [(one.source, one.films) for one in told] == [("a", 180), ("b", 180)]
    assert all(one.accuracy > 0.95 for one in told)
    assert sum("32 px thumbnail tells" in warning for warning in warnings_of(table, told)) == 2


def test_one_source_is_told_from_nothing() -> None:
    table = table_of([row for row in clean() if row[1] == "a"])
    assert sources_told(table, np.zeros((len(table), 64, 64), np.uint8), seed=0) == []
