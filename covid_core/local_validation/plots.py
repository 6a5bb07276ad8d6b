"""The plots of a local validation, in Plotly: discrimination and calibration."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from covid_core.findings import Finding
from covid_core.local_validation.validation import PointHere, Validation
from covid_core.model.decision import SITE
from covid_core.present.style import CLASS_COLOURS, SERIES, scale_to_shares, styled, thinned

_HEIGHT_PX = 380
_COVID = CLASS_COLOURS[Finding.COVID]
_OWN, _GIVEN = SERIES[0], SERIES[4]


def roc(found: Validation, own: PointHere | None = None) -> go.Figure:
    """Sensitivity against false alarms; the operating points lie on the curve, `own` among them."""
    figure = go.Figure()
    figure.add_scatter(
        x=thinned(found.false_alarms),
        y=thinned(found.found),
        mode="lines",
        showlegend=False,
        line={"color": _COVID, "width": 2},
        hoverinfo="skip",
    )
    for here in (*found.points, *([own] if own else [])):
        figure.add_trace(_marked(here))
    _square(figure, "1 - specificity", "sensitivity")
    return figure


def reliability(found: Validation) -> go.Figure:
    """How often films have COVID-19, against the probability of it that they were given."""
    shown, films = found.reliability, np.array(found.reliability.films)
    figure = go.Figure(
        go.Scatter(
            x=shown.sure,
            y=shown.right,
            mode="lines+markers",
            customdata=films,
            line={"color": _COVID, "width": 2},
            marker_size=5 + 16 * np.sqrt(films / films.max()),
            hovertemplate="%{customdata} films: given %{x:.2f}, have it %{y:.2f}<extra></extra>",
        )
    )
    _square(figure, "probability of COVID-19 given", "share that have COVID-19")
    return figure


def _marked(here: PointHere) -> go.Scatter:
    """An operating point with its two intervals as whiskers."""
    point = here.point
    assert point.sensitivity and point.specificity
    found, spared = point.sensitivity, point.specificity
    own = point.name == SITE
    colour = _OWN if own else _GIVEN
    whiskers = {"color": colour, "thickness": 1, "width": 0}
    return go.Scatter(
        x=[1 - spared.value],
        y=[found.value],
        name=f"{point.name}, {point.threshold:.3f}",
        mode="markers",
        marker={"color": colour, "size": 11, "symbol": "diamond" if own else "circle"},
        error_x={
            "array": [spared.value - spared.low],
            "arrayminus": [spared.high - spared.value],
            **whiskers,
        },
        error_y={
            "array": [found.high - found.value],
            "arrayminus": [found.value - found.low],
            **whiskers,
        },
        hovertemplate="%{fullData.name}: %{y:.2f} found, %{x:.2f} called wrongly<extra></extra>",
    )


def _square(figure: go.Figure, x: str, y: str) -> None:
    scale_to_shares(figure, x, y, diagonal=True)
    styled(figure, _HEIGHT_PX)
    inside = {"x": 1, "xanchor": "right", "y": 0.04, "yanchor": "bottom"}  # no curve comes there
    figure.update_layout(legend=inside, margin={"t": 10})
