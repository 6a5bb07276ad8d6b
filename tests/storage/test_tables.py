"""CSV as people save it: any separator and encoding, and each odd row by its line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from covid_core.storage.tables import parse_rows, read_table

ROWS = [["name", "said"], ["a", "x, y; z"], ["b", 'he said "no"'], ["c", "two\nlines"], ["d", "ü"]]


def quoted(separator: str) -> str:
    cells = [[f'"{cell}"'.replace('"no"', '""no""') for cell in row] for row in ROWS]
    return "".join(separator.join(row) + "\r\n" for row in cells)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_any_common_separator_and_encoding_is_read(separator: str, encoding: str) -> None:
    rows = list(parse_rows(quoted(separator).encode(encoding)))
    assert [row.cells for row in rows] == ROWS
    assert [row.line for row in rows] == [1, 2, 3, 4, 6]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_first_line_that_names_the_separator_is_no_row(first: str) -> None:
    rows = list(parse_rows(f"{first}\r\na;b,c\r\n1;2\r\n".encode()))
    assert [(row.line, row.cells) for row in rows] == [(2, ["a", "b,c"]), (3, ["1", "2"])]


def test_blank_rows_are_skipped_and_others_keep_their_lines() -> None:
    rows = list(parse_rows(b"a,b\n\n1,2\n,\n , \n3,4\n,,\n\n"))
    assert [(row.line, row.cells) for row in rows[1:]] == [(3, ["1", "2"]), (6, ["3", "4"])]


def test_rows_of_another_length_are_kept_apart(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a, b ,c,\n1,2,3\n4,5\n6,7,8,9\n10,11,12,,\n")
    table = read_table(path)
    assert table.names == ("a", "b", "c")
    assert table.rows == (
        (2, {"a": "1", "b": "2", "c": "3"}),
        (5, {"a": "10", "b": "11", "c": "12"}),
    )
    assert [(row.line, len(row.cells)) for row in table.uneven] == [(3, 2), (4, 4)]


def test_a_quote_that_is_never_closed_swallows_no_rows() -> None:
    with pytest.raises(csv.Error):
        list(parse_rows(b'a,b\n1,"2\n3,4\n'))


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\n\n", b",,\n"])
def test_a_table_without_a_row_says_so(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(data)
    with pytest.raises(csv.Error, match="t.csv is empty"):
        read_table(tmp_path / "t.csv")
