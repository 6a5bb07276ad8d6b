"""Whether the page's memory stays where it is, however many films go through it.

    python -m benchmarks.memory [--uploads 1000] [--every 50] [--plot out/memory.html]

A real server, and visitors who come one after another. Each opens the page, has films read one by
one, each through the page's own uploader and taken back once it is answered, drops a few together
as a list, and closes the page. No two files have the same bytes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from statistics import median

import numpy as np
import plotly.graph_objects as go
from scipy import stats

from app.texts.worklist import DROP
from benchmarks.arguments import parser_of
from benchmarks.record import Figure, format_record, record
from benchmarks.servers import HERE, Memory, Server, served
from benchmarks.visitors import Visitor, visiting
from covid_core.present import markdown
from covid_core.present.overlay import png
from covid_core.present.sentences import DISCLAIMER
from covid_core.present.style import SERIES, THRESHOLD, styled
from covid_core.read.phantom import KINDS, draw_phantom
from tests.films import dicom_file

SETTLED = 100  # uploads after which memory may grow no more
MOST_MB, MOST_GROWTH = 600, 0.05
MOST_GROWN_MB, MOST_PER_UPLOAD_MB = 150, 0.05
MOST_UPLOADS = 64 * 2**20
_METRICS_S = 5.5  # Streamlit gives the same figures again for five seconds
_SIZES_PX = (512, 640, 768, 896, 1024)
ALONE, TOGETHER = 20, 5  # films of one visit
_DICOM_EVERY = 7
_PLOT_PX = 420
_ANSWER = f"px. {DISCLAIMER}"  # with every answer, one that must not be used too


@dataclass(frozen=True, slots=True)
class Sample:
    """The server's memory after so many uploads, and when, in s since the first visit.

    `held`: bytes of uploads that Streamlit holds beside the page.
    """

    uploads: int
    memory: Memory
    at: float
    held: int = 0


def film(number: int) -> tuple[str, bytes]:
    """A phantom's file, name and bytes; no other number has the same."""
    size_px = _SIZES_PX[number % len(_SIZES_PX)]
    drawn = _drawn(KINDS[number % len(KINDS)], size_px)
    grain = np.random.default_rng(number).integers(0, 8, drawn.shape, np.uint8)
    pixels = np.minimum(drawn, 247) + grain
    if number % _DICOM_EVERY == 0:
        return f"{number}.dcm", dicom_file(pixels)
    return f"{number}.png", png(pixels)


@cache
def _drawn(kind: str, size_px: int) -> np.ndarray:
    return draw_phantom(kind, size_px=size_px)


def visit(visitor: Visitor, number: int) -> Iterator[int]:
    """How many more films were answered, each time: from a number on, the last few together.

    Raises RuntimeError where one is not.
    """
    together = number + ALONE
    for one in range(number, together):
        shown = visitor.give(DROP, film(one))
        if not shown.says(_ANSWER):
            raise RuntimeError(f"film {one} got no answer: {shown.words}")
        visitor.take_back(DROP)
        yield 1
    visitor.give(DROP, *map(film, range(together, together + TOGETHER)))
    visitor.wait_for(f"**{TOGETHER} films: ")
    yield TOGETHER


def sampled(server: Server, uploads: int, every: int) -> Iterator[Sample]:
    """The server's memory before the first upload and after every so many."""
    started, done, due = time.monotonic(), 0, 0
    while done < uploads:
        with visiting(server.address) as visitor:
            for count in chain([0], visit(visitor, done)):
                done += count
                if done >= due:
                    at = time.monotonic() - started
                    yield Sample(done, server.memory(), at, server.uploads())
                    due += every


def held_after_answer(server: Server) -> int:
    """Bytes of an upload that Streamlit still holds when the film is answered, and open."""
    with visiting(server.address) as visitor:
        time.sleep(_METRICS_S)
        visitor.give(DROP, film(0))
        return server.uploads()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What samples say.

    `settled`, `plateau`, `most`: resident MB after SETTLED uploads, in the middle of what the
    second half of the samples held, and at most. `per_upload`: MB that each upload after SETTLED
    added, by a straight line through those samples; `give_or_take`: half of that slope's 95%
    confidence interval. `held`: bytes of uploads at most.
    """

    settled: float
    plateau: float
    most: float
    per_upload: float
    give_or_take: float
    held: int

    @property
    def growth(self) -> float:
        """From settled to plateau, as a share."""
        return self.plateau / self.settled - 1


def judged(samples: Sequence[Sample]) -> Verdict:
    """Of three samples or more from SETTLED uploads on. Raises ValueError where there are fewer."""
    late = [sample for sample in samples if sample.uploads >= SETTLED]
    if len(late) < 3:
        raise ValueError(f"three samples are needed from {SETTLED} uploads on")
    resident = [sample.memory.resident for sample in late]
    line = stats.linregress([sample.uploads for sample in late], resident)
    return Verdict(
        settled=resident[0],
        plateau=median(sample.memory.resident for sample in samples[len(samples) // 2 :]),
        most=max(sample.memory.resident for sample in samples),
        per_upload=float(line.slope),
        give_or_take=float(line.stderr * stats.t.ppf(0.975, len(late) - 2)),
        held=max(sample.held for sample in samples),
    )


def figures(found: Verdict, held_after: int) -> list[Figure]:
    """For the record. `held_after`: bytes of an upload once it is answered."""
    grown = found.plateau - found.settled
    slope = f"{1000 * found.per_upload:+.0f} ± {1000 * found.give_or_take:.0f} kB"
    return [
        Figure(f"Resident after {SETTLED} uploads", f"{found.settled:.0f} MB"),
        Figure(
            "Then a plateau of",
            f"{found.plateau:.0f} MB, {found.growth:+.1%}",
            f"under {MOST_GROWTH:+.0%} and {MOST_GROWN_MB} MB",
            found.growth < MOST_GROWTH and grown <= MOST_GROWN_MB,
        ),
        Figure(
            "Added by each upload, 95% confidence",
            slope,
            f"{1000 * MOST_PER_UPLOAD_MB:.0f} kB or less within it",
            found.per_upload - found.give_or_take <= MOST_PER_UPLOAD_MB,
        ),
        Figure(
            "Resident, at most", f"{found.most:.0f} MB", f"under {MOST_MB} MB", found.most < MOST_MB
        ),
        Figure(
            "Uploads that Streamlit held, at most",
            f"{found.held / 2**20:.1f} MiB",
            f"at most {MOST_UPLOADS / 2**20:.0f} MiB",
            found.held <= MOST_UPLOADS,
        ),
        Figure("Of an upload, once it is answered", f"{held_after} bytes", "0", not held_after),
    ]


def describe(found: Verdict) -> str:
    return (
        f"{found.settled:.0f} MB after {SETTLED} uploads, then a plateau of {found.plateau:.0f} MB:"
        f" {found.growth:+.1%} (goal: under {MOST_GROWTH:.0%}),"
        f" {1000 * found.per_upload:+.0f} kB an upload."
        f" At most {found.most:.0f} MB (goal: under {MOST_MB})."
    )


def table(samples: Sequence[Sample]) -> str:
    rows = [
        [
            str(sample.uploads),
            f"{sample.memory.resident:.0f}",
            f"{sample.memory.peak:.0f}",
            f"{sample.at:.0f}",
        ]
        for sample in samples
    ]
    return markdown.table(["Uploads", "Resident, MB", "Peak, MB", "After, s"], rows)


def plot(samples: Sequence[Sample]) -> go.Figure:
    """Resident memory by uploads, with the most that is wanted."""
    figure = go.Figure(
        go.Scatter(
            x=[sample.uploads for sample in samples],
            y=[sample.memory.resident for sample in samples],
            mode="lines+markers",
            line_color=SERIES[4],
            name="resident",
        )
    )
    dotted = {"dash": "dot", "color": THRESHOLD}
    figure.add_hline(MOST_MB, line=dotted, annotation_text=f"goal: under {MOST_MB} MB")
    figure.update_xaxes(title="Films uploaded")
    figure.update_yaxes(title="Resident memory, MB", rangemode="tozero")
    return styled(figure, _PLOT_PX)


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--uploads", type=int, default=1000, help="rounded up to whole visits")
    parser.add_argument("--every", type=int, default=50, help="uploads between samples")
    parser.add_argument("--checkout", type=Path, default=HERE, help="whose page")
    parser.add_argument("--plot", type=Path, default=Path("out/memory.html"))
    options = parser.parse_args()
    samples = []
    with served(options.checkout) as server:
        for sample in sampled(server, options.uploads, options.every):
            samples.append(sample)
            print(f"{sample.uploads} uploads: {sample.memory.resident:.0f} MB", flush=True)
        held_after = held_after_answer(server)
    options.plot.parent.mkdir(parents=True, exist_ok=True)
    plot(samples).write_html(options.plot)
    found = judged(samples)
    print(table(samples), describe(found), sep="\n\n")
    command = " ".join(["python -m benchmarks.memory", *sys.argv[1:]])
    raw = [[s.uploads, round(s.memory.resident, 1), s.held] for s in samples]
    print(format_record(record("memory", command, figures(found, held_after), raw=raw)))


if __name__ == "__main__":
    main()
