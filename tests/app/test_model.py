"""The Model page by Streamlit's own test harness: what it says first, and that figures are true."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.card_text import pieces, section
from app.recipe_tables import short_table, whole_table
from app.texts import model as texts
from covid_core.evaluation.baselines import baselines_in_words
from covid_core.evaluation.targets import TEST, goals
from covid_core.model.card import (
    AS_PUBLISHED,
    CORRECTED,
    LEFT_OUT,
    RECIPES,
    WEIGHTS,
    read_audit,
    read_card,
    read_cards,
    read_variants,
)
from covid_core.model.results import Results
from covid_core.model_card.audit_words import shortcuts_in_words, zones_worth_in_words
from covid_core.model_card.plots import groups_of
from covid_core.model_card.within_source import boxes_in_words, within_in_words
from tests.app.page import run_page
from tests.measured import example_zones, shipped_audit
from tests.model_card.test_within_source import FOUND
from tests.waits import LONGEST_S

ROOT = Path(__file__).parent.parent.parent
CARD = read_card(WEIGHTS)


@pytest.fixture(scope="module")
def page() -> AppTest:
    app = run_page()
    return app.switch_page("app/pages/model.py").run()


def at(page: AppTest, tab: str) -> AppTest:
    page.session_state["model-tabs"] = tab
    page.run()
    assert not page.exception
    return page


def table_of(page: AppTest, alt: str) -> pd.DataFrame:
    """What a table shows, by what it is called for those who do not see it."""
    [found] = [one.value for one in page.dataframe if one.proto.alt == alt]
    return found


def said(page: AppTest) -> str:
    kinds = ("subheader", "markdown", "caption", "text", "warning", "info")
    return "\n".join(element.value for kind in kinds for element in page.get(kind))


def test_the_source_that_never_trained_comes_first(page: AppTest) -> None:
    at(page, "Summary")
    [(source, unseen)] = CARD.results.held_out.items()
    names = ("auroc", "sensitivity", "specificity")
    shown = [metric.value for metric in page.metric]
    for found, values in zip((unseen, CARD.results.test), (shown[:4], shown[4:]), strict=True):
        own = [getattr(found.classes["covid"], name) for name in names] + [found.accuracy]
        assert values == [f"{one.value:.2f}" for one in own]
    words = said(page)
    assert words.index(f"On {source}") < words.index("On new films")
    assert CARD.name in words and CARD.sha256 in words


def test_a_figure_that_is_not_above_its_baselines_is_said_to_be_so(page: AppTest) -> None:
    at(page, "Summary")
    warned = [warning.value for warning in page.warning]
    for part in (*CARD.results.held_out, TEST):
        words = baselines_in_words(CARD.results.baselines[part])
        assert (words in warned) if words else (texts.BASELINES_ABOVE in said(page))
    [chart] = page.get("plotly_chart")
    page.get_by_key("model-baselines").set_value("auroc").run()
    assert not page.exception
    [other] = page.get("plotly_chart")
    assert chart.proto.alt != other.proto.alt


def test_goals_that_are_not_met_stand_first(page: AppTest) -> None:
    at(page, "Summary")
    audit = read_audit(WEIGHTS, CARD)
    assert audit
    table = table_of(page, texts.GOALS_ALT)
    known = goals(CARD, audit, read_cards(WEIGHTS / LEFT_OUT))
    assert len(table) == len(known)
    failed = [goal.name for goal in known if goal.met is False]
    assert list(table["Goal"][: len(failed)]) == failed
    assert f"{sum(goal.met is True for goal in known)} of {len(known)} goals" in said(page)


def test_films_are_counted_by_source_and_class(page: AppTest) -> None:
    at(page, "Summary")
    table = table_of(page, texts.TRAINED_ALT)
    trained = sum(sum(classes.values()) for classes in CARD.films["train"].values())
    assert table["Trained"].sum() == trained, "those without a class too"
    assert table["Unseen"].sum() == CARD.results.held_out["covid-chestxray"].films


def test_limits_are_the_card_s_own(page: AppTest) -> None:
    at(page, "Summary")
    limits = section((WEIGHTS / "README.md").read_text(), "Limits")
    assert limits.startswith("- ") and limits in said(page)


def test_only_the_open_tab_is_drawn(page: AppTest) -> None:
    assert len(at(page, "Summary").get("plotly_chart")) == 1
    audit = read_audit(WEIGHTS, CARD)
    assert audit
    measured = (CARD.results.within_source, CARD.results.boxes or audit.boxes, audit.zones)
    assert len(at(page, "Plots").get("plotly_chart")) == 11 + sum(map(bool, measured))
    assert not page.metric
    alts = [chart.proto.alt for chart in page.get("plotly_chart")]
    assert len(set(alts)) == len(alts) and all(alts)


def test_what_it_goes_by_is_drawn_and_said(page: AppTest) -> None:
    at(page, "Plots")
    audit = read_audit(WEIGHTS, CARD)
    assert audit is not None
    alts = [chart.proto.alt for chart in page.get("plotly_chart")]
    unseen, known = (
        texts.PROBES_ALT.format(part=texts.PROBES_PARTS[part]) for part in ("held out", "test")
    )
    assert alts.index(unseen) < alts.index(known)
    assert (texts.ZONES_ALT in alts) is bool(audit.zones)
    assert shortcuts_in_words(audit, CARD) in said(page)


def draw_shortcuts(zones: object) -> None:
    """What the tab of plots shows of an audit with these figures of zones."""

    from app.model_plots import show_shortcuts
    from tests.measured import shipped_audit

    show_shortcuts(shipped_audit(zones=zones))


def test_what_zones_are_worth_is_drawn_where_it_was_measured() -> None:
    zones = example_zones()
    page = AppTest.from_function(draw_shortcuts, default_timeout=LONGEST_S, args=(zones,)).run()
    assert not page.exception
    assert page.get("plotly_chart")[-1].proto.alt == texts.ZONES_ALT
    assert zones_worth_in_words(shipped_audit(zones=zones)) in said(page)
    page = AppTest.from_function(draw_shortcuts, default_timeout=LONGEST_S, args=(None,)).run()
    assert not page.exception
    assert texts.ZONES_ALT not in [chart.proto.alt for chart in page.get("plotly_chart")]


def test_groups_can_be_looked_at_by_each_figure(page: AppTest) -> None:
    at(page, "Plots")
    first = said(page)
    page.get_by_key("model-groups").set_value("specificity").run()
    assert not page.exception
    assert said(page) != first
    audit = read_audit(WEIGHTS, CARD)
    assert audit
    name, lowest = min(groups_of(audit, "specificity"), key=lambda row: row[1].value)
    assert f"from {lowest.value:.2f} ({name})" in said(page)


def test_the_recipes_are_those_of_the_document_to_the_digit(page: AppTest) -> None:
    at(page, "Recipes")
    shown = table_of(page, texts.RECIPES_ALT)
    document = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    block = document.partition("<!-- recipes -->")[2].partition("<!-- /recipes -->")[0]
    lines = [line.strip("| ").split(" | ") for line in block.strip().splitlines()[2:]]
    assert [list(row)[-13:] for row in shown.itertuples(index=False)] == [
        [cell.replace("`", "") for cell in line[-13:]] for line in lines
    ]
    assert shown["Recipe"].str.partition(",")[0].nunique() == 6


def test_the_short_table_sets_reported_beside_unseen() -> None:
    cards = [CARD, *read_cards(WEIGHTS / RECIPES).values()]
    variants = read_variants(WEIGHTS)
    table = short_table(cards, variants).set_index("Recipe")
    assert len(table) == len(cards) == 5
    own = table.loc["densenet121"]
    assert own["Accuracy reported"] == "0.992 (0.545)"
    unseen = CARD.results.held_out["covid-chestxray"].classes["covid"].auroc.value
    assert own["AUROC, unseen"] == f"{unseen:.3f}"
    leaky, corrected = (
        variants["densenet121"][variant].results for variant in (AS_PUBLISHED, CORRECTED)
    )
    assert own["Shared with training"] == f"{leaky.shared:.0%}"
    second = corrected.held_out["radiography"].accuracy.value
    assert own["Corrected"] == f"{corrected.test.accuracy.value:.3f} ({second:.3f})"
    alone = short_table([CARD], {}).iloc[0]
    assert alone["As published"] == alone["Shared with training"] == alone["Corrected"] == "–"
    assert list(whole_table([CARD], {})["Variant"]) == ["the study's figure"] * 2 + ["ours"] * 2


def test_the_whole_card_is_shown_without_comments_and_links(page: AppTest) -> None:
    at(page, "Full card")
    words = said(page)
    assert "Model card: DenseNet-121" in words and "Reporting items" in words
    assert "<!--" not in words and not re.search(r"\]\(", words)
    assert len(page.get("image")) == words.count("![") + 1


def test_pictures_and_links_of_a_card_ask_no_other_host(tmp_path: Path) -> None:
    (tmp_path / "near.svg").write_text("<svg/>")
    (tmp_path.parent / "outside.png").write_bytes(b"")
    text = (
        "before <!-- hidden\n --> ![near](near.svg) after [docs](docs/a.md) [b](b)"
        " ![far](https://host/far.png) ![up](../outside.png) ![gone](gone.png)"
    )
    found = list(pieces(text, tmp_path))
    assert [one for one in found if not isinstance(one, str)] == [(tmp_path / "near.svg", "near")]
    words = "".join(one for one in found if isinstance(one, str))
    assert " ".join(words.split()) == "before after docs (`docs/a.md`) b *far* *up* *gone*"


def test_a_section_ends_where_the_next_begins() -> None:
    text = "# A\n\n## One\n\nfirst\n\n### Sub\n\n## Two\n\nsecond\n"
    assert section(text, "One") == "first\n\n### Sub"
    assert section(text, "Two") == "second"
    assert section(text, "Three") == ""


def draw_measured(found: dict) -> None:  # type: ignore[type-arg]
    """What the tab of plots shows of a card with these figures within sources."""

    from app.model_plots import show_boxes, show_within_sources
    from covid_core.model.card import WEIGHTS, read_card

    card = read_card(WEIGHTS)
    card = card.replace(results=card.results.replace(within_source=found))
    show_within_sources(card)
    show_boxes(card, None)


def test_films_of_both_kinds_and_boxes_are_drawn_where_they_were_measured() -> None:
    page = AppTest.from_function(draw_measured, args=(FOUND,)).run()
    assert not page.exception
    charts = [chart.proto.alt for chart in page.get("plotly_chart")]
    assert charts == [texts.WITHIN_ALT, texts.BOXES_ALT]
    words = said(page)
    assert texts.WITHIN in words and texts.BOXES in words
    for sentence in (*within_in_words(FOUND), *boxes_in_words(Results(within_source=FOUND).boxes)):
        assert sentence in words
    page = AppTest.from_function(draw_measured, args=({},)).run()
    assert not page.exception and not page.get("plotly_chart") and not page.subheader
