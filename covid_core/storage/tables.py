"""CSV: tables as people save them, of any common separator and encoding; and the one writer.

Cells are parted by commas, semicolons, tabs or bars; text is UTF-8 or UTF-16, with a mark or
without; a first line may be `sep=;` or the like. Blank rows are skipped, wherever they lie.

Whatever the project writes as CSV is written here, so that no spreadsheet runs anything of it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

# ASVS 5.0, 1.2.10, with the full-width signs that some programs take for the plain ones. What has
# the mark already gets another, so that `original_text` can take one away.
_FORMULA = re.compile(r"'*(\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|[\t\r\n\0])")
_MARK = "'"
_ODD_NAMES = "backslashreplace"  # a file's name may hold bytes that are no text
_SEPARATORS = ",;\t|"
UTF8_MARK = codecs.BOM_UTF8  # by which spreadsheets read a file as UTF-8
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row's cells. `line`: of the file, from 1, where the row begins."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table's rows by column. `names`: of the columns, as in the file.

    `rows`: the line and the cells by column of each row that has as many cells as the table has
    columns. `uneven`: the other rows, shorter or longer.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]
    uneven: tuple[Row, ...]


def read_table(path: Path) -> Table:
    """A CSV file's table. Raises OSError, UnicodeError and csv.Error where it can't be read."""
    return parse_table(path.read_bytes())


def parse_table(data: bytes) -> Table:
    """The table in a CSV file's bytes. Raises UnicodeError and csv.Error where there is none."""
    rows = parse_rows(data)
    header = next(rows, None)
    if header is None:
        raise csv.Error("it is empty")
    names, even, uneven = column_names(header), [], []
    for row in rows:
        cells = trimmed(row.cells, len(names))
        if len(cells) == len(names):
            even.append((row.line, dict(zip(names, cells, strict=True))))
        else:
            uneven.append(row)
    return Table(names, tuple(even), tuple(uneven))


def row_writer(file: TextIO, names: Sequence[str]) -> Callable[[Mapping[str, Any]], None]:
    """Writes the header of a CSV file, and gives what writes a row to it.

    No spreadsheet runs anything of a row. Texts are quoted, or a name's ";" starts a cell, and
    perhaps a formula, where commas are decimal.
    """
    writer = csv.DictWriter(file, names, quoting=csv.QUOTE_NONNUMERIC)
    writer.writeheader()

    def write(row: Mapping[str, Any]) -> None:
        writer.writerow({name: spreadsheet_safe(value) for name, value in row.items()})

    return write


def table_bytes(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """A whole CSV file of rows by column, in UTF-8; as `row_writer` writes them."""
    file = io.StringIO(newline="")
    write = row_writer(file, names)
    for row in rows:
        write(row)
    return file.getvalue().encode(errors=_ODD_NAMES)


def spreadsheet_safe(value: Any) -> Any:
    """A cell's value; a text that a spreadsheet would run as a formula made plain (CWE-1236)."""
    return _MARK + value if isinstance(value, str) and _FORMULA.match(value) else value


def original_text(cell: str) -> str:
    """The text that `spreadsheet_safe` made plain for a file of this project."""
    marked = cell.startswith(_MARK) and _FORMULA.match(cell)
    return cell.removeprefix(_MARK) if marked else cell


def number_in(cell: str) -> float:
    """The number in a cell, with a decimal point or comma; NaN where it holds none."""
    try:
        return float("nan" if "_" in cell else cell.strip().replace(",", "."))
    except ValueError:
        return float("nan")


def column_names(header: Row) -> tuple[str, ...]:
    """The names of the columns, without empty ones at the end."""
    names = [name.strip() for name in header.cells]
    while not names[-1]:
        names.pop()
    return tuple(names)


def trimmed(cells: list[str], columns: int) -> list[str]:
    """A row without the empty cells that lie beyond the table's columns."""
    beyond = cells[columns:]
    return cells if any(map(str.strip, beyond)) else cells[:columns]


def parse_rows(data: bytes) -> Iterator[Row]:
    """The rows of a CSV file's bytes that are not blank, the names of the columns first.

    Raises UnicodeError and csv.Error, a quote that is never closed among them.
    """
    text = _decode(data)
    separator, first_line = _separator(text)
    lines = io.StringIO(text, newline="")
    for _ in range(first_line - 1):
        lines.readline()
    reader = csv.reader(lines, delimiter=separator, strict=True)
    line = first_line
    for cells in reader:
        if any(map(str.strip, cells)):
            yield Row(line, cells)
        line = first_line + reader.line_num


def _decode(data: bytes) -> str:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(encoding)
    if data[1:2] == b"\0":  # the first letter of a table of Latin names of columns
        return data.decode("utf-16-le")
    if data[:1] == b"\0":
        return data.decode("utf-16-be")
    return data.decode("utf-8")


def _separator(text: str) -> tuple[str, int]:
    """What parts the cells, and the line that the table begins in."""
    first, _, rest = text.partition("\n")
    said = first.strip("\r").strip('"').lower()
    if said.startswith("sep=") and len(said) <= len("sep=;"):
        return (said[len("sep=") :] or "\t"), 2
    header = first if first.strip() else rest.lstrip("\r\n").partition("\n")[0]
    return max(_SEPARATORS, key=lambda mark: len(next(csv.reader([header], delimiter=mark), []))), 1
