"""The plots of a manifest's exploration, in Plotly."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from covid_core.datasets.split import SIDES
from covid_core.findings import CLASSES
from covid_core.present.style import CLASS_COLOURS, SERIES, styled

_HEIGHT_PX = 380
_POINTS = 3000  # more only hide one another
_BIN_YEARS = 5


def class_by_source_by_split(table: pd.DataFrame) -> go.Figure:
    """Stacked bars, a pane a split: films by source, coloured by class."""
    shown = [side.value for side in SIDES if (table["split"] == side.value).any()]
    sources = sorted(table["source"].unique())
    figure = make_subplots(1, len(shown), subplot_titles=shown, horizontal_spacing=0.05)
    for column, split in enumerate(shown, 1):
        for finding in CLASSES:
            own = table[(table["split"] == split) & (table["label"] == finding.value)]
            films = own["source"].value_counts().reindex(sources, fill_value=0)
            figure.add_bar(
                x=sources,
                y=films.to_numpy(),
                name=finding.display_name,
                marker_color=CLASS_COLOURS[finding],
                showlegend=column == 1,
                legendgroup=finding.value,
                row=1,
                col=column,
            )
    figure.update_yaxes(title_text="films", col=1)
    return styled(figure.update_layout(barmode="stack"), _HEIGHT_PX)


def ages(table: pd.DataFrame) -> go.Figure:
    """Histograms of known ages, one a class, beside one another."""
    figure = go.Figure()
    edges = np.arange(0, 105, _BIN_YEARS)
    for finding in CLASSES:
        known = table.loc[table["label"] == finding.value, "age"].dropna()
        films, _ = np.histogram(known, [*edges, 121])
        figure.add_bar(
            x=edges + _BIN_YEARS / 2,
            y=films,
            marker_color=CLASS_COLOURS[finding],
            name=f"{finding.display_name} ({len(known)} known)",
        )
    figure.update_xaxes(title_text="age in years, by five")
    figure.update_yaxes(title_text="films")
    return styled(figure.update_layout(barmode="group"), _HEIGHT_PX)


def sizes(table: pd.DataFrame, *, seed: int) -> go.Figure:
    """Width against height of some of the films, coloured by source."""
    figure = go.Figure()
    some = table.sample(min(_POINTS, len(table)), random_state=seed)
    for i, (source, own) in enumerate(some.groupby("source")):
        figure.add_scatter(
            x=own["width"],
            y=own["height"],
            mode="markers",
            name=str(source),
            marker={"color": SERIES[i % len(SERIES)], "opacity": 0.5, "size": 5},
        )
    figure.update_xaxes(title_text="width in px")
    figure.update_yaxes(title_text="height in px")
    return styled(figure, _HEIGHT_PX)


def spread(values: pd.Series, sources: pd.Series, title: str) -> go.Figure:
    """A box a source: the 5th, 25th, 50th, 75th and 95th percentile of a quantity."""
    figure = go.Figure()
    for i, (source, own) in enumerate(values.groupby(sources)):
        low, q1, median, q3, high = np.percentile(own, (5, 25, 50, 75, 95))
        figure.add_box(
            name=str(source),
            x=[str(source)],
            lowerfence=[low],
            q1=[q1],
            median=[median],
            q3=[q3],
            upperfence=[high],
            marker_color=SERIES[i % len(SERIES)],
            showlegend=False,
        )
    figure.update_yaxes(title_text=title)
    return styled(figure, _HEIGHT_PX)
