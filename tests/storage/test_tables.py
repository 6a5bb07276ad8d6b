"""CSV as people save it: any separator and encoding, and each odd row by its line."""

from __future__ import annotations

import ast
import csv
import io
from pathlib import Path

import pytest

from covid_core.storage.tables import (
    original_text,
    parse_rows,
    read_table,
    spreadsheet_safe,
    table_bytes,
)

ROWS = [["name", "said"], ["a", "x, y; z"], ["b", 'he said "no"'], ["c", "two\nlines"], ["d", "ü"]]

ROOT = Path(__file__).parent.parent.parent
ONE_WRITER = ROOT / "covid_core" / "storage" / "tables.py"
WRITES_CSV = {"writer", "DictWriter", "to_csv", "savetxt", "write_csv", "writerow", "writerows"}
FORMULAS = ["=HYPERLINK(0)", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "\0=1", " =1", "\uff1d1"]


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
    with pytest.raises(csv.Error, match="it is empty"):
        read_table(tmp_path / "t.csv")


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas_are_made_plain(name: str) -> None:
    assert spreadsheet_safe(name) == "'" + name


def test_what_is_no_formula_is_left_alone() -> None:
    assert spreadsheet_safe("film.png") == "film.png"
    assert spreadsheet_safe("'film.png") == "'film.png"
    assert spreadsheet_safe(-1.0) == -1.0


@pytest.mark.parametrize("text", ["film.png", "'film.png", *FORMULAS, *[f"'{f}" for f in FORMULAS]])
def test_the_text_of_a_cell_is_had_again(text: str) -> None:
    assert original_text(spreadsheet_safe(text)) == text


def test_a_whole_table_holds_no_formula_wherever_a_spreadsheet_splits() -> None:
    names = ["=1.png", "x;=1;.png", "y,=1,.png", "z\t=1.png", "\udcff.png"]
    data = table_bytes(["file", "count"], [{"file": name, "count": -1} for name in names])
    for separator in ",;\t":
        rows = csv.reader(io.StringIO(data.decode(), newline=""), delimiter=separator)
        assert not [cell for row in rows for cell in row if cell.lstrip().startswith("=")]
    assert [row.cells[0] for row in parse_rows(data)] == [
        "file",
        "'=1.png",
        *names[1:4],
        "\\udcff.png",
    ]


def test_nothing_else_writes_csv() -> None:
    """By any way that Python, pandas or numpy have."""
    folders = ("covid_core", "app", "benchmarks", "docs", "supply")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    files += [ROOT / "train.py", ROOT / "streamlit_app.py"]
    assert len(files) > 250
    others = {path: csv_written_in(path.read_text(encoding="utf-8")) for path in files}
    assert others.pop(ONE_WRITER) == {"DictWriter", "writerow"}
    assert {path.name: ways for path, ways in others.items() if ways} == {}


def csv_written_in(code: str) -> set[str]:
    """The ways by which code writes CSV."""
    nodes = list(ast.walk(ast.parse(code)))
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    used |= {
        alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    return used & WRITES_CSV


def test_what_else_writes_csv_would_be_found() -> None:
    for code in ("import csv\ncsv.writer(f)", "from csv import DictWriter", "t.to_csv(p)"):
        assert csv_written_in(code)
