"""The plots of a model card, in Plotly: what its tables say, by source, by group, by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from covid_core.findings import Finding
from covid_core.model.card import WeightsCard
from covid_core.present.style import CLASS_COLOURS, SERIES, THRESHOLD, styled

_ROW_PX = 26
_SQUARE_PX = 320
_CHANCE = 0.5

_Dict = Mapping[str, Any]
Row = tuple[str, _Dict]  # its name, and an estimate as a card holds it


def parts_of(card: WeightsCard) -> dict[str, _Dict]:
    """What was measured of each part of films, by its name, the most telling first."""
    results = card.results
    return {
        **{f"{source}, never trained on": found for source, found in results["held_out"].items()},
        **results["test_by_source"],
        "all that trained it": results["test"],
    }


def groups_of(audit: _Dict, figure: str) -> list[Row]:
    """Each view, sex and age of the source that never trained, or else of the test part, that has
    the figure: `auroc`, `sensitivity` or `specificity`.
    """
    parts = audit["parts"]
    strata = parts.get("held out", parts["test"])["strata"]
    return [
        (f"{kind} {value}", own[figure])
        for kind, values in strata.items()
        for value, own in values.items()
        if kind != "source" and value != "unknown" and figure in own
    ]


def by_class(parts: Mapping[str, _Dict]) -> go.Figure:
    """Each class's AUROC with its interval in each part of films; the first part on top.

    `parts`: name to summary, as a card's results hold them.
    """
    figure = go.Figure()
    for finding, colour in CLASS_COLOURS.items():
        rows = [
            (name, summary["classes"][finding]["auroc"])
            for name, summary in parts.items()
            if finding in summary["classes"]
        ]
        figure.add_trace(_whiskers(rows, finding.display_name, colour))
    figure.update_yaxes(categoryorder="array", categoryarray=list(parts))
    figure.update_layout(scattermode="group", legend={"orientation": "h", "y": -0.2})
    return _against_chance(figure, 3 * len(parts))


def by_group(rows: Sequence[Row], title: str, *, chance: bool = False) -> go.Figure:
    """A figure with its interval, a line for each group of films.

    `chance`: where it is an AUROC, with a line at what chance gives.
    """
    figure = go.Figure(_whiskers(rows, title, CLASS_COLOURS[Finding.COVID]))
    figure.update_layout(showlegend=False)
    return _against_chance(figure, len(rows), title, chance=chance)


def confusion(summary: _Dict, answers: Sequence[Finding]) -> go.Figure:
    """Films by label (down) and call (across), coloured by their share of the label."""
    table = np.array(summary["confusion"])
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    told = [
        [f"{count}<br>{share:.0%}" for count, share in zip(*row, strict=True)]
        for row in zip(table, shares, strict=True)
    ]
    figure = share_map(shares, [answer.display_name for answer in answers], told)
    hover = "%{y}, called %{x}: %{z:.0%}<extra></extra>"
    figure.update_traces(hovertemplate=hover, xgap=1, ygap=1)
    figure.update_yaxes(ticks="").update_xaxes(ticks="")
    return styled(figure, _SQUARE_PX).update_layout(margin_l=120)


def share_map(shares: np.ndarray, names: Sequence[str], told: Any) -> go.Figure:
    """Shares of each label (down) by call (across), (N, N) 0 to 1, with what is told in each."""
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=names,
            y=names,
            text=told,
            texttemplate="%{text}",
            colorscale="Cividis",
            zmin=0,
            zmax=1,
            showscale=False,
        )
    )
    figure.update_yaxes(autorange="reversed", title_text="label")
    return figure.update_xaxes(title_text="called")


def training(history: Sequence[_Dict]) -> go.Figure:
    """Losses, and the AUROC on the source that never trained, at the end of each epoch."""
    figure = go.Figure()
    drawn = {
        "loss": ("training loss", SERIES[0]),
        "validation_loss": ("validation loss", SERIES[4]),
        "validation_accuracy": ("validation accuracy", SERIES[6]),
        "unseen_auroc": ("AUROC, unseen source", SERIES[5]),
    }
    epochs = list(range(1, len(history) + 1))
    for key, (name, colour) in drawn.items():
        if any(key in row for row in history):
            values = [row.get(key) for row in history]
            figure.add_scatter(
                x=epochs, y=values, name=name, mode="lines+markers", line_color=colour
            )
    figure.update_xaxes(title_text="epoch, over all phases", tickvals=epochs)
    figure.update_yaxes(rangemode="tozero")
    styled(figure, _SQUARE_PX)
    return figure.update_layout(legend={"orientation": "h", "y": -0.35}, margin_b=90)


def _whiskers(rows: Sequence[Row], name: str, colour: str) -> go.Scatter:
    """Points with their intervals, one a row."""
    values = [found["value"] for _, found in rows]
    return go.Scatter(
        x=values,
        y=[title for title, _ in rows],
        name=name,
        mode="markers",
        orientation="h",
        marker={"color": colour, "size": 9},
        customdata=[found["n"] for _, found in rows],
        error_x={
            "array": [found["high"] - found["value"] for _, found in rows],
            "arrayminus": [found["value"] - found["low"] for _, found in rows],
            "color": colour,
            "thickness": 2,
            "width": 0,
        },
        hovertemplate="%{y}, %{fullData.name}: %{x:.3f} of %{customdata} films<extra></extra>",
    )


def _against_chance(
    figure: go.Figure, rows: int, title: str = "AUROC", *, chance: bool = True
) -> go.Figure:
    if chance:
        figure.add_vline(
            x=_CHANCE,
            line={"color": THRESHOLD, "dash": "dot", "width": 1.5},
            opacity=1,
            annotation_text="chance",
            annotation_position="top",
            annotation_font_color=THRESHOLD,
        )
    figure.update_xaxes(title_text=title, range=[0, 1.02])
    figure.update_yaxes(autorange="reversed", ticks="", automargin=True)
    styled(figure, _ROW_PX * rows + 110)
    return figure.update_layout(margin_l=20)
