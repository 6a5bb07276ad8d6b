"""Plots of what was measured within sources of both kinds, and of maps against boxes, in Plotly.

`found` and `boxes` are as in `within_source`.
"""

from __future__ import annotations

import plotly.graph_objects as go

from covid_core.evaluation.within_source import ALL, SCORES, WITHIN_VIEW
from covid_core.metrics import Estimate
from covid_core.model.results import BoxFigures, Populations
from covid_core.model_card.within_source import BESIDE, map_title
from covid_core.present.populations import parts_within, titled
from covid_core.present.style import (
    CLASS_COLOURS,
    SERIES,
    THRESHOLD,
    draw_chance,
    interval_bars,
    styled,
)

PEAK = "the map's hottest point"
_ROW_PX = 22
_SCORE_COLOURS = dict(
    zip(SCORES, (CLASS_COLOURS[one] for one in reversed(CLASS_COLOURS)), strict=True)
)
_BAR_COLOURS = dict(
    zip((PEAK, *BESIDE.values()), (SERIES[5], THRESHOLD, SERIES[4], SERIES[2]), strict=True)
)


def draw_within_sources(found: Populations) -> go.Figure:
    """AUROCs within sources with their intervals, a row for each contrast, a colour for each score.

    And again for pairs of films of the same view.
    """
    figure = go.Figure()
    names: list[str] = []
    for score, colour in _SCORE_COLOURS.items():
        rows = [
            (f"{name}<br>{contrast}{suffix}", scores[score][films])
            for name, own in parts_within(found)
            for contrast, scores in own.contrasts.items()
            for films, suffix in ((ALL, ""), (WITHIN_VIEW, ", same view"))
            if films in scores[score]
        ]
        names = [name for name, _ in rows]
        estimates = [one for _, one in rows]
        figure.add_scatter(
            x=[one.value for one in estimates],
            y=names,
            name=SCORES[score],
            mode="markers",
            marker={"color": colour, "size": 9},
            orientation="h",
            customdata=[one.n for one in estimates],
            error_x=interval_bars(estimates, colour),
            hovertemplate="%{y}, %{fullData.name}: %{x:.3f} of %{customdata} films<extra></extra>",
        )
    draw_chance(figure)
    figure.update_xaxes(title_text="AUROC", range=[0, 1.02])
    return _arranged(figure, names, 3)


def draw_boxes(boxes: BoxFigures) -> go.Figure:
    """How often a point lies in a box, a bar each with its interval.

    The map's hottest point, a point at random, the best fixed point, and the hottest point by
    random weights.
    """
    figure = go.Figure()
    bars: dict[str, list[Estimate]] = {name: [] for name in _BAR_COLOURS}
    rows = []
    for source, populations in boxes.items():
        for population, maps in populations.items():
            for answer, own in maps.items():
                title = map_title(answer)
                rows.append(f"{titled(source, population)}<br>map of {title}")
                drawn = (own.peak, own.area, own.fixed_point, own.random.peak)
                for name, one in zip(bars, drawn, strict=True):
                    bars[name].append(one)
    for name, estimates in bars.items():
        figure.add_bar(
            x=[one.value for one in estimates],
            y=rows,
            name=name,
            orientation="h",
            marker_color=_BAR_COLOURS[name],
            error_x=interval_bars(estimates, THRESHOLD),
            hovertemplate="%{y}, %{fullData.name}: %{x:.1%}<extra></extra>",
        )
    figure.update_xaxes(title_text="share of films in which it lies in a box", range=[0, 1.02])
    return _arranged(figure, rows, 4)


def _arranged(figure: go.Figure, names: list[str], each: int) -> go.Figure:
    """The first row on top, `each` marks a row side by side, the legend above."""
    figure.update_layout(scattermode="group", barmode="group")
    figure.update_yaxes(
        autorange="reversed",
        ticks="",
        automargin=True,
        categoryorder="array",
        categoryarray=names,
    )
    styled(figure, _ROW_PX * each * max(len(names), 1) + 150)
    legend = {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0, "traceorder": "normal"}
    return figure.update_layout(margin_l=20, margin_t=70, legend=legend)
