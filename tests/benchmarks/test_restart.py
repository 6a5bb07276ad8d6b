"""Bytes of a film are found where they are, and nowhere else."""

from __future__ import annotations

import os
import time
from pathlib import Path

from benchmarks.leftovers import in_files, written
from benchmarks.restart import Kill, canary_film, figures
from covid_core.read.reading import read_radiograph


def test_only_what_was_written_since_is_searched(tmp_path: Path) -> None:
    canary = os.urandom(32)
    since = time.time() - 60
    for name in ("old", "new", "below/new", "code/new"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"before" + canary + b"after")
    (tmp_path / "other").write_bytes(b"nothing")
    os.utime(tmp_path / "old", (since - 60, since - 60))
    found = in_files(written(tmp_path, since, without=["code"]), canary)
    assert set(found) == {tmp_path / "new", tmp_path / "below" / "new"}


def test_a_canary_film_is_a_film_and_holds_its_canaries() -> None:
    data, canaries = canary_film(0)
    assert len(data) > 2**20 and read_radiograph(data).source_format.startswith("DICOM")
    assert all(data.count(canary) == 1 for canary in canaries)
    assert canaries != canary_film(1)[1]


def test_what_is_left_or_late_is_no_success() -> None:
    good = Kill(answered=False, back_s=3.0, left=(), whole=True)
    assert all(figure.met for figure in figures([good, good]) if figure.goal)
    bad = Kill(answered=False, back_s=21.0, left=("a",), whole=False)
    assert not any(figure.met for figure in figures([good, bad]) if figure.goal)
