"""The plots of an audit, in Plotly: corruptions' cost, probes, and what heat maps are worth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from covid_core.evaluation.explanations import CHANCE
from covid_core.evaluation.zone_scores import OF_THE_MAP
from covid_core.metrics import Estimate, is_at_most
from covid_core.model.audit import Curves, Explanations, Probes, Robustness, Zones
from covid_core.present.style import SERIES, interval_bars, styled

_HEIGHT_PX = 320
_ROW_PX = 24
_GREEN, *_, _BLUE, _RED = SERIES[:6]
_QUIET, _PLAIN = "#777", "#BBBBBB"
_LARGEST_DROP = 0.2  # AUROC; more looks no worse
# Blue gains, red losses, white nothing: distinguished by colour-blind people.
_COST = ((0.0, _BLUE), (0.5, "#FFFFFF"), (1.0, _RED))


def drop_by_corruption(robustness: Robustness) -> go.Figure:
    """The AUROC lost, corruptions down and strengths across."""
    rows = list(robustness.corruptions.values())
    drops = [row.drop for row in rows]
    figure = go.Figure(
        go.Heatmap(
            z=drops,
            x=[str(strength) for strength in robustness.strengths],
            y=[row.title if row.published else f"{row.title} *" for row in rows],
            text=[[_signed(drop) for drop in row] for row in drops],
            texttemplate="%{text}",
            customdata=[row.values for row in rows],
            hovertemplate="%{y}, strength %{x} (%{customdata}): %{z:+.3f} lost<extra></extra>",
            colorscale=_COST,
            zmin=-_LARGEST_DROP,
            zmax=_LARGEST_DROP,
            xgap=1,
            ygap=1,
            showscale=False,
        )
    )
    figure.update_yaxes(autorange="reversed", ticks="")
    figure.update_xaxes(title_text="strength; * not of MedMNIST-C", type="category", ticks="")
    figure = styled(figure, _ROW_PX * len(rows) + 90)
    return figure.update_layout(margin_l=130)


def abstention_by_strength(robustness: Robustness) -> go.Figure:
    """The share of films without an answer: each corruption faint, their mean strong."""
    figure = go.Figure()
    x = [0, *robustness.strengths]
    intact = robustness.intact.abstention
    rows = list(robustness.corruptions.values())
    for row in rows:
        figure.add_scatter(
            x=x,
            y=[intact, *row.abstention],
            name=row.title,
            mode="lines",
            line={"color": _QUIET, "width": 1},
            opacity=0.4,
            showlegend=False,
        )
    means = [sum(shares) / len(rows) for shares in zip(*(r.abstention for r in rows), strict=True)]
    figure.add_scatter(
        x=x,
        y=[intact, *means],
        name="mean",
        mode="lines+markers",
        line={"color": _RED, "width": 3},
        showlegend=False,
    )
    figure.add_annotation(
        x=x[-1],
        y=means[-1],
        text="mean",
        showarrow=False,
        xanchor="left",
        xshift=8,
        font_color=_RED,
    )
    figure.update_xaxes(title_text="strength; 0 is intact", tickvals=x, range=[-0.2, x[-1] + 0.8])
    most = max(max(row.abstention) for row in rows)
    figure.update_yaxes(title_text="share without an answer", range=[0, max(0.2, 1.1 * most)])
    return styled(figure, _HEIGHT_PX)


def probes(shortcuts: Probes, figures: Mapping[str, Estimate] | None = None) -> go.Figure:
    """COVID-19's AUROC under each probe, with its interval.

    Grey where lungs are seen, else blue, and red where the whole interval lies above the limit.
    `figures`: one source's (`within`), instead of those of all.
    """
    rows = shortcuts.probes
    drawn = figures or {name: row.auroc for name, row in rows.items()}
    limit = shortcuts.limit
    failed = {
        name
        for name, figure in drawn.items()
        if rows[name].without_lungs and is_at_most(figure, limit) is False
    }
    colours = [
        _RED if name in failed else _BLUE if rows[name].without_lungs else _PLAIN for name in drawn
    ]
    figure = _bars([rows[name].title for name in drawn], list(drawn.values()), colours)
    _line_at(figure, limit, f"{limit:.2f}")
    figure.update_xaxes(title_text="AUROC of COVID-19", range=[0, 1.12])
    return figure.update_layout(margin_l=140)


def in_lungs(explanations: Explanations) -> go.Figure:
    """The share of heat inside the lungs, by method, beside the lungs' share of the film."""
    methods = explanations.methods
    drawn = [method.in_lungs for method in methods.values()]
    figure = _bars(list(methods), drawn, [_BLUE] * len(drawn))
    share = explanations.lung_area.value
    _line_at(figure, share, f"the lungs' share of the film, {share:.2f}")
    figure.update_xaxes(title_text="share of heat in the lungs", range=[0, 1.12])
    return figure.update_layout(margin_l=110)


def deletion(explanations: Explanations) -> go.Figure:
    """The answer's probability as the film is blurred away, hottest first."""
    return _curves(explanations, "deletion", "share blurred away, hottest first")


def insertion(explanations: Explanations) -> go.Figure:
    """The answer's probability as the film comes out of the blur, hottest first."""
    return _curves(explanations, "insertion", "share shown, hottest first")


def randomised(explanations: Explanations) -> go.Figure:
    """How like Grad-CAM is to itself with weights drawn anew, from the head down."""
    stages = explanations.randomised
    figure = _bars(list(stages), list(stages.values()), [_BLUE] * len(stages))
    _line_at(figure, explanations.like, "alike from here on")
    figure.update_xaxes(title_text="rank correlation with the learnt map", range=[-0.5, 1.08])
    return figure.update_layout(margin_l=110)


def zones(found: Zones) -> go.Figure:
    """How the zones' shares go with radiologists' scores, beside what knows nothing of a map.

    Rows of too few films are left out.
    """
    rows = {n: row for n, row in found.rows.items() if not math.isnan(row.correlation.value)}
    colours = [_BLUE if name in OF_THE_MAP else _PLAIN for name in rows]
    drawn = [row.correlation for row in rows.values()]
    figure = _bars([row.title for row in rows.values()], drawn, colours)
    _line_at(figure, 0, "no order")
    figure.update_xaxes(title_text="rank correlation over six zones", range=[-0.5, 1.08])
    return figure.update_layout(margin_l=250)


def _curves(explanations: Explanations, kind: str, title: str) -> go.Figure:
    figure = go.Figure()
    shares = explanations.shares
    drawn: dict[str, Curves] = {**explanations.methods, CHANCE: explanations.chance}
    colours = dict(zip(drawn, (_RED, _BLUE, _GREEN, _QUIET), strict=True))
    for name, method in drawn.items():
        own = method.deletion if kind == "deletion" else method.insertion
        dash = "dot" if name == CHANCE else "solid"
        figure.add_scatter(
            x=shares,
            y=own.curve,
            name=f"{name}, area {own.area.value:.2f}",
            mode="lines",
            line={"color": colours[name], "dash": dash},
        )
    figure.update_xaxes(title_text=title, range=[-0.02, 1.02])
    figure.update_yaxes(title_text="probability of the answer", range=[-0.02, 1.02])
    below = {"orientation": "h", "y": -0.3}
    return styled(figure, _HEIGHT_PX + 60).update_layout(legend=below)


def _bars(names: Sequence[str], figures: Sequence[Estimate], colours: Sequence[str]) -> go.Figure:
    """Horizontal bars with their intervals, the first on top, and the number beside."""
    values = [figure.value for figure in figures]
    figure = go.Figure(
        go.Bar(
            x=values,
            y=list(names),
            orientation="h",
            marker_color=list(colours),
            error_x=interval_bars(figures, _QUIET),
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )
    )
    for name, one in zip(names, figures, strict=True):
        figure.add_annotation(
            x=max(one.high, 0),
            y=name,
            text=f"{one.value:.2f}",
            showarrow=False,
            xanchor="left",
            xshift=4,
            font_size=11,
        )
    figure.update_yaxes(autorange="reversed", ticks="")
    return styled(figure, 36 * len(names) + 120)


def _line_at(figure: go.Figure, x: float, text: str) -> None:
    figure.add_vline(
        x=x,
        line={"color": _QUIET, "dash": "dot", "width": 1},
        opacity=1,
        annotation_text=text,
        annotation_position="top",
        annotation_font_color=_QUIET,
    )


def _signed(drop: float) -> str:
    """Two digits with a sign, and no sign for what rounds to nothing."""
    return f"{drop:+.2f}" if abs(drop) >= 0.005 else "0.00"
