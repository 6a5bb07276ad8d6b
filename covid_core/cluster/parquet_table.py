"""A table of rows as Parquet parts in a folder, in which each film counts once, whatever is killed.

A part holds the rows of a few films, and says on what terms they were made. Workers write a part
under a hidden name; only the one who began the run moves it into the table. So a part that is cut
off, or that a lost worker had written already, never counts, and what a worker of an earlier run
still writes comes too late.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from covid_core.batch.ledger import Terms, key
from covid_core.cluster.places import Place
from covid_core.errors import CovidCoreError
from covid_core.storage.walk import Note, ignore

_HALVES = ".halves"  # readers of Parquet folders pass over what starts with a dot
_LATEST = "latest"  # in there: which run may add to the table
_TERMS = b"covid_core"
_NUMBERS = ("p_", "predictive_value", "heat_in_lungs", "opacity_peak")
_PART = re.compile(r"part-[0-9a-f]{32}\.parquet")
_READERS = 16  # parts looked into at once: over a network each takes a few round trips
_DIFFERENCES = {
    "names": "other columns",
    "weights_sha256": "other weights",
    "point": "another operating point",
    "values": "another prevalence",
}


@dataclass(frozen=True, slots=True)
class Drafts:
    """Where the workers of one run write rows that do not count yet, and on what terms."""

    place: Place
    run: str
    terms: Terms

    def write(self, rows: Sequence[dict[str, Any]]) -> str:
        """The path, for `Table.add`, of rows that are written and do not count yet."""
        filesystem, root = self.place.filesystem()
        path = f"{root}/{_HALVES}/{self.run}/{uuid.uuid4().hex}.parquet"
        filesystem.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        buffer = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(list(rows), schema(self.terms)), buffer)
        filesystem.pipe_file(path, buffer.getvalue().to_pybytes())
        return path


@contextmanager
def open_table(place: Place, terms: Terms) -> Iterator[Table]:
    """A table to add parts to, in a run that begins here.

    From here on an earlier run adds no more than the part that it is just moving.
    """
    table = Table(place, terms)
    table.begin()
    try:
        yield table
    finally:
        table.end()


class Table:
    """The parts in a folder, for the one process that adds to them. `drafts`: for its workers."""

    def __init__(self, place: Place, terms: Terms) -> None:
        self.drafts = Drafts(place, uuid.uuid4().hex, terms)
        self._filesystem, self._root = place.filesystem()
        self._latest = f"{self._root}/{_HALVES}/{_LATEST}"

    def begin(self) -> None:
        """Say that this run is the latest.

        Raises CovidCoreError where a part that is there was made on other terms: then the run
        before it goes on.
        """
        for part in self._parts()[:1]:
            self._keys(part)
        self._filesystem.makedirs(f"{self._root}/{_HALVES}", exist_ok=True)
        self._filesystem.pipe_file(self._latest, self.drafts.run.encode())

    def films(self) -> np.ndarray:
        """`key` of each film that has a row: uint64, sorted; 8 bytes a film is all that is kept.

        Raises CovidCoreError where a part was made on other terms, or is damaged.
        """
        parts = self._parts()
        with ThreadPoolExecutor(_READERS) as pool:
            return np.sort(np.concatenate([keys([]), *pool.map(self._keys, parts)]))

    def add(self, half: str, names: Sequence[str]) -> None:
        """Take what a worker wrote into the table, by the films' names.

        Raises CovidCoreError where a later run has begun.
        """
        if not self._is_latest():
            raise CovidCoreError(
                "another run writes to this table now",
                "Let it end, then run again",
                file=self._title,
            )
        part = hashlib.sha256("\n".join(names).encode()).hexdigest()[:32]
        self._filesystem.mv(half, f"{self._root}/part-{part}.parquet")

    def end(self) -> None:
        """Clear away what never counted, unless a later run needs it."""
        if self._is_latest():
            with suppress(OSError):  # a lost worker may be writing there yet
                self._filesystem.rm(f"{self._root}/{_HALVES}", recursive=True)

    @property
    def _title(self) -> str:
        return self.drafts.place.title

    def _parts(self) -> list[str]:
        # Not by a pattern: a folder's own name may hold what is one.
        self._filesystem.invalidate_cache()
        try:
            listed = self._filesystem.ls(self._root, detail=False)
        except FileNotFoundError:
            return []
        return [path for path in listed if _PART.fullmatch(path.rpartition("/")[2])]

    def _is_latest(self) -> bool:
        try:
            return bool(self._filesystem.cat_file(self._latest) == self.drafts.run.encode())
        except FileNotFoundError:
            return False

    def _keys(self, part: str) -> np.ndarray:
        try:
            with self._filesystem.open(part, "rb") as file, pq.ParquetFile(file) as table:
                self._check((table.schema_arrow.metadata or {}).get(_TERMS), part)
                names = table.read(["file"])["file"].to_pylist()
        except pa.ArrowInvalid as error:
            raise CovidCoreError(
                "this part of the table is damaged", "Delete it and run again", file=part
            ) from error
        return keys(names)

    def _check(self, stored: bytes | None, part: str) -> None:
        found, due = json.loads(stored or b"{}"), json.loads(_written(self.drafts.terms))
        for term, difference in _DIFFERENCES.items():
            if found.get(term) != due[term]:
                raise CovidCoreError(
                    f"its rows were made with {difference}",
                    "Write to another folder, or give the same options as then",
                    file=part,
                )


def schema(terms: Terms) -> pa.Schema:
    """A table's columns, numbers as float64 and the rest as text; its metadata say the terms."""
    fields = [
        (name, pa.float64() if name.startswith(_NUMBERS) else pa.string()) for name in terms.names
    ]
    return pa.schema(fields, metadata={_TERMS: _written(terms)})


def keys(names: Iterable[str]) -> np.ndarray:
    """Names to uint64 (N,): of a million films two share theirs once in 40 million tables."""
    return np.fromiter(map(key, names), np.uint64)


def films_left(
    place: Place, done: np.ndarray, films: int, note: Note = ignore
) -> Iterator[list[str]]:
    """The place's films whose keys are not in `done`, sorted uint64, some at a time.

    `note` takes the files that are no films.
    """
    found = place.films(note)
    pieces = iter(lambda: list(islice(found, films)), [])
    rest: list[str] = []
    for piece in pieces:
        found_keys = keys(map(place.name, piece))
        are_done = _are_in(done, found_keys)
        rest += [film for film, is_done in zip(piece, are_done, strict=True) if not is_done]
        while len(rest) >= films:
            yield rest[:films]
            rest = rest[films:]
    if rest:
        yield rest


def _are_in(done: np.ndarray, some: np.ndarray) -> np.ndarray:
    """Which keys are among those done, which are sorted: bool (N,)."""
    if not len(done):
        return np.zeros(len(some), bool)
    at = np.searchsorted(done, some).clip(max=len(done) - 1)
    return done[at] == some


def _written(terms: Terms) -> bytes:
    return json.dumps(asdict(terms), sort_keys=True).encode()
