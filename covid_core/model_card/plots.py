"""The plots of a model card, in Plotly: what its tables say, by source, by group, by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from covid_core.findings import Finding
from covid_core.metrics import Estimate
from covid_core.model.audit import AuditFigures
from covid_core.model.card import WeightsCard
from covid_core.model.results import TEST, UNSEEN, EpochFigures, Summary
from covid_core.present.style import (
    CLASS_COLOURS,
    SERIES,
    draw_chance,
    interval_bars,
    styled,
)

_ROW_PX = 26
_SQUARE_PX = 320

Row = tuple[str, Estimate]  # a figure by its name


def summaries_by_title(card: WeightsCard) -> dict[str, Summary]:
    """What was measured of each part of films, as a plot names it, the most meaningful first."""

    def title(name: str, unseen: bool) -> str:
        if unseen:
            return f"{name}, {UNSEEN}"
        return "all that trained it" if name == TEST else name

    return {title(name, unseen): summary for name, unseen, summary in card.results.parts}


def groups_of(audit: AuditFigures, figure: str) -> list[Row]:
    """The figure of each view, sex and age that has it.

    Of the source that never trained, or else of the test part. `figure`: `auroc`, `sensitivity` or
    `specificity`.
    """
    parts = audit.parts
    strata = parts.get("held out", parts["test"]).strata
    return [
        (f"{kind} {value}", found)
        for kind, values in strata.items()
        for value, own in values.items()
        if kind != "source" and value != "unknown" and (found := getattr(own, figure))
    ]


def by_class(parts: Mapping[str, Summary]) -> go.Figure:
    """Each class's AUROC with its interval in each part of films; the first part on top."""
    figure = go.Figure()
    for finding, colour in CLASS_COLOURS.items():
        rows = [
            (name, summary.classes[finding].auroc)
            for name, summary in parts.items()
            if finding in summary.classes
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


def confusion(summary: Summary, answers: Sequence[Finding]) -> go.Figure:
    """Films by label (down) and call (across), coloured by their share of the label."""
    table = np.array(summary.confusion)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    texts = [
        [f"{count}<br>{share:.0%}" for count, share in zip(*row, strict=True)]
        for row in zip(table, shares, strict=True)
    ]
    figure = share_map(shares, [answer.display_name for answer in answers], texts)
    hover = "%{y}, called %{x}: %{z:.0%}<extra></extra>"
    figure.update_traces(hovertemplate=hover, xgap=1, ygap=1)
    figure.update_yaxes(ticks="").update_xaxes(ticks="")
    return styled(figure, _SQUARE_PX).update_layout(margin_l=120)


def share_map(shares: np.ndarray, names: Sequence[str], texts: Any) -> go.Figure:
    """Shares of each label (down) by call (across), (N, N) 0 to 1, with a text in each."""
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=names,
            y=names,
            text=texts,
            texttemplate="%{text}",
            colorscale="Cividis",
            zmin=0,
            zmax=1,
            showscale=False,
        )
    )
    figure.update_yaxes(autorange="reversed", title_text="label")
    return figure.update_xaxes(title_text="called")


def training(history: Sequence[EpochFigures]) -> go.Figure:
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
        values = [getattr(row, key) for row in history]
        if any(value is not None for value in values):
            figure.add_scatter(
                x=epochs, y=values, name=name, mode="lines+markers", line_color=colour
            )
    figure.update_xaxes(title_text="epoch, over all phases", tickvals=epochs)
    figure.update_yaxes(rangemode="tozero")
    styled(figure, _SQUARE_PX)
    return figure.update_layout(legend={"orientation": "h", "y": -0.35}, margin_b=90)


def _whiskers(rows: Sequence[Row], name: str, colour: str) -> go.Scatter:
    """Points with their intervals, one a row."""
    values = [found.value for _, found in rows]
    return go.Scatter(
        x=values,
        y=[title for title, _ in rows],
        name=name,
        mode="markers",
        orientation="h",
        marker={"color": colour, "size": 9},
        customdata=[found.n for _, found in rows],
        error_x=interval_bars([found for _, found in rows], colour),
        hovertemplate="%{y}, %{fullData.name}: %{x:.3f} of %{customdata} films<extra></extra>",
    )


def _against_chance(
    figure: go.Figure, rows: int, title: str = "AUROC", *, chance: bool = True
) -> go.Figure:
    if chance:
        draw_chance(figure)
    figure.update_xaxes(title_text=title, range=[0, 1.02])
    figure.update_yaxes(autorange="reversed", ticks="", automargin=True)
    styled(figure, _ROW_PX * rows + 110)
    return figure.update_layout(margin_l=20)
