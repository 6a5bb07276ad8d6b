"""What a case bundle costs, and whether a new process makes the same bytes again.

    python -m benchmarks.bundle [--films DIR] [--count N]

Bundles of phantoms from small to the largest plate, and of some real films, are made and replayed:
in this process, timed; and in a new one with another number of threads and another seed of Python's
hashes, whose bytes are compared with the first.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.arguments import parser_of
from covid_core.case.reader import CaseReader
from covid_core.engines.machine import described
from covid_core.errors import CovidCoreError
from covid_core.exports.bundle import make_bundle, read_bundle, replay
from covid_core.exports.request import ExportRequest, result_of
from covid_core.model.card import WEIGHTS
from covid_core.present.markdown import table
from covid_core.read.film_files import films_below
from covid_core.read.phantom import KINDS, draw_phantom
from covid_core.read.radiograph import Radiograph
from covid_core.read.reading import read_file, read_radiograph
from tests.films import dicom_file, encode

_HERE = Path(__file__).parent.parent
_SIZES = ((256, 256), (1024, 1024), (4280, 3520))
_HEADER = ("Film", "Pixels", "Bundle MB", "Tell s", "Make s", "Replay s", "Same here", "Same anew")


def phantoms() -> Iterator[tuple[str, Radiograph]]:
    """8-bit PNG and 12-bit DICOM with a window, of each size, with noise as of a detector."""
    for height, width in _SIZES:
        square = draw_phantom(KINDS[-1], size_px=max(height, width))[:height, :width]
        yield "8-bit PNG", read_radiograph(encode(square, "PNG"))
        noise = np.random.default_rng(0).integers(0, 16, square.shape, np.uint16)
        deep = dicom_file(
            4095 - (square.astype(np.uint16) * 16 + noise).clip(0, 4095).astype(np.uint16),
            photometric="MONOCHROME1",
            bits_stored=12,
            WindowCenter=1900,
            WindowWidth=3000,
        )
        yield "12-bit DICOM", read_radiograph(deep)


def real(folder: Path, count: int) -> Iterator[tuple[str, Radiograph]]:
    """So many films of a folder, spread over it."""
    paths = list(films_below(folder))
    for at in np.linspace(0, len(paths) - 1, count).round().astype(int).tolist():
        try:
            yield paths[at].suffix, read_file(paths[at])
        except CovidCoreError:
            continue


def measured(reader: CaseReader, kind: str, film: Radiograph, number: int) -> tuple[str, ...]:
    """One row: how long each step took, and whether both replays gave the same."""
    point = reader.predictor.card.rules.point("balanced")
    request = ExportRequest(point, None, 0.1, datetime.now(UTC).replace(microsecond=0))
    start = time.perf_counter()
    result = result_of(reader, reader.read(film), request)
    presented = time.perf_counter()
    bundle = make_bundle(reader, film, result)
    made = time.perf_counter()
    again = replay(read_bundle(bundle), reader)
    replayed = time.perf_counter()
    seconds = [f"{one:.2f}" for one in (presented - start, made - presented, replayed - made)]
    size = f"{film.width_px} x {film.height_px}"
    same = [str(again == bundle), str(anew(bundle, threads=1 + number % 2))]
    return kind, size, f"{len(bundle) / 1e6:.2f}", *seconds, *same


def anew(bundle: bytes, threads: int) -> bool:
    """Whether the command line gives the same bytes in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder, "case.zip"), Path(folder, "again.zip")
        path.write_bytes(bundle)
        limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
        ran = subprocess.run(
            [sys.executable, "-m", "covid_core", "replay", str(path), "--out", str(out)],
            cwd=_HERE,
            env=os.environ | limits | {"PYTHONHASHSEED": str(threads)},
            capture_output=True,
        )
        return ran.returncode == 0 and out.read_bytes() == bundle


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--films", type=Path, metavar="DIR")
    parser.add_argument("--count", type=int, default=12)
    options = parser.parse_args()
    reader = CaseReader.load(WEIGHTS)
    films = [*phantoms(), *(real(options.films, options.count) if options.films else ())]
    rows = []
    for number, (kind, film) in enumerate(films):
        try:
            rows.append(measured(reader, kind, film, number))
        except CovidCoreError as error:  # what the gate lets nobody judge has no bundle
            print(f"{kind}: {error.sentence}")
    print(described())
    print(table(_HEADER, rows))


if __name__ == "__main__":
    main()
