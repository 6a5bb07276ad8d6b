"""The plots of an evaluation, in Plotly: how well, at which threshold, how honest, how trained."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

import numpy as np
import plotly.graph_objects as go
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve, roc_curve

from covid_core.evaluation.compare import Compared, ComparedPart
from covid_core.model.results import TEST
from covid_core.model_card.plots import share_map
from covid_core.present.style import SERIES, scale_to_shares, styled, thinned

_HEIGHT_PX = 320
_BINS = 10


def roc(one: Compared) -> go.Figure:
    """Sensitivity against 1 - specificity, a curve an output."""
    figure, part = go.Figure(), one.parts[TEST]
    for i, name, colour in _outputs(one):
        x, y, _ = roc_curve(part.labels == i, part.probabilities[:, i])
        figure.add_scatter(x=thinned(x), y=thinned(y), name=name, line_color=colour, mode="lines")
    return _square(figure, "1 - specificity", "sensitivity", diagonal=True)


def roc_together(compared: Sequence[Compared], part: str) -> go.Figure:
    """Every network's curve for its disease, its last output, on one part that they share."""
    figure = go.Figure()
    for one, colour in zip(compared, cycle(SERIES), strict=False):
        output = len(one.task.outputs) - 1
        if part in one.parts and _has_both(one.parts[part], output):
            own = one.parts[part]
            x, y, _ = roc_curve(own.labels == output, own.probabilities[:, output])
            figure.add_scatter(
                x=thinned(x), y=thinned(y), name=one.card.recipe, line_color=colour, mode="lines"
            )
    below = {"orientation": "h", "y": -0.3}
    _square(figure, "1 - specificity", "sensitivity", diagonal=True)
    return figure.update_layout(legend=below, height=_HEIGHT_PX + 80)


def precision_recall(one: Compared) -> go.Figure:
    """Precision against recall, a curve an output."""
    figure, part = go.Figure(), one.parts[TEST]
    for i, name, colour in _outputs(one):
        y, x, _ = precision_recall_curve(part.labels == i, part.probabilities[:, i])
        figure.add_scatter(x=thinned(x), y=thinned(y), name=name, line_color=colour, mode="lines")
    return _square(figure, "recall", "precision")


def calibration(one: Compared) -> go.Figure:
    """How often an output was right, against how sure it was, in bins of equally many films."""
    figure, part = go.Figure(), one.parts[TEST]
    for i, name, colour in _outputs(one):
        right, sure = calibration_curve(
            part.labels == i, part.probabilities[:, i], n_bins=_BINS, strategy="quantile"
        )
        figure.add_scatter(x=sure, y=right, name=name, mode="lines+markers", line_color=colour)
    return _square(figure, "probability", "share of films", diagonal=True)


def confusion(one: Compared) -> go.Figure:
    """Films by label (down) and call (across), coloured by their share of the label."""
    table = np.array(one.parts[TEST].summary.confusion)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    return styled(share_map(shares, list(one.task.outputs), table), _HEIGHT_PX)


def curves(one: Compared) -> go.Figure:
    """Loss and accuracy at the end of each epoch."""
    figure = go.Figure()
    rows = one.card.history
    drawn = {
        "training loss": "loss",
        "validation loss": "validation_loss",
        "validation accuracy": "validation_accuracy",
    }
    for (title, key), colour in zip(drawn.items(), SERIES, strict=False):
        values = [getattr(row, key) for row in rows]
        figure.add_scatter(
            x=list(range(1, len(rows) + 1)),
            y=values,
            name=title,
            mode="lines+markers",
            line_color=colour,
        )
    figure.update_xaxes(title_text="epoch, over all phases")
    figure.update_yaxes(rangemode="tozero")
    return styled(figure, _HEIGHT_PX)


def _outputs(one: Compared) -> list[tuple[int, str, str]]:
    """Index, name and colour of the outputs that have films for and against."""
    return [
        (i, name, SERIES[i])
        for i, name in enumerate(one.task.outputs)
        if _has_both(one.parts[TEST], i)
    ]


def _has_both(part: ComparedPart, output: int) -> bool:
    return bool(0 < (part.labels == output).sum() < len(part.labels))


def _square(figure: go.Figure, x: str, y: str, *, diagonal: bool = False) -> go.Figure:
    scale_to_shares(figure, x, y, diagonal=diagonal)
    return styled(figure, _HEIGHT_PX)
