"""The model card's section on baselines, and how the network stands beside them in a plot."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from covid_core.evaluation.baselines import BASELINES, FIGURES, baselines_in_words, is_clear
from covid_core.metrics import Estimate, format_estimate
from covid_core.model.card import WeightsCard
from covid_core.present.markdown import table
from covid_core.present.style import CLASS_COLOURS, SERIES, THRESHOLD, interval_bars, styled

NETWORK = "this network"
_ROW_PX = 84  # of a part of films: the network and four baselines
_COLOURS = dict(zip(BASELINES, (THRESHOLD, SERIES[2], SERIES[6], SERIES[0]), strict=True))


def beside_baselines(card: WeightsCard, figure: str) -> go.Figure:
    """The network beside each baseline: a point with its interval, a row for each part of films.

    `figure`: one of `baselines.FIGURES`; parts that lack it are left out.
    """
    disease, baselines = card.classes[-1], card.results.baselines
    drawn = go.Figure()
    rows = {}
    for name, _, summary in card.results.parts:
        of_disease = summary.classes.get(disease)
        auroc = of_disease.auroc if of_disease else None
        own = summary.accuracy if figure == "accuracy" else auroc
        if name in baselines and own:
            rows[name] = own
    drawn.add_trace(_points(rows, NETWORK, CLASS_COLOURS[disease], "diamond"))
    for baseline, title in reversed(BASELINES.items()):
        known = {name: baselines[name][baseline] for name in rows if baseline in baselines[name]}
        found = {name: own for name, one in known.items() if (own := one.figure(figure))}
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
    measured = card.results.baselines
    if not measured:
        return """## Baselines

What is reached without looking at the lungs was not measured: `python -m covid_core baselines`."""
    known = {part.name: part.summary for part in card.results.parts}
    rows = []
    for name, part in measured.items():
        own = known[name].classes.get(card.classes[-1])
        auroc = format_estimate(own.auroc) if own else "too few"
        rows.append(
            [f"**{name}**", "**this network**", format_estimate(known[name].accuracy), auroc, ""]
        )
        for baseline, title in BASELINES.items():
            if baseline in part:
                figures = part[baseline]
                reached = [
                    said
                    for figure, said in FIGURES.items()
                    if figures.figure(figure) and not is_clear(figures, figure)
                ]
                auroc = format_estimate(figures.auroc) if figures.auroc else "too few"
                not_above = " and ".join(reached) or "–"
                rows.append(["", title, format_estimate(figures.accuracy), auroc, not_above])
    words = "\n".join(
        f"- {name}: {said}" for name, part in measured.items() if (said := baselines_in_words(part))
    )
    header = ["Films", "Classifier", "Accuracy", "AUROC", "Network not clearly above it by"]
    return f"""## Baselines

What simple models reach on the same films, trained on the same training films, without looking at
the lungs: from the file's header (aspect ratio and colour mode), from the outer frame of 4 px of a
thumbnail of 32 px with the lungs blacked out, and from that thumbnail. AUROC of
{card.classes[-1].display_name}. A figure is clearly above a baseline where the 95% interval of its
lead lies above zero.

{table(header, rows)}

{words or "Every figure is clearly above its baselines."}"""


def _points(rows: Mapping[str, Estimate], name: str, colour: str, symbol: str) -> go.Scatter:
    found = list(rows.values())
    return go.Scatter(
        x=[one.value for one in found],
        y=list(rows),
        name=name,
        mode="markers",
        orientation="h",
        marker={"color": colour, "size": 10, "symbol": symbol, "line_width": 2},
        error_x=interval_bars(found, colour),
        hovertemplate="%{y}, %{fullData.name}: %{x:.3f}<extra></extra>",
    )
