"""How the time and the memory that `predict` takes grow with the number of files.

    python -m benchmarks.archive growth [--films 10 100 1000 10000] [--plot out/growth.html]
    python -m benchmarks.archive million [--files 1000000] [--plot out/million.html]

Both run `python -m covid_core predict FOLDER --csv FILE` in a fresh process. `growth` scores
phantoms, no two of the same bytes, and compares with what the network's engine does alone, on the
same phantoms prepared, with all cores, just before and after. `million` makes a tree of that many
files, nearly all of them empty and so refused at once, kills the command when half is done, goes on
with `--resume`, and counts the rows.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from benchmarks.arguments import parser_of
from benchmarks.folders import DRAWN, film, films_in, tree
from benchmarks.servers import HERE, memory
from benchmarks.start import machine
from covid_core.engines.engine import Lanes, cores
from covid_core.model.card import WEIGHTS
from covid_core.predict.predictor import Predictor
from covid_core.present import markdown
from covid_core.present.style import SERIES, styled
from covid_core.read.reading import read_radiograph

_ENGINE_S = 5.0
_SAMPLES = 40
_SAMPLE_S = 0.2
_PLOT_PX = 420


@dataclass(frozen=True, slots=True)
class Pace:
    """`rate`: films a second.

    `cpu_ms`: of all cores together for each film, which others at work on the machine hardly
    change.
    """

    rate: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Run:
    """The command on so many films.

    `seconds`: from its start to its end; `cpu_s`: of all cores together; `peak_mb`: the most memory
    it held; `engine`: the network alone, around it.
    """

    films: int
    seconds: float
    cpu_s: float
    peak_mb: float
    engine: Pace


@dataclass(frozen=True, slots=True)
class Sample:
    """The command's memory when so many rows were written, and seconds since its start."""

    rows: int
    resident_mb: float
    seconds: float


def engine_pace(predictor: Predictor, x: np.ndarray) -> Pace:
    """The classifier's pace alone, with one film in the network for each core.

    `x`: prepared films, float32 (N, 1, S, S). What it looks at twice is included.
    """
    lanes = cores()
    predictor.feature_maps(x[:1])
    started, cpu = time.monotonic(), time.process_time()

    def run(lane: int) -> int:
        done = 0
        while time.monotonic() < started + _ENGINE_S:
            at = (lane + done * lanes) % len(x)
            predictor.feature_maps(x[at : at + 1])
            done += 1
        return done

    with ThreadPoolExecutor(lanes) as pool:
        done = sum(pool.map(run, range(lanes)))
    return Pace(done / (time.monotonic() - started), (time.process_time() - cpu) / done * 1e3)


def command(folder: Path, table: Path) -> list[str]:
    return [sys.executable, "-m", "covid_core", "predict", str(folder), "--csv", str(table)]


def scored(folder: Path, table: Path) -> tuple[float, float, float]:
    """Seconds that the command took for a folder, those of all cores, and its peak in MB."""
    started = time.monotonic()
    process = subprocess.Popen(command(folder, table), cwd=HERE, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu_s = usage.ru_utime + usage.ru_stime
    return time.monotonic() - started, cpu_s, usage.ru_maxrss * 1024 / 1e6


def growth(counts: Sequence[int], rounds: int) -> Iterator[Run]:
    """The command on one film and on each of the counts, the medians of some rounds."""
    predictor = Predictor.load(WEIGHTS, lanes=Lanes(films=cores()))
    preprocess = predictor.card.preprocess
    films = [read_radiograph(film(number)[1]) for number in range(DRAWN)]
    x = preprocess.input(np.stack([preprocess.picture(one) for one in films]))
    with tempfile.TemporaryDirectory() as place:
        table = Path(place, "rows.csv")
        for count in (1, *counts):
            folder, runs, paces = films_in(Path(place, str(count)), count), [], []
            for _ in range(rounds):
                paces.append(engine_pace(predictor, x))
                runs.append(scored(folder, table))
                paces.append(engine_pace(predictor, x))
            seconds, cpu_s, peaks_mb = zip(*runs, strict=True)
            pace = Pace(median(one.rate for one in paces), median(one.cpu_ms for one in paces))
            yield Run(count, median(seconds), median(cpu_s), max(peaks_mb), pace)


def growth_table(runs: Sequence[Run]) -> str:
    """Rates are those once started: what a run on one film takes is not counted."""
    first, *rest = runs
    rows = []
    for run in rest:
        rate = (run.films - 1) / (run.seconds - first.seconds)
        cpu_ms = (run.cpu_s - first.cpu_s) / (run.films - 1) * 1e3
        rows.append(
            [
                f"{run.films:,}",
                f"{run.seconds:.1f}",
                f"{run.peak_mb:.0f}",
                f"{rate:.1f}",
                f"{run.engine.rate:.1f}",
                f"{rate / run.engine.rate:.2f}",
                f"{cpu_ms:.1f}",
                f"{run.engine.cpu_ms:.1f}",
                f"{run.engine.cpu_ms / cpu_ms:.2f}",
            ]
        )
    header = [
        "Films",
        "Seconds",
        "Peak, MB",
        "Films/s",
        "Engine's",
        "Share of it",
        "CPU a film, ms",
        "Engine's, ms",
        "Share of it",
    ]
    return (
        f"{markdown.table(header, rows)}\n\nOne film takes {first.seconds:.1f} s and"
        f" {first.peak_mb:.0f} MB."
    )


def growth_plot(runs: Sequence[Run]) -> go.Figure:
    counts = [run.films for run in runs]
    figure = make_subplots(cols=2, subplot_titles=("Time", "Memory"), horizontal_spacing=0.12)
    for column, values in enumerate(
        ([run.seconds for run in runs], [run.peak_mb for run in runs]), 1
    ):
        figure.add_scatter(
            x=counts,
            y=values,
            mode="lines+markers",
            line_color=SERIES[0],
            showlegend=False,
            row=1,
            col=column,
        )
    figure.update_xaxes(type="log", title="Films", dtick=1)
    figure.update_yaxes(type="log", title="Seconds", dtick=1, col=1)
    figure.update_yaxes(title="Peak, MB", rangemode="tozero", col=2)
    return styled(figure, _PLOT_PX)


def watched(folder: Path, table: Path, every: int, until: int) -> Iterator[Sample]:
    """The command's memory after each so many rows more; killed when there are `until`."""
    run = [*command(folder, table), "--resume"]
    table.touch()
    with table.open("rb") as written, suppress(KeyError):  # it ends while its memory is looked up
        rows = written.read().count(b"\n")  # and the header; no name here holds a line break
        due, started = rows + every, time.monotonic()
        with subprocess.Popen(run, cwd=HERE, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and rows < until:
                time.sleep(_SAMPLE_S)
                rows += written.read().count(b"\n")
                if rows >= due:
                    yield Sample(rows - 1, memory(process.pid).resident, time.monotonic() - started)
                    due = rows - rows % every + every
            process.kill()


def million(files: int) -> Iterator[Sample]:
    """Memory over a tree of files, the command killed when half is done and begun again."""
    with tempfile.TemporaryDirectory() as place:
        print(f"Making a tree of {files:,} files…", file=sys.stderr)
        folder, table = tree(Path(place, "tree"), files), Path(place, "rows.csv")
        every = max(files // _SAMPLES, 1)
        yield from watched(folder, table, every, until=files // 2)
        yield from watched(folder, table, every, until=2 * files)
        with table.open(newline="", encoding="utf-8") as rows:
            names = Counter(row["file"] for row in csv.DictReader(rows))
        doubled = sum(count > 1 for count in names.values())
        print(
            f"{len(names):,} files have a row, {files - len(names)} have none, {doubled} have more"
            " than one.",
            file=sys.stderr,
        )


def million_table(samples: Sequence[Sample]) -> str:
    rows = [
        [f"{one.rows:,}", f"{one.seconds:.0f}", f"{one.resident_mb:.0f}"]
        for one in samples[:: max(len(samples) // 16, 1)]
    ]
    return markdown.table(["Rows written", "Seconds since its start", "Resident, MB"], rows)


def million_plot(samples: Sequence[Sample]) -> go.Figure:
    half = next(i for i in range(1, len(samples)) if samples[i].seconds < samples[i - 1].seconds)
    figure = go.Figure()
    for name, part, colour in zip(
        ("until it was killed", "gone on with"),
        (samples[:half], samples[half:]),
        SERIES,
        strict=False,
    ):
        figure.add_scatter(
            x=[one.rows for one in part],
            y=[one.resident_mb for one in part],
            name=name,
            line_color=colour,
            mode="lines",
        )
    figure.update_xaxes(title="Rows written", rangemode="tozero")
    figure.update_yaxes(title="Resident memory, MB", rangemode="tozero")
    return styled(figure, _PLOT_PX)


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("what", choices=("growth", "million"))
    parser.add_argument("--films", type=int, nargs="+", default=[10, 100, 1_000, 10_000])
    parser.add_argument("--rounds", type=int, default=1, help="of each number of films")
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    plot = options.plot or Path("out", f"{options.what}.html")
    plot.parent.mkdir(parents=True, exist_ok=True)
    if options.what == "growth":
        runs = list(growth(options.films, options.rounds))
        growth_plot(runs).write_html(plot)
        print(growth_table(runs))
    else:
        samples = list(million(options.files))
        million_plot(samples).write_html(plot)
        print(million_table(samples))
    print(f"\n{machine()}\nDrawn in {plot}.")


if __name__ == "__main__":
    main()
