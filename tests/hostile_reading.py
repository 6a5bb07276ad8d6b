"""Reads the corpus and mutants, and prints a line of JSON for each: for a process of its own.

python -m tests.hostile_reading MUTANTS
"""

from __future__ import annotations

import hashlib
import itertools
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from covid_core.errors import RefusedFile
from covid_core.read.archives import members_or_refusals
from covid_core.read.patient_tags import read_study
from covid_core.read.reading import read_radiograph
from tests.hostile import corpus
from tests.hostile_bombs import SLOW
from tests.mutants import mutants, seeds


def read(name: str, data: bytes) -> tuple[list[str], list[str]]:
    """What became of the films in a file: codes, or `film`; and the notes of those that are."""
    codes: set[str] = set()
    notes: list[str] = []
    for item in members_or_refusals(data, name):
        try:
            film = item.read()
            radiograph = read_radiograph(film)
            read_study(film)
        except RefusedFile as refused:
            assert refused.problem and refused.remedy
            codes.add(refused.code)
        else:
            pixels = radiograph.pixels
            assert np.isfinite(pixels).all() and 0 <= pixels.min() < pixels.max() <= 1, name
            codes.add("film")
            notes += radiograph.notes
    return sorted(codes), notes


def tried(name: str, data: bytes) -> dict[str, Any]:
    """The same, with this thread's and process's costs."""
    before, start = _forget_peak(), time.process_time()
    codes, notes = read(name, data)
    cpu_s = time.process_time() - start
    return {
        "name": name,
        "codes": codes,
        "notes": notes,
        "cpu_s": cpu_s,
        "more_mib": _status("VmHWM") - before,
    }


def good() -> str:
    """A hash of what a good film of each kind gives."""
    films = [read_radiograph(seeds()[name]) for name in ("wide.png", "lossless.dcm")]
    return hashlib.sha256(b"".join(film.pixels.tobytes() for film in films)).hexdigest()


def _forget_peak() -> float:
    """Starts the peak of memory anew; the memory now held, in MiB."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _status("VmRSS")


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def main() -> None:
    made = ((name, make()) for name, make in corpus() if name not in SLOW)
    for number, (name, data) in enumerate(itertools.chain(made, mutants(int(sys.argv[1])))):
        outcome = tried(name, data)
        if number % 100 == 99:
            outcome["good"] = good()
        print(json.dumps(outcome), flush=True)


if __name__ == "__main__":
    main()
