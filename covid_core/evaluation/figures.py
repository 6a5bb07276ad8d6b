"""The plots of an evaluation, in Plotly: how well, at which threshold, how honest, how trained."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve, roc_curve

from covid_core.evaluation.compare import Scored
from covid_core.look import SERIES, styled

_HEIGHT_PX = 320
_POINTS = 400  # more only hide one another
_BINS = 10


def roc(scored: Scored) -> go.Figure:
    """Sensitivity against 1 - specificity, a curve an output."""
    figure = go.Figure()
    for i, name, colour in _outputs(scored):
        x, y, _ = roc_curve(scored.labels == i, scored.probabilities[:, i])
        figure.add_scatter(x=_thin(x), y=_thin(y), name=name, line_color=colour)
    return _square(figure, "1 - specificity", "sensitivity", diagonal=True)


def precision_recall(scored: Scored) -> go.Figure:
    """Precision against recall, a curve an output."""
    figure = go.Figure()
    for i, name, colour in _outputs(scored):
        y, x, _ = precision_recall_curve(scored.labels == i, scored.probabilities[:, i])
        figure.add_scatter(x=_thin(x), y=_thin(y), name=name, line_color=colour)
    return _square(figure, "recall", "precision")


def calibration(scored: Scored) -> go.Figure:
    """How often an output was right, against how sure it was, in bins of equally many films."""
    figure = go.Figure()
    for i, name, colour in _outputs(scored):
        right, sure = calibration_curve(
            scored.labels == i, scored.probabilities[:, i], n_bins=_BINS, strategy="quantile"
        )
        figure.add_scatter(x=sure, y=right, name=name, mode="lines+markers", line_color=colour)
    return _square(figure, "probability", "share of films", diagonal=True)


def confusion(scored: Scored) -> go.Figure:
    """Films by label (down) and call (across), coloured by their share of the label."""
    table = np.array(scored.results["confusion"])
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    names = list(scored.task.outputs)
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=names,
            y=names,
            text=table,
            texttemplate="%{text}",
            colorscale="Cividis",
            zmin=0,
            zmax=1,
            showscale=False,
        )  # fmt: skip
    )
    figure.update_yaxes(autorange="reversed", title_text="label")
    figure.update_xaxes(title_text="called")
    return styled(figure, _HEIGHT_PX)


def curves(scored: Scored) -> go.Figure:
    """Loss and accuracy at the end of each epoch."""
    figure = go.Figure()
    rows = scored.card.history
    drawn = {
        "training loss": "loss",
        "validation loss": "validation_loss",
        "validation accuracy": "validation_accuracy",
    }
    for (title, key), colour in zip(drawn.items(), SERIES, strict=False):
        values = [row.get(key) for row in rows]
        figure.add_scatter(
            x=list(range(1, len(rows) + 1)), y=values, name=title, mode="lines+markers",
            line_color=colour,
        )  # fmt: skip
    figure.update_xaxes(title_text="epoch, over all phases")
    figure.update_yaxes(rangemode="tozero")
    return styled(figure, _HEIGHT_PX)


def _outputs(scored: Scored) -> list[tuple[int, str, str]]:
    """Index, name and colour of the outputs that have films for and against."""
    return [
        (i, name, SERIES[i])
        for i, name in enumerate(scored.task.outputs)
        if 0 < (scored.labels == i).sum() < len(scored.labels)
    ]


def _thin(values: np.ndarray) -> np.ndarray:
    if len(values) <= _POINTS:
        return values
    return values[np.linspace(0, len(values) - 1, _POINTS).round().astype(int)]


def _square(figure: go.Figure, x: str, y: str, *, diagonal: bool = False) -> go.Figure:
    figure.update_xaxes(title_text=x, range=[-0.02, 1.02])
    figure.update_yaxes(title_text=y, range=[-0.02, 1.02])
    if diagonal:
        grey = {"color": "#999", "dash": "dot"}
        figure.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line=grey)
    return styled(figure, _HEIGHT_PX)
