"""A study's own split: the films it took, in its proportions, and what they share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from covid_core.datasets.published import Draw, Protocol, as_published, corrected, shared
from covid_core.datasets.split import Split, overlaps
from covid_core.errors import DatasetError


def manifest(films: int = 60) -> pd.DataFrame:
    """Two sources; in `a` every patient has two films."""
    i = np.arange(films)
    return pd.DataFrame(
        {
            "path": [f"{n:03}.png" for n in i],
            "label": np.where(i % 2, "covid", "normal"),
            "source": np.where(i < 40, "a", "b"),
            "patient": [f"p{n // 4}{n % 2}" if n < 40 else "" for n in i],
            "finding": np.where(i % 4 == 0, "virus", ""),
            "view": np.where(i < 20, "PA", "AP"),
            "duplicate_group": i,
            "split": Split.TRAIN.value,
        }
    )


TAKEN = (Draw("a", "covid", 15), Draw("a", "normal", 100))
PROTOCOL = Protocol("x", 0.9, TAKEN, test=0.2, validation=3)


def test_the_first_films_by_path_in_the_study_s_proportions() -> None:
    table = as_published(manifest()[::-1].reset_index(drop=True), PROTOCOL, seed=0)
    taken = table[table["split"] != Split.NOT_TAKEN.value]
    covid = taken[taken["label"] == "covid"]
    assert sorted(covid["path"]) == [f"{n:03}.png" for n in range(1, 31, 2)]
    assert (taken["source"] == "a").all()
    counted = covid["split"].value_counts()
    assert (counted["test"], counted["validation"], counted["train"]) == (3, 3, 9)
    assert (taken[taken["label"] == "normal"]["split"] == "test").sum() == 4


def test_the_draw_is_by_film_and_the_cost_is_counted() -> None:
    table = as_published(manifest(), PROTOCOL, seed=0)
    train = set(table["patient"][table["split"] == "train"])
    test = table[table["split"] == "test"]
    assert shared(table) == pytest.approx(test["patient"].isin(train).mean())
    assert shared(table) > 0
    assert shared(manifest()) == 0
    again = as_published(manifest(), PROTOCOL, seed=0)
    assert (again["split"] == table["split"]).all()
    assert (as_published(manifest(), PROTOCOL, seed=1)["split"] != table["split"]).any()


def test_views_findings_and_a_second_source() -> None:
    protocol = Protocol(
        "x",
        0.9,
        (Draw("a", "normal", 99, finding="virus"), Draw("a", "covid", 99, view="PA")),
        test=0.3,
        validation=0.1,
        second=(Draw("b", "covid", 4),),
    )
    table = as_published(manifest(), protocol, seed=0)
    taken = table[table["split"].isin(["train", "validation", "test"])]
    assert (taken["finding"][taken["label"] == "normal"] == "virus").all()
    assert (taken["view"][taken["label"] == "covid"] == "PA").all()
    second = table[table["split"] == Split.HELD_OUT.value]
    assert list(second["path"]) == ["041.png", "043.png", "045.png", "047.png"]


def test_a_folder_is_one_of_the_two_above_the_file() -> None:
    table = manifest()
    folders = np.where(
        table.index // 4 % 3 == 0, "/home/train/set/test/NORMAL", "/home/test/set/train/x"
    )
    table["path"] = [
        f"{folder}/{name}" for folder, name in zip(folders, table["path"], strict=True)
    ]
    protocol = Protocol(
        "x",
        0.9,
        (Draw("a", "normal", 99, folder="train"), Draw("a", "covid", 99)),
        test=0.2,
        second=(Draw("a", "normal", 99, folder="test"),),
    )
    for split in (as_published, corrected):
        drawn = split(table, protocol, seed=0)
        normal = drawn[(drawn["label"] == "normal") & (drawn["source"] == "a")]
        of_test = normal["path"].str.contains("/test/NORMAL/")
        assert 0 < of_test.sum() < len(normal)
        assert (normal["split"][of_test] == Split.HELD_OUT.value).all()
        assert (normal["split"][~of_test] != Split.HELD_OUT.value).all()


def test_films_that_are_not_here_are_named() -> None:
    protocol = Protocol("x", 0.9, (Draw("c", "covid", 4, view="PA"),), test=0.2, validation=0.1)
    with pytest.raises(DatasetError, match="not here: c covid PA"):
        as_published(manifest(), protocol, seed=0)


def test_without_a_validation_part_the_test_films_are_those_chosen_by() -> None:
    alone = replace(PROTOCOL, validation=0.0)
    assert (PROTOCOL.chooses_by, alone.chooses_by) == (Split.VALIDATION, Split.TEST)
    table = as_published(manifest(), alone, seed=0)
    assert Split.VALIDATION.value not in set(table["split"])


def test_the_last_of_a_sorted_list_test_where_the_study_took_them() -> None:
    table = as_published(manifest(), replace(PROTOCOL, listed=True), seed=0)
    covid = table[(table["label"] == "covid") & (table["split"] == Split.TEST.value)]
    assert list(covid["path"]) == ["025.png", "027.png", "029.png"]


def test_corrected_the_same_films_share_nothing_and_the_second_source_stays_clean() -> None:
    table = manifest(200)
    table.loc[[150, 151], "duplicate_group"] = [0, 1]  # two of the second source trained
    # Two patients' films belong together by a picture of a film that was not taken.
    table.loc[[198, 199], "label"] = "pneumonia"
    table.loc[[198, 199], ["source", "patient"]] = ["a", "p20"]
    table.loc[[198, 10], "duplicate_group"] = 10
    table.loc[[199, 30], "duplicate_group"] = 30
    protocol = Protocol(
        "x",
        0.9,
        (Draw("a", "covid", 99), Draw("a", "normal", 99)),
        test=0.2,
        second=(Draw("b", "covid", 60), Draw("b", "normal", 60), Draw("b", "pneumonia", 9)),
    )
    protocol = replace(protocol, second=protocol.second[:2])
    table = corrected(table, protocol, seed=0)
    assert overlaps(table.assign(sha256=table["path"])) == []
    assert shared(table) == 0
    taken = table[table["split"] != Split.NOT_TAKEN.value]
    sides = taken.groupby(["split", "label"]).size()
    for side in (Split.TRAIN, Split.VALIDATION, Split.TEST, Split.HELD_OUT):
        assert (sides[side.value] > 0).all() and len(sides[side.value]) == 2
    assert set(table["split"][[0, 1]]) == {Split.TWIN.value}, "the second source keeps its own"
    assert set(taken["source"][taken["split"] == Split.HELD_OUT.value]) == {"b"}
    assert set(table["split"][table["source"] == "b"]) <= {"held out", Split.NOT_TAKEN.value}
