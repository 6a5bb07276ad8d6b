"""A Delta Lake table of rows, in which each film has one row, whoever else writes to it.

Rows are added by one atomic commit to the table as it was last read. Where another command added
some since, Delta Lake refuses; then those are read, and only the films that still have no row are
added. What a killed command was writing never counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from covid_core.batch.ledger import Terms, key
from covid_core.errors import CovidCoreError
from covid_core.extras import needing
from covid_core.present.rows import UNANSWERED

_NUMBERS = ("p_", "predictive_value", "heat_in_lungs", "opacity_peak")
_DIFFERENCES = {
    "names": "other columns",
    "weights_sha256": "other weights",
    "point": "another operating point",
    "values": "another prevalence",
}


class Table:
    """A table that is open to be added to. `name in table`: whether that film has a row."""

    def __init__(self, url: str, terms: Terms) -> None:
        """Begun where there is none. Raises CovidCoreError where its rows have other terms."""
        self._title, self._schema = _uri(url), _schema(terms)
        self._keys: set[int] = set()  # of the films that have a row
        self._failed: set[int] = set()  # of those whose row is no prediction
        self._read: set[str] = set()  # the files that they were read from
        with _explained(self._title):
            self._delta = _opened(self._title, self._schema, _written(terms))
            _check(self._delta.metadata().description, terms, self._title)
            self._refresh()

    def __contains__(self, name: str) -> bool:
        return key(name) in self._keys

    @property
    def failed(self) -> int:
        """How many rows of the table, as it was last read, are no prediction."""
        return len(self._failed)

    def add(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those of the rows that were added: of films that had none till then, in one step."""
        deltalake = _deltalake()
        left = self._without_row(rows)
        with _explained(self._title):
            while left:
                version = self._delta.version()
                data = pa.Table.from_pylist(left, self._schema)
                try:
                    deltalake.write_deltalake(
                        self._delta, data, mode="append", commit_properties=_only_to_this_version()
                    )
                    break
                except deltalake.exceptions.CommitFailedError:
                    self._refresh()
                    if self._delta.version() == version:
                        raise  # nobody else wrote: the storage is at fault
                    left = self._without_row(left)
        self._know([row["file"] for row in left], [row["decision"] for row in left])
        return left

    def _without_row(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return [row for row in rows if row["file"] not in self]

    def _refresh(self) -> None:
        """Learn what films others have added."""
        self._delta.update_incremental()
        for part in self._delta.to_pyarrow_dataset().get_fragments():
            if part.path not in self._read:
                for batch in part.to_batches(columns=["file", "decision"]):
                    self._know(batch["file"].to_pylist(), batch["decision"].to_pylist())
                self._read.add(part.path)

    def _know(self, files: Sequence[str], decisions: Sequence[str]) -> None:
        keys = list(map(key, files))
        self._keys.update(keys)
        pairs = zip(keys, decisions, strict=True)
        self._failed.update(one for one, decision in pairs if decision in UNANSWERED)


def _schema(terms: Terms) -> pa.Schema:
    """A table's columns, numbers as float64 and the rest as text."""
    return pa.schema(
        (name, pa.float64() if name.startswith(_NUMBERS) else pa.string()) for name in terms.names
    )


def _opened(uri: str, schema: pa.Schema, description: str) -> Any:
    deltalake = _deltalake()
    if not deltalake.DeltaTable.is_deltatable(uri):
        try:
            deltalake.DeltaTable.create(
                uri, schema, description=description, commit_properties=_only_to_this_version()
            )
        except deltalake.exceptions.DeltaError:
            if not deltalake.DeltaTable.is_deltatable(uri):  # else another command was first
                raise
    return deltalake.DeltaTable(uri)


def _only_to_this_version() -> Any:
    """Delta Lake's options by which a commit fails where the table has a newer version."""
    return _deltalake().CommitProperties(max_commit_retries=0)


def _uri(url: str) -> str:
    """The URL of a bucket's folder as it is, and of a path of this machine."""
    if "://" in url and not url.startswith("file://"):
        return url
    path = Path(url.removeprefix("file://")).absolute()
    if set(str(path)) & set("[]%"):  # deltalake 1.6 can't take the first two, and decodes the third
        raise CovidCoreError(
            "no table can lie under a path with [, ] or %", "Choose another folder", file=str(path)
        )
    return path.as_uri()


def _check(stored: str | None, terms: Terms, title: str) -> None:
    try:
        found = dict(json.loads(stored or ""))
    except ValueError as error:
        raise CovidCoreError(
            "this table was not begun by this command", "Choose another folder", file=title
        ) from error
    due = json.loads(_written(terms))
    for term, difference in _DIFFERENCES.items():
        if found.get(term) != due[term]:
            raise CovidCoreError(
                f"its rows were made with {difference}",
                "Write to another folder, or give the same options as then",
                file=title,
            )


def _written(terms: Terms) -> str:
    return json.dumps(asdict(terms), sort_keys=True)


@contextmanager
def _explained(title: str) -> Iterator[None]:
    try:
        yield
    except (_deltalake().exceptions.DeltaError, pa.ArrowInvalid, OSError) as error:
        raise CovidCoreError(
            f"the table can't be read or written ({type(error).__name__})",
            "Check the URL, your rights to it and the space there; run again: what was added stays",
            file=title,
        ) from error


def _deltalake() -> Any:
    with needing("deltalake", "cluster"):
        import deltalake
        import deltalake.exceptions
    return deltalake
