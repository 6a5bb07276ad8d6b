"""An audit as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import plotly.graph_objects as go

from covid_core.evaluation.audit import Audit
from covid_core.evaluation.explanations import Panel
from covid_core.evaluation.targets import goals, parts_with_shortcuts
from covid_core.findings import CLASSES
from covid_core.metrics import Estimate, format_estimate
from covid_core.model.audit import Explanations, Groups, Probes, Robustness
from covid_core.model.card import WeightsCard
from covid_core.model.results import Trust
from covid_core.model_card import audit_plots
from covid_core.model_card.results import left_out_rows
from covid_core.model_card.trust import point_rows
from covid_core.model_card.within_source import boxes_in_words, within_in_words
from covid_core.model_card.within_source_plots import draw_boxes, draw_within_sources
from covid_core.present.html import embedded, write_page
from covid_core.present.overlay import blend, data_uri, outline_layer, png
from covid_core.present.style import SERIES, styled

_TEMPLATE = Path(__file__).with_name("audit.html")
_OPACITY = 0.6
_COLUMNS = (
    "films",
    "covid",
    "auroc",
    "auroc_within_view",
    "sensitivity",
    "specificity",
    "covered",
    "single",
)
HEADER = (
    "",
    "Films",
    "COVID-19",
    "AUROC",
    "AUROC, pairs within a view",
    "Sensitivity",
    "Specificity",
    "Covered",
    "One answer",
)


def write_audit(
    audit: Audit, card: WeightsCard, left_out: Mapping[str, WeightsCard], path: Path
) -> None:
    """Write the report, self-contained. Raises CovidCoreError where it can't be written."""
    figures = audit.figures
    boxes, within = figures.boxes, card.results.within_source
    write_page(
        _TEMPLATE,
        path,
        card=card,
        goals=goals(card, figures, left_out),
        shortcuts=parts_with_shortcuts(figures.probes),
        left_out=left_out_rows(left_out),
        header=HEADER,
        parts=[
            (part, _strata(found.strata), rows(found.age)) for part, found in figures.parts.items()
        ],
        probes=_probe_plots(figures.probes),
        maps=[(title, embedded(figure)) for title, figure in _map_plots(figures.explanations)],
        maps_films=figures.explanations.films,
        within=within_in_words(within),
        within_plot=within and embedded(draw_within_sources(within)),
        boxes=boxes_in_words(boxes),
        boxes_plot=boxes and embedded(draw_boxes(boxes)),
        zones=figures.zones,
        zones_plot=figures.zones and embedded(audit_plots.zones(figures.zones)),
        panels=[_pictures(panel) for panel in audit.panels],
        robust=[(title, embedded(plot)) for title, plot in _robust_plots(figures.robustness)],
        robust_films=figures.robustness.films,
        trust=[(part, embedded(reliability_diagram(worth))) for part, worth in card.trust.items()],
        points=point_rows(card),
    )


def rows(found: Groups) -> list[list[str]]:
    """A line for each group of films, in `HEADER`'s order."""
    return [
        [name, *(_cell(getattr(own, column)) for column in _COLUMNS)] for name, own in found.items()
    ]


def reliability_diagram(worth: Trust) -> go.Figure:
    """How often calls were right against how sure the network was, with the rules and without."""
    figure = go.Figure()
    drawn = {
        "calibrated": (worth.reliability, SERIES[4]),
        "before": (worth.reliability_before, "#999"),
    }
    for name, (found, colour) in drawn.items():
        films = np.array(found.films)
        figure.add_scatter(
            x=found.sure,
            y=found.right,
            mode="lines+markers",
            customdata=films,
            name=f"{name}, error {found.error:.3f}",
            line_color=colour,
            marker_size=4 + 14 * np.sqrt(films / films.max()),
            hovertemplate="%{customdata} films: sure %{x:.2f}, right %{y:.2f}<extra></extra>",
        )
    grey = {"color": "#777", "dash": "dot", "width": 1}
    figure.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line=grey)
    figure.update_xaxes(title_text="probability of the call", range=[0.28, 1.03])
    figure.update_yaxes(title_text="share that was right", range=[-0.03, 1.05])
    figure.update_layout(legend={"orientation": "h", "y": -0.25})
    return styled(figure, 340)


def _cell(value: Estimate | int | None) -> str:
    if value is None:
        return "too few"
    return format_estimate(value) if isinstance(value, Estimate) else str(value)


def _strata(found: Mapping[str, Groups]) -> list[tuple[str, list[list[str]]]]:
    return [(kind, rows(values)) for kind, values in found.items()]


def _probe_plots(found: Mapping[str, Probes]) -> list[tuple[str, str]]:
    plots = []
    for part, probes in found.items():
        films = f"{probes.films} films, {probes.left_out} without lungs left out"
        plots.append((f"{part}, {films}", embedded(audit_plots.probes(probes))))
        if len(probes.within) > 1:
            plots += [
                (f"{part}, {source} alone", embedded(audit_plots.probes(probes, within)))
                for source, within in probes.within.items()
            ]
    return plots


def _map_plots(found: Explanations) -> list[tuple[str, go.Figure]]:
    return [
        ("Heat in the lungs", audit_plots.in_lungs(found)),
        ("Weights drawn anew", audit_plots.randomised(found)),
        (f"Deletion: lower is better; {_ahead(found, 'deletion')}", audit_plots.deletion(found)),
        (
            f"Insertion: higher is better; {_ahead(found, 'insertion')}",
            audit_plots.insertion(found),
        ),
    ]


def _ahead(found: Explanations, curve: str) -> str:
    """By how much Grad-CAM's area is better than that of a random order, film by film."""
    return f"better than a random order by {format_estimate(found.better[curve])}"


def _robust_plots(found: Robustness) -> list[tuple[str, go.Figure]]:
    return [
        ("AUROC lost", audit_plots.drop_by_corruption(found)),
        ("Films without an answer", audit_plots.abstention_by_strength(found)),
    ]


def _pictures(panel: Panel) -> tuple[str, str, Sequence[tuple[str, str]]]:
    """A film, outlined, and its maps, as addresses for a page; its label and what it was called."""
    line = outline_layer(panel.lungs, *panel.film.shape)
    film = np.repeat(panel.film[..., np.newaxis], 3, axis=2)
    film[line[..., 3] > 0] = line[line[..., 3] > 0][:, :3]
    shown = [("film, lungs", film)]
    shown += [(method, blend(panel.film, heat, _OPACITY)) for method, heat in panel.maps.items()]
    label = CLASSES[panel.label].display_name
    return label, panel.called.display_name, [(name, data_uri(png(one))) for name, one in shown]
