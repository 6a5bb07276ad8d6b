"""A table of parts: a film counts once, and rows of different terms never mix."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path

import fsspec
import numpy as np
import pyarrow.parquet as pq
import pytest

from covid_core.batch.ledger import Terms
from covid_core.cluster.parquet_table import Table, films_left, keys, open_table
from covid_core.cluster.places import Place
from covid_core.errors import CovidCoreError
from covid_core.present.sentences import columns, error_row

TERMS = Terms(columns(), "0" * 64, "balanced", {})


@pytest.fixture(params=["disk", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place.of(
        str(tmp_path / "out") if request.param == "disk" else f"memory://{uuid.uuid4().hex}"
    )


def rows(*names: str) -> list[dict[str, object]]:
    return [error_row(name, CovidCoreError("no film", "Try another")) for name in names]


def add(table: Table, *names: str) -> None:
    table.add(table.drafts.write(rows(*names)), names)


def stored(place: Place) -> list[str]:
    filesystem, root = place.filesystem()
    parts = filesystem.glob(f"{root}/*.parquet")
    return sorted(
        name for part in parts for name in pq.read_table(filesystem.open(part))["file"].to_pylist()
    )


def test_what_is_added_is_held_and_nothing_else_is_left(place: Place) -> None:
    with open_table(place, TERMS) as table:
        add(table, "a", "b")
        add(table, "c")
        table.drafts.write(rows("never added"))
    filesystem, root = place.filesystem()
    assert len(filesystem.find(root)) == 2
    with open_table(place, TERMS) as table:
        assert table.films().tolist() == np.sort(keys("abc")).tolist()


def test_the_same_part_added_again_replaces_itself(place: Place) -> None:
    with open_table(place, TERMS) as table:
        add(table, "a", "b")
        add(table, "a", "b")
    assert stored(place) == ["a", "b"]


def test_a_reader_sees_no_half(place: Place) -> None:
    with open_table(place, TERMS) as table:
        half = table.drafts.write(rows("a"))
        assert stored(place) == []
        assert table.films().size == 0
        table.add(half, ["a"])
        assert stored(place) == ["a"]


def test_an_earlier_run_can_add_nothing_more(place: Place) -> None:
    with open_table(place, TERMS) as first:
        add(first, "a")
        late = first.drafts.write(rows("b"))
        with open_table(place, TERMS) as second:
            for _ in range(2):
                with pytest.raises(CovidCoreError, match="another run"):
                    first.add(late, ["b"])
            add(second, "b")
    assert stored(place) == ["a", "b"]


@pytest.mark.parametrize(
    "other, words",
    [
        (replace(TERMS, weights_sha256="1" * 64), "other weights"),
        (replace(TERMS, point="rule-in"), "another operating point"),
        (replace(TERMS, values={"covid": 0.5}), "another prevalence"),
        (replace(TERMS, names=columns()[:-1]), "other columns"),
    ],
)
def test_rows_of_other_terms_are_not_mixed(place: Place, other: Terms, words: str) -> None:
    with open_table(place, TERMS) as running:
        add(running, "a")
        with pytest.raises(CovidCoreError, match=words), open_table(place, other):
            pass
        add(running, "b")  # nobody else has begun
    assert stored(place) == ["a", "b"]


def test_a_table_s_folder_may_have_a_name_like_a_pattern(tmp_path: Path) -> None:
    place = Place.of(str(tmp_path / "scores[1]"))
    with open_table(place, TERMS) as table:
        add(table, "a")
    with open_table(place, TERMS) as table:
        assert len(table.films()) == 1


def test_a_damaged_part_is_named(place: Place) -> None:
    with open_table(place, TERMS) as table:
        add(table, "a")
        filesystem, root = place.filesystem()
        (part,) = filesystem.glob(f"{root}/*.parquet")
        filesystem.pipe_file(part, filesystem.cat_file(part)[:-7])
        with pytest.raises(CovidCoreError, match="damaged") as error:
            table.films()
    assert error.value.file == part


def test_a_column_has_one_type_whatever_its_part_holds(place: Place) -> None:
    answered = {**rows("b")[0], "p_covid": 0.25, "label": "covid"}
    with open_table(place, TERMS) as table:
        add(table, "a")
        table.add(table.drafts.write([answered]), ["b"])
    filesystem, root = place.filesystem()
    tables = [pq.read_table(filesystem.open(p)) for p in filesystem.glob(f"{root}/*.parquet")]
    assert len({tuple(table.schema.types) for table in tables}) == 1
    assert sum((table["p_covid"].to_pylist() for table in tables), []).count(0.25) == 1


@pytest.mark.parametrize("films", [1, 3, 100])
def test_only_films_without_a_row_are_left(films: int) -> None:
    url = f"memory://{uuid.uuid4().hex}"
    filesystem, root = fsspec.url_to_fs(url)
    names = [f"{i:02}.png" for i in range(20)]
    for name in names:
        filesystem.pipe_file(f"{root}/{name}", b"")
    place = Place.of(url)
    done = np.sort(keys(place.name(name) for name in names[5:12]))
    parts = list(films_left(place, done, films))
    assert sum(parts, []) == names[:5] + names[12:]
    assert {len(part) for part in parts[:-1]} <= {films}
