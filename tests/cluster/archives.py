"""An archive of drawn radiographs, a stand-in that scores it, and its table."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import Any

from covid_core.batch.ledger import Terms
from covid_core.cluster.delta_table import Table
from covid_core.cluster.places import Place
from covid_core.cluster.scoring import Job, score_archive
from covid_core.model.card import WEIGHTS, read_card
from tests.stand_in import StandIn

CARD = read_card(WEIGHTS)
FILMS = 12
FILMS_A_PART = 3


def job_of(films: Path, load: Any = StandIn) -> Job:
    return Job(Place.of(str(films)), load, CARD.sha256, "balanced", CARD.classes)


def table_at(out: Path) -> Table:
    return Table(str(out), Terms.of(CARD, "balanced", None))


def rows_in(out: Path) -> list[dict[str, Any]]:
    from deltalake import DeltaTable

    return sorted(DeltaTable(str(out)).to_pyarrow_table().to_pylist(), key=by_file)


def by_file(row: dict[str, Any]) -> str:
    return str(row["file"])


def assert_each_once(out: Path, due: dict[str, Any]) -> None:
    assert rows_in(out) == sorted(due.values(), key=by_file)


def overlap_and_run_again(films: Path, out: Path) -> None:
    """Both tables know of no row at first, and each meets the other's at every commit."""
    job = job_of(films)
    two = [score_archive(job, table_at(out), 1, films=FILMS_A_PART) for _ in range(2)]
    added = [len(part) for both in zip_longest(*two) for part in both if part]
    assert sum(added) == FILMS
    assert sum(map(len, score_archive(job, table_at(out), 1))) == 0
