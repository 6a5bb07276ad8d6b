"""The model card's plots, each under a sentence that says what to see there."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from app import session
from app.charts import show_chart
from app.texts import model as texts
from covid_core.findings import Finding
from covid_core.metrics import format_estimate
from covid_core.model.audit import AuditFigures, Robustness
from covid_core.model.card import WeightsCard
from covid_core.model.results import TEST
from covid_core.model_card import plots as figures
from covid_core.model_card.audit_plots import (
    abstention_by_strength,
    drop_by_corruption,
    probes,
    zones,
)
from covid_core.model_card.audit_report import reliability_diagram
from covid_core.model_card.audit_words import shortcuts_in_words, zones_worth_in_words
from covid_core.model_card.baselines import beside_baselines
from covid_core.model_card.within_source import (
    boxes_in_words,
    within_in_words,
)
from covid_core.model_card.within_source_plots import draw_boxes, draw_within_sources

_COVID = Finding.COVID


def show_plots(card: WeightsCard) -> None:
    """Shows every plot of the card and of its audit."""
    audit = session.audit()
    show_sources(card)
    show_within_sources(card)
    show_boxes(card, audit)
    show_calibration(card)
    show_confusion(card)
    if audit is None:
        st.info(texts.NOT_AUDITED, icon=":material/info:")
    else:
        show_shortcuts(audit)
        show_groups(audit)
        show_corruptions(audit.robustness)
    if card.history:
        st.subheader(texts.TRAINING, anchor=False)
        draw(
            figures.training(card.history),
            texts.TRAINING_ALT,
            texts.TRAINING_SEE.format(epochs=len(card.history)),
        )


def show_sources(card: WeightsCard) -> None:
    """Shows how well the model recognises COVID-19 at each source."""
    parts = figures.summaries_by_title(card)
    st.subheader(texts.BY_SOURCE, anchor=False)
    at_home = card.results.test.classes.get(_COVID)
    known = format_estimate(at_home.auroc) if at_home else texts.NO_FIGURE
    unseen = [
        format_estimate(found.classes[_COVID].auroc)
        for found in card.results.held_out.values()
        if _COVID in found.classes
    ]
    see = texts.BY_SOURCE_SEE.format(unseen=", ".join(unseen) or texts.NO_FIGURE, known=known)
    draw(figures.by_class(parts), texts.BY_SOURCE_ALT, see)


def show_within_sources(card: WeightsCard) -> None:
    """AUROCs within sources with films of both kinds; nothing where they were not measured."""
    found = card.results.within_source
    words = within_in_words(found)
    if words:
        st.subheader(texts.WITHIN, anchor=False)
        see = texts.WITHIN_SEE.format(words=" ".join(words))
        draw(draw_within_sources(found), texts.WITHIN_ALT, see)


def show_boxes(card: WeightsCard, audit: AuditFigures | None) -> None:
    """Shows maps against radiologists' boxes, as the card has them, or else the audit.

    Nothing where they were not measured.
    """
    boxes = card.results.boxes or (audit.boxes if audit else {})
    if boxes:
        st.subheader(texts.BOXES, anchor=False)
        see = texts.BOXES_SEE.format(words=" ".join(boxes_in_words(boxes)))
        draw(draw_boxes(boxes), texts.BOXES_ALT, see)


def show_baselines(card: WeightsCard) -> None:
    """The network beside its baselines, by source; nothing where they were not measured."""
    if not card.results.baselines:
        return
    st.subheader(texts.BASELINES, anchor=False)
    figure = st.segmented_control(
        texts.BASELINES_FIGURE,
        list(texts.BASELINES_NAMES),
        default="accuracy",
        required=True,
        format_func=texts.BASELINES_NAMES.__getitem__,
        key="model-baselines",
    )
    alt = texts.BASELINES_ALT.format(figure=texts.BASELINES_NAMES[figure])
    draw(beside_baselines(card, figure), alt, texts.BASELINES_SEE)


def show_calibration(card: WeightsCard) -> None:
    """The unseen sources, then all that trained it together."""
    if not card.trust:
        return
    st.subheader(texts.CALIBRATION, anchor=False)
    parts = [*card.results.held_out, TEST]
    for column, part in zip(st.columns(len(parts)), parts, strict=True):
        worth = card.trust[part]
        see = texts.CALIBRATION_SEE.format(
            part=titled(part),
            error=worth.reliability.error,
            before=worth.reliability_before.error,
        )
        drawn = reliability_diagram(worth).update_layout(legend_y=-0.35, margin_b=90)
        drawn.update_shapes(opacity=1)  # on a dark page it is lost else
        with column:
            draw(drawn, texts.CALIBRATION_ALT.format(part=part), see)


def show_confusion(card: WeightsCard) -> None:
    """Shows which class films of each are called, source by source."""
    st.subheader(texts.CONFUSION, anchor=False)
    parts = {**card.results.held_out, TEST: card.results.test}
    for column, (part, found) in zip(st.columns(len(parts)), parts.items(), strict=True):
        *missed, hit = found.confusion[-1]
        see = texts.CONFUSION_SEE.format(
            part=titled(part), missed=sum(missed), films=sum(missed) + hit
        )
        with column:
            drawn = figures.confusion(found, card.classes)
            draw(drawn, texts.CONFUSION_ALT.format(part=part), see)


def show_shortcuts(audit: AuditFigures) -> None:
    """Shows what the model answers without lungs, the unseen source first.

    And whether its heat lies where radiologists see disease, where that was measured.
    """
    st.subheader(texts.GOES_BY, anchor=False)
    st.write(shortcuts_in_words(audit, session.card()))
    parts = dict(reversed(audit.probes.items()))
    for column, (part, found) in zip(st.columns(len(parts)), parts.items(), strict=True):
        name = texts.PROBES_PARTS[part]
        with column:
            draw(
                probes(found),
                texts.PROBES_ALT.format(part=name),
                texts.PROBES_SEE.format(part=name, films=found.films),
            )
    worth = zones_worth_in_words(audit)
    if worth and audit.zones:
        draw(zones(audit.zones), texts.ZONES_ALT, worth)


def show_groups(audit: AuditFigures) -> None:
    """Shows one figure of the audit for each group of patients."""
    st.subheader(texts.GROUPS, anchor=False)
    figure = st.segmented_control(
        texts.GROUPS_FIGURE,
        list(texts.GROUPS_NAMES),
        default="auroc",
        required=True,
        format_func=texts.GROUPS_NAMES.__getitem__,
        key="model-groups",
    )
    found = figures.groups_of(audit, figure)
    name = texts.GROUPS_NAMES[figure]
    if not found:
        st.caption(texts.GROUPS_NONE)
        return
    ordered = sorted(found, key=lambda row: row[1].value)
    (lowest, low), (highest, high) = ordered[0], ordered[-1]
    see = texts.GROUPS_SEE.format(low=low.value, lowest=lowest, high=high.value, highest=highest)
    drawn = figures.by_group(found, name, chance=figure == "auroc")
    draw(drawn, texts.GROUPS_ALT.format(figure=name), see)


def show_corruptions(robustness: Robustness) -> None:
    """Shows what corrupted films cost, and how often the model then abstains."""
    st.subheader(texts.ROBUST, anchor=False)
    worst = robustness.summary.worst
    title = robustness.corruptions[worst.name].title
    left, right = st.columns(2)
    with left:
        see = texts.ROBUST_SEE.format(
            films=robustness.films, worst=title, strength=worst.strength, drop=worst.drop
        )
        draw(drop_by_corruption(robustness), texts.ROBUST_ALT, see)
    with right:
        draw(abstention_by_strength(robustness), texts.ABSTAINS_ALT, texts.ABSTAINS_SEE)


def draw(figure: go.Figure, alt: str, see: str) -> None:
    """A plot, and above it what to see there."""
    st.caption(see)
    show_chart(figure, key=f"model-{alt}", alt=alt)


def titled(part: str) -> str:
    """A part's title for a person."""
    return texts.ALL_KNOWN if part == TEST else part
