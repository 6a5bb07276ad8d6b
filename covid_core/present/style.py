"""One style for every plot, in colours that colour-blind people distinguish (Okabe and Ito)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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


def styled(figure: go.Figure, height_px: int) -> go.Figure:
    """A report's plot, in the reports' style."""
    return figure.update_layout(
        template="simple_white",
        height=height_px,
        margin={"l": 60, "r": 20, "t": 40, "b": 40},
        font_family="system-ui, sans-serif",
    )
