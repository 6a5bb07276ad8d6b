"""Plots of one film. Nothing of a file's name or tags is ever put into one."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from covid_core.findings import CLASSES, shown_probability
from covid_core.present.style import CLASS_COLOURS, THRESHOLD


def probability_bars(probabilities: np.ndarray, threshold: float | None = None) -> go.Figure:
    """The class probabilities, (3,) in class order, as horizontal bars, the first class on top.

    `threshold`: of the operating point, drawn as a line across the disease's bar.
    """
    names = [finding.display_name for finding in CLASSES]
    bars = go.Bar(
        x=probabilities,
        y=names,
        orientation="h",
        marker_color=[CLASS_COLOURS[finding] for finding in CLASSES],
        text=[shown_probability(value) for value in probabilities],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    figure = go.Figure(bars)
    figure.update_xaxes(range=[0, 1], title="Probability", fixedrange=True, dtick=0.25)
    figure.update_yaxes(autorange="reversed", fixedrange=True, tickfont_size=14, ticksuffix="  ")
    figure.update_layout(height=190, margin={"l": 0, "r": 48, "t": 24, "b": 0}, bargap=0.35)
    if threshold is not None:
        disease = len(CLASSES) - 1
        figure.add_shape(
            type="line",
            x0=threshold,
            x1=threshold,
            y0=disease - 0.45,
            y1=disease + 0.45,
            line={"width": 2, "dash": "dot", "color": THRESHOLD},
        )
    return figure
