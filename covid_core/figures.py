"""Every plot, in Plotly, with one look. Nothing of a file's name or tags is ever put into one."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from covid_core.findings import CLASSES
from covid_core.look import CLASS_COLOURS
from covid_core.overlay import COLOURS, data_uri, heat_layer, outline_layer, png
from covid_core.saliency import Saliency

_HEAT_PX = 512  # the layer is smooth: more would only be sent, not seen
_PANES = ("Radiograph", "Grad-CAM")


def probability_bars(probabilities: np.ndarray) -> go.Figure:
    """The class probabilities, (3,) in class order, as horizontal bars, the first class on top."""
    names = [finding.display_name for finding in CLASSES]
    bars = go.Bar(
        x=probabilities,
        y=names,
        orientation="h",
        marker_color=[CLASS_COLOURS[finding] for finding in CLASSES],
        text=[f"{value:.3f}" for value in probabilities],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.4f}<extra></extra>",
    )
    figure = go.Figure(bars)
    figure.update_xaxes(range=[0, 1], title="Probability", fixedrange=True, dtick=0.25)
    figure.update_yaxes(autorange="reversed", fixedrange=True, tickfont_size=14, ticksuffix="  ")
    figure.update_layout(height=170, margin={"l": 0, "r": 48, "t": 0, "b": 0}, bargap=0.35)
    return figure


def film_source(film: np.ndarray) -> str:
    """A film, uint8 (H, W), as the data URI that `side_by_side` draws; made once a film."""
    return data_uri(png(film))


def side_by_side(
    source: str,
    height: int,
    width: int,
    saliency: Saliency,
    opacity: float,
    lungs: np.ndarray | None = None,
) -> go.Figure:
    """The film beside the film under its saliency; zoom and pan move both.

    `source`: from `film_source`, of a film of `height` x `width` px. `lungs`: where they are, bool
    (h, w) over the film, to be outlined in both.
    """
    shrink = _HEAT_PX / max(height, width)
    grid = round(height * shrink), round(width * shrink)
    heat = saliency.heat(*grid)
    figure = make_subplots(1, 2, horizontal_spacing=0.01, subplot_titles=_PANES)
    everywhere = {"x": 0, "y": 0, "sizex": width, "sizey": height, "sizing": "stretch"}
    for pane in (1, 2):
        film = {"source": source, "layer": "below", **everywhere}
        figure.add_layout_image(film, row=1, col=pane)
    layer = {"source": film_source(heat_layer(heat)), "layer": "above", "opacity": opacity}
    figure.add_layout_image({**layer, **everywhere}, row=1, col=2)
    if lungs is not None:
        # Of pictures in one place, Plotly draws only the first: here they are a hair apart.
        line = {"source": film_source(outline_layer(lungs, *grid)), "layer": "above", "x": 1e-6}
        for pane in (1, 2):
            figure.add_layout_image({**everywhere, **line}, row=1, col=pane)
    figure.add_trace(_heat_scale(saliency), row=1, col=2)
    figure.update_xaxes(visible=False, range=[0, width], constrain="domain")
    figure.update_yaxes(visible=False, range=[height, 0], constrain="domain", scaleanchor="x")
    figure.update_yaxes(constraintoward="top")
    figure.update_layout(
        xaxis2_matches="x",
        yaxis2_matches="y",
        dragmode="pan",
        height=500,
        margin={"l": 0, "r": 0, "t": 28, "b": 0},
        plot_bgcolor="rgba(0,0,0,0)",
        uirevision="film",
        showlegend=False,
    )
    return figure


def _heat_scale(saliency: Saliency) -> go.Scatter:
    """An unseen point that carries the colour bar: the heat is a picture, and has none."""
    scale = {
        "colorscale": [[i / (len(COLOURS) - 1), colour] for i, colour in enumerate(COLOURS)],
        "cmin": 0,
        "cmax": saliency.full_heat,
        "color": [0],
        "opacity": 0,
        "showscale": True,
        "colorbar": {
            "title": "Evidence",
            "tickvals": [0, saliency.full_heat],
            "ticktext": ["none", "strong"],
            "thickness": 12,
            "lenmode": "pixels",
            "len": 220,
            "y": 1,
            "yanchor": "top",
        },
    }
    return go.Scatter(x=[None], y=[None], mode="markers", marker=scale, hoverinfo="skip")
