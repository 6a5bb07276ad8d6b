"""A table that several commands write to: a film has one row, and rows of other terms never mix."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from covid_core.batch.ledger import Terms
from covid_core.cluster.delta_table import Table
from covid_core.errors import CovidCoreError
from covid_core.present.rows import columns, error_row

deltalake = pytest.importorskip("deltalake", reason="needs requirements-cluster.txt")

TERMS = Terms(columns(), "0" * 64, "balanced", {})


@pytest.fixture
def url(tmp_path: Path) -> str:
    return str(tmp_path / "scores of ü")


def rows(*names: str) -> list[dict[str, object]]:
    return [error_row(name, CovidCoreError("no film", "Try another")) for name in names]


def stored(url: str) -> list[str]:
    return sorted(deltalake.DeltaTable(url).to_pyarrow_table()["file"].to_pylist())


def test_what_is_added_is_held_and_known_again(url: str) -> None:
    table = Table(url, TERMS)
    assert table.add(rows("a", "b")) == rows("a", "b")
    assert "a" in table and "c" not in table
    again = Table(url, TERMS)
    assert "a" in again and "b" in again and "c" not in again
    assert again.add(rows("b", "c")) == rows("c")
    assert stored(url) == ["a", "b", "c"]


def test_rows_without_a_prediction_are_counted_whoever_wrote_them(url: str) -> None:
    table = Table(url, TERMS)
    table.add(rows("a", "b"))
    assert table.failed == 2
    table.add([row | {"decision": "normal"} for row in rows("c")])
    assert table.failed == Table(url, TERMS).failed == 2


def test_two_that_began_alike_add_a_film_once(url: str) -> None:
    first, second = Table(url, TERMS), Table(url, TERMS)
    first.add(rows("a", "b"))
    assert second.add(rows("b", "c")) == rows("c")  # the commit fails, and is tried anew
    assert first.add(rows("c", "d")) == rows("d")
    assert second.add(rows("a", "b")) == []
    assert stored(url) == ["a", "b", "c", "d"]


def test_many_at_once_begin_one_table_and_add_each_film_once(url: str) -> None:
    together = Barrier(4)

    def one(start: int) -> int:
        together.wait()
        table = Table(url, TERMS)
        return sum(len(table.add(rows(f"{i}", f"{i + 1}"))) for i in range(start, start + 12))

    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(one, range(4)))
    assert sum(added) == 16
    assert stored(url) == sorted(map(str, range(16)))


def test_what_a_killed_command_was_writing_does_not_count(url: str) -> None:
    Table(url, TERMS).add(rows("a"))
    (part,) = Path(url).glob("*.parquet")
    part.with_name("part-cut-off.parquet").write_bytes(part.read_bytes()[:-7])
    part.with_name("part-whole.parquet").write_bytes(part.read_bytes())
    assert Table(url, TERMS).add(rows("a", "b")) == rows("b")
    assert stored(url) == ["a", "b"]


@pytest.mark.parametrize(
    "other, words",
    [
        (replace(TERMS, weights_sha256="1" * 64), "other weights"),
        (replace(TERMS, point="rule-in"), "another operating point"),
        (replace(TERMS, values={"covid": 0.5}), "another prevalence"),
        (replace(TERMS, names=columns()[:-1]), "other columns"),
    ],
)
def test_rows_of_other_terms_are_not_mixed(url: str, other: Terms, words: str) -> None:
    Table(url, TERMS).add(rows("a"))
    with pytest.raises(CovidCoreError, match=words):
        Table(url, other)
    assert stored(url) == ["a"]


def test_a_table_of_another_program_is_left_alone(url: str) -> None:
    schema = deltalake.DeltaTable.create(Path(url).as_uri(), Table(url + "2", TERMS)._schema)
    assert schema.version() == 0
    with pytest.raises(CovidCoreError, match="not begun by this command"):
        Table(url, TERMS)


def test_numbers_are_numbers_even_where_a_film_has_none(url: str) -> None:
    answered = {**rows("b")[0], "p_covid": 0.25, "label": "covid"}
    table = Table(url, TERMS)
    table.add(rows("a"))
    table.add([answered])
    found = deltalake.DeltaTable(url).to_pandas().set_index("file")
    assert found.p_covid.dtype == float and found.p_covid["b"] == 0.25
    assert found.p_covid.isna()["a"]


@pytest.mark.parametrize("name", ["scores[1]", "50%25"])
def test_a_path_that_delta_lake_cannot_take_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CovidCoreError, match="under a path with"):
        Table(str(tmp_path / name), TERMS)
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_cannot_be_written_is_said(url: str) -> None:
    Path(url).touch()
    with pytest.raises(CovidCoreError, match="can't be read or written"):
        Table(url + "/deeper", TERMS)


def test_a_storage_that_takes_no_commit_is_not_retried_for_ever(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object, **__: object) -> Iterator[None]:
        raise deltalake.exceptions.CommitFailedError("no")

    table = Table(url, TERMS)
    monkeypatch.setattr(deltalake, "write_deltalake", refuses)
    with pytest.raises(CovidCoreError, match="can't be read or written"):
        table.add(rows("a"))


def test_without_delta_lake_it_says_what_to_install(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "deltalake", None)
    with pytest.raises(CovidCoreError, match=r"\[cluster\]"):
        Table(url, TERMS)
