"""One style for every plot, in colours that colour-blind people distinguish (Okabe and Ito)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from covid_core.findings import Finding
from covid_core.metrics import Estimate

CLASS_COLOURS = {
    Finding.NORMAL: "#0072B2",
    Finding.PNEUMONIA: "#E69F00",
    Finding.COVID: "#D55E00",
}
THRESHOLD = "#7F7F7F"  # grey that is seen on white and on black
SERIES = ("#009E73", "#CC79A7", "#56B4E9", "#000000", "#0072B2", "#D55E00", "#E69F00", "#F0E442")
_POINTS = 400  # of a curve
_CHANCE = 0.5  # an AUROC that says nothing


def interval_bars(estimates: Sequence[Estimate], colour: str) -> dict[str, Any]:
    """The estimates' 95% intervals, for the `error_x` or `error_y` of a trace of their values."""
    return {
        "array": [one.high - one.value for one in estimates],
        "arrayminus": [one.value - one.low for one in estimates],
        "color": colour,
        "thickness": 2,
        "width": 0,
    }


def draw_chance(figure: go.Figure) -> None:
    """Draw the line of an AUROC by chance across a plot of AUROCs."""
    figure.add_vline(
        x=_CHANCE,
        line={"color": THRESHOLD, "dash": "dot", "width": 1.5},
        opacity=1,
        annotation_text="chance",
        annotation_position="top",
        annotation_font_color=THRESHOLD,
    )


def scale_to_shares(figure: go.Figure, x: str, y: str, *, diagonal: bool = False) -> None:
    """Give both axes of a plot of shares, 0 to 1, their titles and the same range.

    `diagonal`: draw the line on which both are equal.
    """
    figure.update_xaxes(title_text=x, range=[-0.02, 1.02])
    figure.update_yaxes(title_text=y, range=[-0.02, 1.02])
    if diagonal:
        line = {"color": THRESHOLD, "dash": "dot", "width": 1.5}
        figure.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line=line, opacity=1)


def thinned(values: np.ndarray) -> np.ndarray:
    """At most 400 of a curve's values, the first and the last among them; more hide one another."""
    if len(values) <= _POINTS:
        return values
    return values[np.linspace(0, len(values) - 1, _POINTS).round().astype(int)]


def styled(figure: go.Figure, height_px: int) -> go.Figure:
    """A report's plot, in the reports' style."""
    return figure.update_layout(
        template="simple_white",
        height=height_px,
        margin={"l": 60, "r": 20, "t": 40, "b": 40},
        font_family="system-ui, sans-serif",
    )
