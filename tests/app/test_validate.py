"""The Validate page by Streamlit's own test harness: what comes of a table of scores."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.site_check import calibration_in_words
from app.texts import validate as texts
from covid_core.local_validation.scores import MAX_FILMS, build_scores
from covid_core.local_validation.validation import Validation, validate
from covid_core.metrics import Estimate, Reliability
from covid_core.model.card import WEIGHTS, read_card
from tests.app.site_page import HOSTILE, drawn, said, table, table_of, upload, validate_page


@pytest.fixture
def page() -> AppTest:
    return validate_page()


def test_the_empty_page_offers_three_ways_in(page: AppTest) -> None:
    assert not page.exception
    assert [tab.label for tab in page.tabs] == [
        "A table of scores",
        "Films in folders",
        "An earlier profile",
    ]
    assert "Research use only, not a diagnosis" in said(page)
    assert page.get("plotly_chart") == []


def test_a_table_gets_its_answer_first_then_plots_and_points(page: AppTest) -> None:
    upload(page, "site-table", table(), "scores.csv")
    assert not page.exception
    found = validate(build_scores(*drawn(), [""] * 300), read_card(WEIGHTS).rules.points)
    assert f"At your site: AUROC {found.auroc.value:.2f}" in page.subheader[0].value
    assert "300 films" in page.subheader[0].value
    assert len(page.get("plotly_chart")) == 2
    points = table_of(page, texts.POINTS_ALT)
    assert list(points["Operating point"]) == ["Rule-out", "Balanced", "Rule-in", "Site"]
    sensitivity = found.points[1].point.sensitivity
    assert sensitivity
    assert points["Sensitivity"][1].startswith(f"{sensitivity.value:.2f} ({sensitivity.low:.2f}")


def test_recall_and_confidence_move_the_threshold(page: AppTest) -> None:
    upload(page, "site-table", table(), "scores.csv")

    def threshold() -> float:
        return float(table_of(page, texts.POINTS_ALT)["Threshold"].iloc[-1])

    first = threshold()
    page.select_slider(key="site-recall").set_value(85).run()
    assert not page.exception
    lenient = threshold()
    page.get_by_key("site-confidence").set_value(99).run()
    assert first < lenient > threshold()
    page.select_slider(key="site-recall").set_value(99).run()
    assert "150 patients with COVID-19 are too few" in said(page)
    assert len(table_of(page, texts.POINTS_ALT)) == 3


def test_a_bad_table_says_what_and_forgets_the_last_result(page: AppTest) -> None:
    upload(page, "site-table", table(), "scores.csv")
    upload(page, "site-table", table().replace(b"0,", b"flu,", 1), f"{HOSTILE}.csv")
    assert not page.exception
    assert "has a label that names no known class" in said(page)
    assert "http://host" not in said(page)
    assert page.get("plotly_chart") == []


def test_made_up_scores_are_said_to_be_and_keep_no_profile(page: AppTest) -> None:
    page.button(key="site-made-up").click().run()
    assert not page.exception
    assert "Made-up scores" in page.subheader[0].value
    assert "say nothing about this model" in page.info[0].value
    assert len(page.get("plotly_chart")) == 2
    keys = {button.key for button in page.button}
    assert not keys & {"site-use", "site-download"}


def test_few_films_are_warned_of(page: AppTest) -> None:
    upload(page, "site-table", table(40), "scores.csv")
    assert "Only 20 films" in page.warning[0].value
    assert "are too few to promise" in said(page)


@pytest.mark.parametrize(
    ("sure", "right", "words"),
    [
        (0.5, 0.5, "well calibrated here"),
        (0.58, 0.5, "too high: their mean is 58%"),
        (0.42, 0.5, "too low: their mean is 42%"),
        (0.8, 0.5, "poorly calibrated here"),
    ],
)
def test_calibration_is_described_in_words(sure: float, right: float, words: str) -> None:
    curve = np.array([0.0, 1.0])
    found = Validation(
        40,
        20,
        40,
        Estimate(0.8, 0.7, 0.9, 40),
        curve,
        curve,
        Reliability((sure,), (right,), (40,)),
        (),
    )
    assert words in calibration_in_words(found)


def test_no_upload_may_be_larger_than_what_is_read(page: AppTest) -> None:
    rows = "\n".join(["label,score", *["1,0.5"] * (MAX_FILMS + 1)]).encode()
    upload(page, "site-table", rows, "scores.csv")
    assert f"more than {MAX_FILMS:,} rows" in said(page)
