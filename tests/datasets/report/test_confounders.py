"""Confounders: each planted one is said with its figure, and none is said of clean data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from covid_core.datasets.report.confounders import list_warnings
from covid_core.datasets.report.thumbnail_models import (
    LINEAR,
    TREES,
    ClassSeparation,
    SourceSeparation,
    separate_classes,
    separate_sources,
)
from covid_core.findings import Finding
from covid_core.metrics import Estimate

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
    assert (
        list_warnings(
            table_of(clean()),
            [SourceSeparation("a", 0.55, 100, LINEAR)],
            [ClassSeparation("a", Finding.COVID, Estimate(0.79, 0.7, 0.85, 100))],
        )
        == []
    )


def test_a_class_of_one_source_is_said() -> None:
    rows = [row for row in clean() if row[:2] != ("covid", "a")]
    [warning] = list_warnings(table_of([*rows, ("covid", "a", 50.0, 2)]), [], [])
    assert warning.startswith("96.8% of the covid radiographs are of one source, b")


def test_a_source_of_one_class_is_said() -> None:
    [warning] = list_warnings(table_of([*clean(), ("normal", "c", 50.0, 30)]), [], [])
    assert warning.startswith("All 30 radiographs of c are normal")
    unlabelled = [("", "c", 50.0, 1), ("", "d", 50.0, 9)]
    more = list_warnings(table_of([*clean(), ("normal", "c", 50.0, 30), *unlabelled]), [], [])
    assert more == [warning], "what has no class is of no class"


@pytest.mark.parametrize("source", ["d", "chest_xray"])
def test_a_class_of_children_is_said_by_age_or_by_what_the_source_states(source: str) -> None:
    rows = [row for row in clean() if row[0] != "pneumonia"]
    age = np.nan if source == "chest_xray" else 4.0
    rows += [("pneumonia", source, age, 60), ("pneumonia", "a", np.nan, 60)]
    rows += [("normal", source, 50.0, 2)]
    [warning] = list_warnings(table_of(rows), [], [])
    assert "of the pneumonia radiographs whose age is known are of children" in warning
    assert "next to none of normal and covid" in warning


def test_films_that_are_in_no_part_do_not_count() -> None:
    rows = table_of([*clean(), ("normal", "c", 50.0, 30)])
    rows.loc[rows["source"] == "c", "split"] = "twin of a film kept"
    assert list_warnings(rows, [], []) == []


def draw_thumbnails(table: pd.DataFrame) -> np.ndarray:
    noise = np.random.default_rng(0).normal(128, 30, (len(table), 64, 64))
    return noise.clip(0, 255).astype(np.uint8)


def test_a_source_with_a_mark_is_recognised_by_its_thumbnails_and_one_without_is_not() -> None:
    table = table_of(clean())
    films = draw_thumbnails(table)
    for one in separate_sources(table, films, seed=0):
        assert 0.35 < one.accuracy < 0.65
    films[(table["source"] == "a").to_numpy(), :12, :12] = 255
    found = separate_sources(table, films, seed=0)
    assert [(one.source, one.films) for one in found] == [("a", 180), ("b", 180)]
    assert all(one.accuracy > 0.95 for one in found)
    warnings = list_warnings(table, found, [])
    assert sum("A thumbnail tells" in warning for warning in warnings) == 2


def test_trees_are_named_where_only_they_tell_a_source() -> None:
    """A corner that is either black or white in one source, and grey in the other."""
    table = table_of(clean())
    films = draw_thumbnails(table)
    films[:, :12, :12] = 128
    own = np.nonzero((table["source"] == "a").to_numpy())[0]
    films[own[::2], :12, :12] = 0
    films[own[1::2], :12, :12] = 255
    for one in separate_sources(table, films, seed=0):
        assert one.accuracy > 0.95
        assert one.model == TREES


def test_one_source_is_distinguished_from_nothing() -> None:
    table = table_of([row for row in clean() if row[1] == "a"])
    assert separate_sources(table, np.zeros((len(table), 64, 64), np.uint8), seed=0) == []


def test_a_class_with_a_mark_inside_its_source_is_said_with_its_interval() -> None:
    table = table_of(clean())
    films = draw_thumbnails(table)
    marked = ((table["source"] == "a") & (table["label"] == "covid")).to_numpy()
    films[marked, :12, :12] = 255
    marked_source, other = separate_classes(table, films, seed=0)
    assert (marked_source.source, marked_source.positive) == ("a", Finding.COVID)
    assert marked_source.auroc.low > 0.95
    assert marked_source.auroc.n == 180
    assert other.auroc.low < 0.5 < other.auroc.high
    [warning] = list_warnings(table, [], [marked_source, other])
    assert warning.startswith("Inside a a 16 px thumbnail tells covid from the rest")
    assert str(marked_source.auroc) in warning


def test_without_covid_it_is_pneumonia_that_is_distinguished_inside_a_source() -> None:
    table = table_of([row for row in clean() if row[0] != "covid"])
    found = separate_classes(table, draw_thumbnails(table), seed=0)
    assert [one.positive for one in found] == [Finding.PNEUMONIA] * 2


@pytest.mark.parametrize("few", ["films", "patients"])
def test_of_a_class_of_few_films_or_patients_nothing_is_measured(few: str) -> None:
    rows = [("normal", "a", 50.0, 60), ("covid", "a", 50.0, 29 if few == "films" else 60)]
    table = table_of(rows)
    if few == "patients":
        covid = table["label"] == "covid"
        table.loc[covid, "patient"] = [str(i % 2) for i in range(covid.sum())]
    assert separate_classes(table, draw_thumbnails(table), seed=0) == []


def test_films_of_one_patient_are_never_fitted_and_scored() -> None:
    """Each patient has a mark of their own and one class: known again, they would be separated."""
    table = table_of([("normal", "a", 50.0, 60), ("covid", "a", 50.0, 60)])
    table["patient"] = [f"{label}{i // 10}" for i, label in enumerate(table["label"])]
    films = draw_thumbnails(table)
    rng = np.random.default_rng(1)
    for patient in table["patient"].unique():
        films[(table["patient"] == patient).to_numpy()] = rng.integers(0, 255, (1, 64, 64))
    [one] = separate_classes(table, films, seed=0)
    assert one.auroc.value < 0.8
