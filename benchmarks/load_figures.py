"""The answers that a crowd of visitors got, and what they say of the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from benchmarks.record import Figure
from benchmarks.servers import Memory
from covid_core.present.style import SERIES, THRESHOLD, styled

RIGHT, WRONG, ERROR = "right", "wrong", "error"
MOST_S = 20  # that 95 of 100 answers may take
LEAST_SHARE = 0.8  # of the answers that the best served session got, for the worst served
MOST_UPLOADS = 64 * 2**20
MOST_GROWTH = 0.05
_PLOT_PX = 640


@dataclass(frozen=True, slots=True)
class Answer:
    """What one film of one session got.

    `outcome`: RIGHT, WRONG (not what this film gets by itself) or ERROR. `seconds`: from the
    upload's start to the page's rest; `at`: when that started, in s. `busy`: how often the visitor
    was sent away first. `waited`: whether a position was shown.
    """

    session: int
    outcome: str
    seconds: float
    at: float
    busy: int = 0
    waited: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """The server at one time, in s.

    `uploads`: bytes that Streamlit holds of them. `is_well`: whether it reports itself well.
    """

    at: float
    memory: Memory
    uploads: int
    is_well: bool


def figures(answers: Sequence[Answer], samples: Sequence[Sample], *, by_time: bool) -> list[Figure]:
    """Of a whole run.

    `by_time`: whether all visitors stopped at one time, so that who got how many answers shows
    whether they were shared fairly. Raises ValueError where there were no answers or samples.
    """
    if not answers or not samples:
        raise ValueError("no answers, or no samples of the server")
    count = Counter(answer.outcome for answer in answers)
    seconds = [answer.seconds for answer in answers if answer.outcome == RIGHT] or [np.inf]
    middle, late = np.percentile(seconds, (50, 95))
    found = [
        Figure(
            "Right answers",
            f"{count[RIGHT]} of {len(answers)}",
            "all",
            count[RIGHT] == len(answers),
        ),
        Figure("Answers that another film was due", str(count[WRONG]), "0", not count[WRONG]),
        Figure("Errors", str(count[ERROR]), "0", not count[ERROR]),
        Figure("Time to the answer, median", f"{middle:.1f} s"),
        Figure(
            "Time to the answer, 95 of 100",
            f"{late:.1f} s",
            f"at most {MOST_S} s",
            bool(late <= MOST_S),
        ),
        Figure("Were told their position in line", str(sum(a.waited for a in answers))),
        Figure("Were sent away as busy, and came again", str(sum(a.busy for a in answers))),
    ]
    if by_time:
        found += [_fairness(answers), _growth(samples)]
    return [*found, *_of_server(samples)]


def _fairness(answers: Sequence[Answer]) -> Figure:
    counts = Counter(answer.session for answer in answers).values()
    least, most = min(counts), max(counts)
    return Figure(
        "Answers to the session that got fewest, and most",
        f"{least} and {most}",
        f"at least {LEAST_SHARE:.0%} of the most",
        least >= LEAST_SHARE * most,
    )


def _growth(samples: Sequence[Sample]) -> Figure:
    resident = [sample.memory.resident for sample in samples]
    half = len(resident) // 2
    growth = median(resident[half:]) / median(resident[: half or 1]) - 1
    return Figure(
        "Resident memory, second half against first",
        f"{growth:+.1%}",
        f"under {MOST_GROWTH:.0%}",
        growth < MOST_GROWTH,
    )


def _of_server(samples: Sequence[Sample]) -> list[Figure]:
    uploads, well = max(s.uploads for s in samples), sum(s.is_well for s in samples)
    return [
        Figure(
            "Said to be well when asked",
            f"{well} of {len(samples)} times",
            "always",
            well == len(samples),
        ),
        Figure("Resident memory, at most", f"{max(s.memory.resident for s in samples):.0f} MB"),
        Figure(
            "Uploads held beside the page's own, at most",
            f"{uploads / 2**20:.1f} MiB",
            f"at most {MOST_UPLOADS / 2**20:.0f} MiB",
            uploads <= MOST_UPLOADS,
        ),
    ]


def plot(answers: Sequence[Answer], samples: Sequence[Sample]) -> go.Figure:
    """Each answer's time by when it was requested, and the server's memory below."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.08)
    for colour, outcome in zip(
        (SERIES[4], THRESHOLD, SERIES[0]), (RIGHT, WRONG, ERROR), strict=True
    ):
        of_it = [answer for answer in answers if answer.outcome == outcome]
        figure.add_scatter(
            x=[a.at for a in of_it],
            y=[a.seconds for a in of_it],
            mode="markers",
            name=outcome,
            marker={"color": colour, "size": 5},
            row=1,
            col=1,
        )
    figure.add_scatter(
        x=[s.at for s in samples],
        y=[s.memory.resident for s in samples],
        mode="lines",
        line_color=SERIES[4],
        name="resident memory",
        row=2,
        col=1,
    )
    figure.update_yaxes(title="Time to the answer, s", rangemode="tozero", row=1, col=1)
    figure.update_yaxes(title="Resident memory, MB", rangemode="tozero", row=2, col=1)
    figure.update_xaxes(title="Time, s", row=2, col=1)
    return styled(figure, _PLOT_PX)
