"""The model card's section on baselines, and how the network stands beside them in a plot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from covid_core.evaluation.baselines import BASELINES, FIGURES, baselines_in_words, is_clear
from covid_core.evaluation.targets import TEST
from covid_core.metrics import told
from covid_core.model.card import WeightsCard
from covid_core.present.markdown import table
from covid_core.present.style import CLASS_COLOURS, SERIES, THRESHOLD, styled

NETWORK = "this network"
_ROW_PX = 84  # of a part of films: the network and four baselines
_COLOURS = dict(zip(BASELINES, (THRESHOLD, SERIES[2], SERIES[6], SERIES[0]), strict=True))


def summaries_of(card: WeightsCard) -> dict[str, Mapping[str, Any]]:
    """What was measured of the network by part, as `results["floors"]` names them: sources never
    trained on first, then all that trained it together, then each of those.
    """
    results = card.results
    return {**results["held_out"], TEST: results["test"], **results["test_by_source"]}


def beside_baselines(card: WeightsCard, figure: str) -> go.Figure:
    """The network beside each baseline: a point with its interval, a row for each part of films.

    `figure`: one of `baselines.FIGURES`; parts that lack it are left out.
    """
    disease, baselines = card.classes[-1], card.results["floors"]
    drawn = go.Figure()
    rows = {}
    for name, summary in summaries_of(card).items():
        own = summary if figure == "accuracy" else summary["classes"].get(disease, {})
        if name in baselines and figure in own:
            rows[name] = own[figure]
    drawn.add_trace(_points(rows, NETWORK, CLASS_COLOURS[disease], "diamond"))
    for baseline, title in reversed(BASELINES.items()):
        known = {name: baselines[name][baseline] for name in rows if baseline in baselines[name]}
        found = {name: one[figure] for name, one in known.items() if figure in one}
        drawn.add_trace(_points(found, title, _COLOURS[baseline], "circle-open"))
    drawn.update_layout(scattermode="group", scattergap=0.3)
    drawn.update_xaxes(title_text=FIGURES[figure], range=[0, 1.02])
    drawn.update_yaxes(
        autorange="reversed",
        ticks="",
        automargin=True,
        categoryorder="array",
        categoryarray=list(rows),
    )
    styled(drawn, _ROW_PX * len(rows) + 130)
    legend = {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0}
    return drawn.update_layout(margin_l=20, margin_t=60, legend=legend)


def baselines_section(card: WeightsCard) -> str:
    """What is reached without looking at the lungs; says so where it was not measured."""
    measured = card.results.get("floors")
    if not measured:
        return """## Baselines

What is reached without looking at the lungs was not measured: `python -m covid_core baselines`."""
    known = summaries_of(card)
    rows = []
    for name, part in measured.items():
        own = known[name]["classes"].get(card.classes[-1], {})
        auroc = told(own["auroc"]) if own else "too few"
        rows.append([f"**{name}**", "**this network**", told(known[name]["accuracy"]), auroc, ""])
        for baseline, title in BASELINES.items():
            if baseline in part:
                figures = part[baseline]
                reached = [
                    said
                    for figure, said in FIGURES.items()
                    if figure in figures and not is_clear(figures, figure)
                ]
                auroc = told(figures["auroc"]) if "auroc" in figures else "too few"
                not_above = " and ".join(reached) or "–"
                rows.append(["", title, told(figures["accuracy"]), auroc, not_above])
    words = "\n".join(
        f"- {name}: {said}" for name, part in measured.items() if (said := baselines_in_words(part))
    )
    header = ["Films", "Told from", "Accuracy", "AUROC", "Network not clearly above it by"]
    return f"""## Baselines

What simple models reach on the same films, trained on the same training films, without looking at
the lungs: from the file's header (aspect ratio and colour mode), from the outer frame of 4 px of a
thumbnail of 32 px with the lungs blacked out, and from that thumbnail. AUROC of
{card.classes[-1].display_name}. A figure is clearly above a baseline where the 95% interval of its
lead lies above zero.

{table(header, rows)}

{words or "Every figure is clearly above its baselines."}"""


def _points(rows: Mapping[str, Mapping[str, float]], name: str, colour: str, symbol: str) -> Any:
    found = list(rows.values())
    return go.Scatter(
        x=[one["value"] for one in found],
        y=list(rows),
        name=name,
        mode="markers",
        orientation="h",
        marker={"color": colour, "size": 10, "symbol": symbol, "line_width": 2},
        error_x={
            "array": [one["high"] - one["value"] for one in found],
            "arrayminus": [one["value"] - one["low"] for one in found],
            "color": colour,
            "thickness": 2,
            "width": 0,
        },
        hovertemplate="%{y}, %{fullData.name}: %{x:.3f}<extra></extra>",
    )
