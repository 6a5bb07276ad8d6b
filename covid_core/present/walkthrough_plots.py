"""A walkthrough's plots: each shows one step of the way, on a light or a dark ground."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from covid_core.explain.walkthrough import Walkthrough
from covid_core.findings import shown_probability
from covid_core.metrics import Estimate
from covid_core.model.decision import OperatingPoint
from covid_core.model.results import CalibrationBins
from covid_core.present.overlay import data_uri, png
from covid_core.present.style import CLASS_COLOURS, interval_bars

# ColorBrewer's PuOr, which colour-blind people can read; both ends are seen on white and on black.
FOR, AGAINST, NEUTRAL = "#B35806", "#8073AC", "#7F7F7F"
_SIGNED = ("#998EC3", "#D8DAEB", "#F7F7F7", "#FEE0B6", "#F1A340")  # pale: numbers stand on it
_GRID = {"color": "rgba(255, 255, 255, 0.55)", "width": 1}
HOME, AWAY = "#0072B2", "#CC79A7"
_MARGIN = {"l": 8, "r": 24, "t": 8, "b": 8}
_CELLS_PX, _BAR_PX = 360, 46
_MANY_CELLS = 8  # in a row: their numbers are small
_NOTHING = 0.005  # of evidence, which two digits would round to 0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the reliability diagram."""

    found: CalibrationBins
    colour: str


def cells(walk: Walkthrough, unit: str) -> go.Figure:
    """The network's picture under the cells' grid, and beside it the evidence in each cell."""
    rows, columns = walk.cells.shape
    reach = float(np.abs(walk.cells).max()) or 1.0
    figure = make_subplots(1, 2, horizontal_spacing=0.03)
    figure.add_layout_image(
        source=data_uri(png(walk.picture)),
        x=0.5,
        y=0.5,
        sizex=columns,
        sizey=rows,
        sizing="stretch",
        layer="below",
        row=1,
        col=1,
    )
    figure.add_scatter(x=[None], y=[None], showlegend=False, row=1, col=1)  # or no axes are drawn
    for line in range(columns + 1):
        figure.add_vline(x=line + 0.5, line=_GRID, row=1, col=1)
    for line in range(rows + 1):
        figure.add_hline(y=line + 0.5, line=_GRID, row=1, col=1)
    heat = go.Heatmap(
        z=walk.cells,
        x=list(range(1, columns + 1)),
        y=list(range(1, rows + 1)),
        zmin=-reach,
        zmax=reach,
        colorscale=_SIGNED,
        text=[["0" if abs(z) < _NOTHING else f"{z:+.2f}" for z in row] for row in walk.cells],
        texttemplate="%{text}",
        textfont={"size": 13 if columns < _MANY_CELLS else 9, "color": "#1A1A1A"},
        xgap=2,
        ygap=2,
        colorbar={"title": unit, "thickness": 12, "len": 0.8},
        hovertemplate="row %{y}, column %{x}: %{z:+.3f}<extra></extra>",
    )
    figure.add_trace(heat, row=1, col=2)
    sides = {"visible": False, "fixedrange": True, "constrain": "domain"}
    figure.update_xaxes(range=[0.5, columns + 0.5], **sides)
    figure.update_yaxes(range=[rows + 0.5, 0.5], **sides)
    figure.update_yaxes(scaleanchor="x", col=1).update_yaxes(scaleanchor="x2", col=2)
    return figure.update_layout(height=_CELLS_PX, margin=_MARGIN, plot_bgcolor="rgba(0,0,0,0)")


def adding_up(walk: Walkthrough, names: tuple[str, str, str, str], unit: str) -> go.Figure:
    """Evidence for, against and the bias, each from where the one before ended; then their sum."""
    parts = (walk.supporting, walk.opposing, walk.bias)
    colours = (FOR, AGAINST, NEUTRAL, CLASS_COLOURS[walk.finding])
    starts = (0.0, *np.cumsum(parts[:-1]).tolist(), 0.0)
    lengths = (*parts, walk.score)
    figure = go.Figure(
        go.Bar(
            x=lengths,
            base=starts,
            y=names,
            orientation="h",
            marker_color=colours,
            text=[_short(length) for length in lengths],
            textposition="outside",
            cliponaxis=False,
            customdata=lengths,
            hovertemplate="%{y}: %{customdata:+.3f}<extra></extra>",
        )
    )
    figure.add_vline(x=0, line_color=NEUTRAL, line_width=1)
    ends = [0.0, *np.cumsum(parts).tolist()]
    room = 0.18 * (max(ends) - min(ends))
    figure.update_xaxes(title=unit, range=[min(ends) - room, max(ends) + room], zeroline=False)
    return _rows(figure, len(names))


def before_after(walk: Walkthrough, names: tuple[str, str]) -> go.Figure:
    """Each class's share before calibration (pale) and its probability after it."""
    figure = go.Figure()
    titles = [answer.display_name for answer in walk.answers]
    colours = [CLASS_COLOURS[answer] for answer in walk.answers]
    for name, values, opacity in zip(names, (walk.before, walk.after), (0.55, 1), strict=True):
        figure.add_bar(
            x=values,
            y=titles,
            orientation="h",
            name=name,
            marker={"color": colours, "opacity": opacity},
            text=[f"{name} {shown_probability(value)}" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    figure.update_xaxes(title="Probability", range=[0, 1.25], tickvals=[0, 0.25, 0.5, 0.75, 1])
    figure.update_layout(showlegend=False)
    return _rows(figure, 2 * len(titles))


def reliability(lines: Mapping[str, Line], axes: tuple[str, str]) -> go.Figure:
    """How often calls were right against how sure the model was, a line for each part of the films.

    On the dotted line they are right as often as the model says.
    """
    figure = go.Figure()
    for name, line in lines.items():
        films = np.array(line.found.films)
        figure.add_scatter(
            x=line.found.sure,
            y=line.found.right,
            mode="lines+markers",
            name=name,
            customdata=films,
            line_color=line.colour,
            marker_size=5 + 14 * np.sqrt(films / films.max()),
            hovertemplate="%{customdata} films: says %{x:.2f}, right %{y:.2f}<extra></extra>",
        )
    dotted = {"color": NEUTRAL, "dash": "dot", "width": 1}
    figure.add_shape(type="line", x0=0.3, y0=0.3, x1=1, y1=1, line=dotted)
    figure.update_xaxes(title=axes[0], range=[0.3, 1.04], fixedrange=True)
    figure.update_yaxes(title=axes[1], range=[-0.04, 1.06], fixedrange=True)
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    return figure.update_layout(height=320, margin={**_MARGIN, "t": 40}, legend=legend)


def threshold(walk: Walkthrough) -> go.Figure:
    """The disease's probability as a bar, and every operating point's threshold as a line.

    The chosen one is drawn thick.
    """
    disease, probability = walk.answers[-1], float(walk.after[-1])
    figure = go.Figure(
        go.Bar(
            x=[probability],
            y=[disease.display_name],
            orientation="h",
            width=0.5,
            marker_color=CLASS_COLOURS[disease],
            customdata=[shown_probability(probability)],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    for place, point in enumerate(_with_chosen(walk)):
        chosen = point.name == walk.point.name
        words = f"<b>{point.name}</b>" if chosen else point.name
        figure.add_vline(
            x=point.threshold,
            line_width=3 if chosen else 1.5,
            line_color=NEUTRAL,
            line_dash="solid" if chosen else "dot",
        )
        figure.add_annotation(
            x=point.threshold,
            y=1,
            yref="paper",
            yanchor="bottom",
            yshift=18 * (place % 2),
            xanchor="left",
            showarrow=False,
            text=f"{words} {point.threshold:.2f}",
        )
    figure.update_xaxes(title="Probability", range=[0, 1], fixedrange=True)
    figure.update_yaxes(fixedrange=True)
    return figure.update_layout(height=170, margin={**_MARGIN, "t": 48})


def prediction_set(walk: Walkthrough, kept: str, ruled_out: str) -> go.Figure:
    """Each class's probability and, as a tick, from where on it can't be ruled out.

    Classes in the set are solid, the others hollow.
    """
    titles = [answer.display_name for answer in walk.answers]
    fits = walk.after >= np.array(walk.least)
    colours = [CLASS_COLOURS[answer] for answer in walk.answers]
    fills = [colour if fit else "rgba(0,0,0,0)" for colour, fit in zip(colours, fits, strict=True)]
    figure = go.Figure(
        go.Bar(
            x=walk.after,
            y=titles,
            orientation="h",
            width=0.5,
            showlegend=False,
            marker={"color": fills, "line": {"color": colours, "width": 2}},
            customdata=list(map(shown_probability, walk.after)),
            hovertemplate="%{y}: %{customdata}<extra></extra>",
        )
    )
    figure.add_scatter(
        x=walk.least,
        y=titles,
        mode="markers",
        showlegend=False,
        marker={"symbol": "line-ns", "size": 34, "line": {"width": 3, "color": NEUTRAL}},
        hovertemplate="%{y}: from %{x:.3f}<extra></extra>",
    )
    figure.add_scatter(
        x=[1.03] * len(titles),
        y=titles,
        mode="text",
        showlegend=False,
        hoverinfo="skip",
        text=[kept if fit else ruled_out for fit in fits],
        textposition="middle right",
    )
    figure.update_xaxes(title="Probability", range=[0, 1.25], tickvals=[0, 0.25, 0.5, 0.75, 1])
    return _rows(figure, len(titles))


def transfer(parts: Mapping[str, Estimate], chance: str) -> go.Figure:
    """AUROC with its 95% interval, the first of `parts` at home, the others never seen."""
    names, found = list(parts), list(parts.values())
    values = np.array([one.value for one in found])
    figure = go.Figure(
        go.Scatter(
            x=values,
            y=names,
            mode="markers+text",
            cliponaxis=False,
            marker={"size": 12, "color": [HOME, *[AWAY] * (len(names) - 1)]},
            text=[f"{value:.2f}" for value in values],
            textposition="top center",
            error_x=interval_bars(found, NEUTRAL),
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )
    )
    figure.add_vline(
        x=0.5,
        line_color=NEUTRAL,
        line_dash="dot",
        annotation_text=chance,
        annotation_position="top right",
    )
    figure.update_xaxes(title="AUROC, COVID-19", range=[0.3, 1.02])
    return _rows(figure, len(names) + 1)


def _short(value: float) -> str:
    return "0.00" if abs(value) < 0.005 else f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def _with_chosen(walk: Walkthrough) -> list[OperatingPoint]:
    """All operating points by threshold, a site's own among them."""
    others = [point for point in walk.points if point.name != walk.point.name]
    return sorted([*others, walk.point], key=lambda point: point.threshold)


def _rows(figure: go.Figure, rows: int) -> go.Figure:
    """A plot of horizontal bars, the first one on top."""
    figure.update_xaxes(fixedrange=True)
    figure.update_yaxes(autorange="reversed", fixedrange=True, ticksuffix="  ")
    return figure.update_layout(height=90 + _BAR_PX * rows, margin=_MARGIN, bargap=0.3)
