"""The shortcut meter as a picture: one film's score three times, against the threshold."""

from __future__ import annotations

import plotly.graph_objects as go

from app.texts import checks as texts
from covid_core.explain.shortcut_meter import ShortcutMeter
from covid_core.findings import shown_probability
from covid_core.model.tiers import in_sentence
from covid_core.present.style import CLASS_COLOURS, THRESHOLD

# What should be low is distinguished by more than its place.
_PATTERN = {"shape": ["", "", "/"], "fillmode": "overlay", "fgcolor": "white", "size": 6}
_BARS_PX, _MARGIN_PX = 36, 52


def meter_bars(meter: ShortcutMeter, threshold: float) -> go.Figure:
    """Three scores, 0 to 1, as horizontal bars with their numbers, the whole film on top.

    The operating point's `threshold` is a line across all three.
    """
    colour = CLASS_COLOURS.get(meter.finding, THRESHOLD)
    scores = (meter.whole, meter.lungs_only, meter.lungs_removed)
    bars = go.Bar(
        x=scores,
        y=texts.METER_BARS,
        orientation="h",
        marker={"color": colour, "pattern": _PATTERN},
        text=[shown_probability(score) for score in scores],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    figure = go.Figure(bars)
    axis = texts.METER_AXIS.format(name=in_sentence(meter.finding))
    figure.update_xaxes(range=[0, 1], title=axis, fixedrange=True, dtick=0.25)
    figure.update_yaxes(autorange="reversed", fixedrange=True, tickfont_size=14, ticksuffix="  ")
    height = len(scores) * _BARS_PX + _MARGIN_PX + 30
    figure.update_layout(height=height, margin={"l": 0, "r": 48, "t": 24, "b": 0}, bargap=0.35)
    figure.add_vline(
        threshold,
        line={"width": 2, "dash": "dot", "color": THRESHOLD},
        annotation={"text": texts.METER_LINE, "yanchor": "bottom", "y": 1, "yref": "paper"},
        annotation_position="top",
    )
    return figure
