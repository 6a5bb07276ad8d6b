"""The model card made readable: what it is worth elsewhere first, then plots, recipes, the card."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app import session
from app.card_text import pieces, section
from app.model_plots import show_baselines, show_plots
from app.recipe_tables import short_table, whole_table
from app.texts import model as texts
from covid_core.evaluation.baselines import baselines_in_words, best_baseline
from covid_core.evaluation.targets import goals
from covid_core.findings import CLASSES, Finding
from covid_core.model.card import (
    LEFT_OUT,
    RECIPES,
    WEIGHTS,
    WeightsCard,
    read_card,
    read_cards,
    read_variants,
)
from covid_core.model.choices import use_in_words
from covid_core.model.results import TEST, Summary
from covid_core.model_card.comparison import HEADER
from covid_core.model_card.front_matter import without_front_matter
from covid_core.present.sentences import DISCLAIMER
from covid_core.storage.arrays import stamp_of

_COVID = Finding.COVID
README = WEIGHTS / "README.md"


def show() -> None:
    """Shows the page: the model card, its plots and its goals."""
    card = session.card()
    names = (texts.SUMMARY, texts.PLOTS, texts.RECIPES, texts.CARD)
    tabs = st.tabs(names, on_change="rerun", key="model-tabs")
    for tab, fill in zip(tabs, (show_summary, show_plots, show_recipes, show_card), strict=True):
        if tab.open:
            with tab:
                fill(card)
    st.caption(DISCLAIMER)


def show_summary(card: WeightsCard) -> None:
    """Shows what the model is, its main figures and its limits."""
    st.subheader(card.name, anchor=False)
    st.caption(
        texts.WEIGHTS.format(sha256=card.sha256, commit=card.git_commit, created=card.created[:10])
    )
    for source, found in card.results.held_out.items():
        use = use_in_words(source, card.training)
        show_headline(texts.UNSEEN.format(source=source, use=use), found)
        show_baselines_in_words(card, source)
    show_headline(texts.KNOWN, card.results.test)
    show_baselines_in_words(card, TEST)
    st.caption(texts.BEWARE)
    show_baselines(card)
    show_goals(card)
    show_data(card)
    st.subheader(texts.LIMITS, anchor=False)
    st.markdown(section(card_text(stamp_of(README)), "Limits"))


def show_headline(title: str, found: Summary) -> None:
    """Shows the figures of one part in large letters."""
    figure = found.classes.get(_COVID)  # None of a source that is all COVID-19, or has none
    st.markdown(f"**{title}**")
    drawn = {texts.ACCURACY: found.accuracy}
    if figure:
        own = {
            texts.AUROC: figure.auroc,
            texts.SENSITIVITY: figure.sensitivity,
            texts.SPECIFICITY: figure.specificity,
        }
        drawn = own | drawn
    for column, (name, one) in zip(st.columns(len(drawn)), drawn.items(), strict=True):
        interval = {"low": one.low, "high": one.high}
        explained = texts.ACCURACY_HELP if name == texts.ACCURACY else texts.METRIC_HELP
        column.metric(
            name,
            f"{one.value:.2f}",
            texts.INTERVAL.format(**interval),
            delta_color="off",
            delta_arrow="off",
            border=True,
            help=explained.format(films=found.films, **interval),
        )


def show_baselines_in_words(card: WeightsCard, part: str) -> None:
    """Shows whether the figures of a part of films are clearly above its baselines."""
    baselines = card.results.baselines.get(part)
    if not baselines:
        st.caption(texts.BASELINES_NONE)
        return
    words = baselines_in_words(baselines)
    if words:
        st.warning(words, icon=":material/warning:")
        return
    best = best_baseline(baselines)
    comparison = texts.BASELINE.format(accuracy=best[2].value, by=best[0]) + ". " if best else ""
    st.caption(comparison + texts.BASELINES_ABOVE)


def show_goals(card: WeightsCard) -> None:
    """Shows each goal, and whether it was met."""
    st.subheader(texts.GOALS, anchor=False)
    audit = session.audit()
    if audit is None:
        st.warning(texts.GOALS_NONE, icon=":material/warning:")
        return
    found = sorted(
        goals(card, audit, read_cards(WEIGHTS / LEFT_OUT)),
        key=lambda goal: list(texts.MET).index(goal.verdict),
    )
    st.write(texts.GOALS_WORDS.format(met=sum(goal.met is True for goal in found), all=len(found)))
    lines = [(texts.MET[goal.verdict], goal.name, goal.required, goal.measured) for goal in found]
    table = pd.DataFrame(lines, columns=list(texts.GOALS_COLUMNS))
    st.dataframe(
        table,
        hide_index=True,
        alt=texts.GOALS_ALT,
        height="content",
        column_config={texts.GOALS_COLUMNS[0]: st.column_config.TextColumn(width="small")},
    )


def show_data(card: WeightsCard) -> None:
    """Shows how many films trained the model, by source and class."""
    st.subheader(texts.TRAINED, anchor=False)
    trained = sum(sum(classes.values()) for classes in card.films["train"].values())
    tuned = sum(sum(classes.values()) for classes in card.films["validation"].values())
    st.write(texts.TRAINED_WORDS.format(films=f"{trained:,}", tuned=f"{tuned:,}"))
    sources = sorted({source for split in texts.SPLITS for source in card.films.get(split, {})})
    names = {**{finding.value: finding.display_name for finding in CLASSES}, "": texts.NO_CLASS}
    lines = []
    for source in sources:
        for label, name in names.items():
            counts = [
                card.films.get(split, {}).get(source, {}).get(label, 0) for split in texts.SPLITS
            ]
            if any(counts):
                lines.append((source, name, *counts))
    header = [texts.SOURCE, texts.CLASS, *texts.SPLIT_TITLES]
    st.dataframe(pd.DataFrame(lines, columns=header), hide_index=True, alt=texts.TRAINED_ALT)


def show_recipes(card: WeightsCard) -> None:
    """Shows the other recipes' results beside the model's own."""
    st.write(texts.RECIPES_WORDS)
    short, whole = recipes(stamp_of(session.card_file()))
    st.dataframe(short, hide_index=True, alt=texts.RECIPES_SHORT_ALT, height="content")
    st.caption(texts.RECIPES_SEE)
    st.markdown(f"**{texts.RECIPES_FULL}**")
    columns = {
        HEADER[0]: st.column_config.TextColumn(pinned=True),
        "Films": st.column_config.TextColumn(width="medium"),
    }
    st.dataframe(
        whole,
        hide_index=True,
        alt=texts.RECIPES_ALT,
        height="content",
        column_config=columns,
    )


def show_card(card: WeightsCard) -> None:
    """Shows the model card, whole."""
    text = card_text(stamp_of(README))
    if not text:
        st.info(texts.CARD_NONE, icon=":material/info:")
        return
    st.caption(texts.CARD_WORDS)
    for piece in pieces(text, WEIGHTS):
        if isinstance(piece, str):
            st.markdown(piece)
        else:
            path, words = piece
            st.image(str(path), alt=words, width="stretch")


@st.cache_data(max_entries=1, show_spinner=False)
def recipes(stamp: bytes) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The recipes at a glance, and all their figures."""
    cards = [read_card(WEIGHTS), *read_cards(WEIGHTS / RECIPES).values()]
    variants = read_variants(WEIGHTS)
    return short_table(cards, variants), whole_table(cards, variants)


@st.cache_data(max_entries=1, show_spinner=False)
def card_text(stamp: bytes) -> str:
    """The model card's Markdown; kept until its file changes."""
    return without_front_matter(README.read_text(encoding="utf-8")) if README.is_file() else ""


show()
