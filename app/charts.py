"""How every plot is shown."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

# Streamlit's grey print is too pale on white; this is still seen where the theme is misjudged.
_INK = "#6A7378"


def show_chart(figure: go.Figure, *, key: str, alt: str) -> None:
    """The plot across its column, with print dark enough for a light ground.

    `alt`: what it shows, for those who can't see it.
    """
    drawn = _inked(figure) if st.context.theme.type == "light" else figure
    st.plotly_chart(drawn, key=key, width="stretch", config={"displayModeBar": False}, alt=alt)


def _inked(figure: go.Figure) -> go.Figure:
    figure.update_layout(font_color=_INK)
    figure.update_traces(textfont_color=_INK, selector=lambda trace: trace.type != "heatmap")
    ink = {"tickfont_color": _INK, "title_font_color": _INK}
    return figure.update_xaxes(**ink).update_yaxes(**ink)
