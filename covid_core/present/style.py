"""One style for every plot, in colours that colour-blind people distinguish (Okabe and Ito)."""

from __future__ import annotations

import plotly.graph_objects as go

from covid_core.findings import Finding

CLASS_COLOURS = {
    Finding.NORMAL: "#0072B2",
    Finding.PNEUMONIA: "#E69F00",
    Finding.COVID: "#D55E00",
}
THRESHOLD = "#7F7F7F"  # grey that is seen on white and on black
SERIES = ("#009E73", "#CC79A7", "#56B4E9", "#000000", "#0072B2", "#D55E00", "#E69F00", "#F0E442")


def styled(figure: go.Figure, height_px: int) -> go.Figure:
    """A report's plot, in the reports' style."""
    return figure.update_layout(
        template="simple_white",
        height=height_px,
        margin={"l": 60, "r": 20, "t": 40, "b": 40},
        font_family="system-ui, sans-serif",
    )
