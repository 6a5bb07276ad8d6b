"""A CSV file of rows that outlives a kill: whole rows are kept, and what is missing follows."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import numpy as np

from covid_core.errors import CovidCoreError
from covid_core.model.card import WeightsCard
from covid_core.model.tiers import DECIDED
from covid_core.present.rows import UNANSWERED, columns
from covid_core.present.sentences import predictive_value
from covid_core.storage.locks import locked
from covid_core.storage.tables import row_writer, spreadsheet_safe

_ODD_NAMES = "backslashreplace"  # a file's name may hold bytes that are no text
_LONGEST_ROW = 64 * 1024  # bytes; a path has 4 KiB at most
_NO_ROWS = "some of its lines are not rows of results"
_DIGITS = 6
_ROUNDED = 1e-4  # rows give four digits


@dataclass(frozen=True, slots=True)
class Terms:
    """What the rows of one file share.

    `names`: its columns. `values`: what an answer is worth at the prevalence, by its tier; empty
    where none was given.
    """

    names: tuple[str, ...]
    weights_sha256: str
    point: str
    values: Mapping[str, float]

    @classmethod
    def of(cls, card: WeightsCard, point: str, prevalence: float | None) -> Terms:
        """The terms of a card's weights at one of their points. `prevalence`: 0 to 1.

        Raises CovidCoreError for a point that the weights do not have.
        """
        chosen = card.rules.point(point)
        values: dict[str, float] = {}
        for tier in DECIDED:
            value = None if prevalence is None else predictive_value(chosen, tier, prevalence)
            if value is not None:
                values[tier.value] = round(value, _DIGITS)  # libraries differ in the last bit
        return cls(columns(card.classes), card.sha256, point, values)

    def broken_by(self, row: Mapping[str, str]) -> str | None:
        """What a row that was read from a file was made with, if not with these; in words."""
        if row["decision"] in UNANSWERED:
            return None
        if row["weights_sha256"] != self.weights_sha256:
            return "other weights"
        if row["operating_point"] != self.point:
            return f"the operating point {row['operating_point']}"
        value, due = row["predictive_value"], self.values.get(row["tier"])
        if (due is None) != (value == "") or (
            due is not None and abs(float(value) - due) > _ROUNDED
        ):
            return "another prevalence"
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What a file held already.

    `keys`: of its films' names; `failed`: how many of them got no prediction; `end`: where its last
    whole row ends, in bytes, 0 where not even the header is.
    """

    keys: array[int]
    failed: int = 0
    end: int = 0


class Ledger:
    """An open file of rows.

    `kept`: how many it held already; `failed`: of those, without a prediction.
    """

    def __init__(self, file: TextIO, names: tuple[str, ...], kept: Kept) -> None:
        self.kept, self.failed = len(kept.keys), kept.failed
        self._file, self._row = file, _Row(names)
        # A name may come twice, or two be written alike: as many rows stand for as many films.
        self._keys, self._left = np.unique(np.frombuffer(kept.keys, np.uint64), return_counts=True)
        if not kept.end:
            self._append(self._row.header)

    @property
    def not_given(self) -> int:
        """How many of the rows that were kept are of no film that was given so far."""
        return int(self._left.sum())

    def holds(self, name: str) -> bool:
        """Whether a row of this film was there already; each row answers for one film."""
        wanted = np.uint64(key(_as_written(name)))
        at = int(np.searchsorted(self._keys, wanted))
        if at == len(self._keys) or self._keys[at] != wanted or not self._left[at]:
            return False
        self._left[at] -= 1
        return True

    def write(self, row: dict[str, Any]) -> None:
        """Put a row into the file before this returns."""
        self._append(self._row.text(row))

    def _append(self, text: str) -> None:
        self._file.write(text)
        self._file.flush()


@contextmanager
def open_ledger(path: Path, terms: Terms, *, resume: bool = False) -> Iterator[Ledger]:
    """A file to write rows to: begun anew, or with `resume` after the whole rows that it holds.

    Takes some 24 bytes of memory for each row that was kept. Raises CovidCoreError where another
    process writes to it, where `resume` meets rows made on other terms or what are no rows, and
    OSError where it can't be written.
    """
    plain = path.is_file() or not path.exists()  # no pipe or terminal
    if resume and not plain:
        raise CovidCoreError("it can't be read again", "Leave out --resume", file=str(path))
    with (
        path.open("a", newline="", encoding="utf-8", errors=_ODD_NAMES) as file,
        locked(path) if plain else nullcontext(),
    ):
        kept = Kept(array("Q"))
        if plain:
            kept = _kept(path, terms) if resume else kept
            file.truncate(kept.end)
        yield Ledger(file, terms.names, kept)


class _Row:
    """Rows as they stand in a file, so that each is written in one go."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._text = io.StringIO(newline="")
        self._write = row_writer(self._text, names)
        self.header = self._taken()

    def text(self, row: dict[str, Any]) -> str:
        self._write(row)
        return self._taken()

    def _taken(self) -> str:
        text = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return text


def _kept(path: Path, terms: Terms) -> Kept:
    """Raises CovidCoreError for rows made on other terms, and for what are no rows of ours."""
    header = _Row(terms.names).header.encode()
    keys, failed, end = array("Q"), 0, 0
    with path.open("rb") as file:
        start = file.read(len(header))
        if start != header and not header.startswith(start):
            raise _refused(path, "its header is not the one that these weights write")
        if start == header:
            end = len(header)
            for cells, size in _whole_rows(file, path):
                row = _read(cells, terms, path)
                keys.append(key(row["file"]))
                failed += row["decision"] in UNANSWERED
                end += size
    return Kept(keys, failed, end)


def _read(cells: list[str], terms: Terms, path: Path) -> dict[str, str]:
    try:
        row = dict(zip(terms.names, cells, strict=True))
        difference = terms.broken_by(row)
    except ValueError as error:
        raise _refused(path, _NO_ROWS) from error
    if difference:
        raise _refused(path, f"it has rows made with {difference}")
    return row


def _whole_rows(file: BinaryIO, path: Path) -> Iterator[tuple[list[str], int]]:
    """The cells and the size in bytes of each row; what is cut off after the last is left out."""
    row = b""
    for line in iter(partial(file.readline, _LONGEST_ROW), b""):
        row += line  # a name may hold line breaks: they stand between quotes
        if len(row) > _LONGEST_ROW:
            raise _refused(path, _NO_ROWS)
        if row.endswith(b"\n") and row.count(b'"') % 2 == 0:
            try:
                [cells] = csv.reader([row.decode(errors=_ODD_NAMES)])
            except (ValueError, csv.Error) as error:
                raise _refused(path, _NO_ROWS) from error
            yield cells, len(row)
            row = b""


def _as_written(name: str) -> str:
    return str(spreadsheet_safe(name)).encode(errors=_ODD_NAMES).decode()


def key(name: str) -> int:
    """The 64 bits by which a film is known again, of its name."""
    return int.from_bytes(blake2b(name.encode(errors=_ODD_NAMES), digest_size=8).digest(), "big")


def _refused(path: Path, problem: str) -> CovidCoreError:
    return CovidCoreError(
        f"{problem}, so no rows can be appended",
        "Give the options that it was begun with, name another file, or leave out --resume to start"
        " again",
        file=str(path),
    )
