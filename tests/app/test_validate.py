"""The Validate page by Streamlit's own test harness: what comes of a table, a ZIP, a profile."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from app.site_check import calibration_in_words
from app.texts import validate as texts
from covid_core.metrics import Estimate, Reliability
from covid_core.overlay import png
from covid_core.phantom import KINDS, draw_phantom
from covid_core.site.profile import load_profile, new_profile, profile_bytes
from covid_core.site.scores import MAX_FILMS, gathered
from covid_core.site.validation import Validation, guaranteed_point, validate
from covid_core.weights import WEIGHTS, read_card
from tests.app.serving import in_browser, opened, served, settled

APP = Path(__file__).parent.parent.parent / "streamlit_app.py"
HOSTILE = "![x](http://host/p.png) <b>Ward</b>"


@pytest.fixture
def page() -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=180).run()
    return app.switch_page("app/pages/validate.py").run()


def drawn(films: int = 300) -> tuple[np.ndarray, np.ndarray]:
    drawing = np.random.default_rng(0)
    positive = np.arange(films) % 2 == 0
    return positive, drawing.beta(2 + 3 * positive, 5 - 3 * positive)


def table(films: int = 300) -> bytes:
    rows = [f"{int(shown)},{score:.4f}" for shown, score in zip(*drawn(films), strict=True)]
    return "\n".join(["label,score", *rows]).encode()


def profile_file(sha256: str | None = None) -> bytes:
    card, scores = read_card(WEIGHTS), gathered(*drawn(), [""] * 300)
    found, point = validate(scores, card.rules.points), guaranteed_point(scores)
    own = new_profile(HOSTILE, card, found, point, recall=0.95, confidence=0.9)
    return profile_bytes(replace(own, weights_sha256=sha256 or card.sha256))


def zipped(covid: int, normal: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for kind, label, films in ((KINDS[2], "covid", covid), (KINDS[0], "normal", normal)):
            for i in range(films):
                film = png(draw_phantom(kind, size_px=160, seed=i))
                archive.writestr(f"{label}/{i}.png", film)
        archive.writestr("normal/broken.png", b"GIF89a")
        archive.writestr("elsewhere/0.png", b"GIF89a")
    return file.getvalue()


def upload(page: AppTest, key: str, data: bytes, name: str) -> AppTest:
    return page.file_uploader(key=key).set_value([(name, data, "")]).run()


def table_of(page: AppTest, alt: str) -> pd.DataFrame:
    """What a table shows, by what it is called for those who do not see it."""
    [found] = [one.value for one in page.dataframe if one.proto.alt == alt]
    return found


def said(page: AppTest) -> str:
    kinds = ("subheader", "markdown", "caption", "text", "error", "warning", "info", "success")
    return "\n".join(element.value for kind in kinds for element in page.get(kind))


def styled(page: AppTest) -> str:
    """All that is rendered as Markdown."""
    kinds = ("subheader", "markdown", "caption", "error", "warning", "info", "success")
    return "\n".join(element.value for kind in kinds for element in page.get(kind))


def test_the_empty_page_offers_three_ways_in(page: AppTest) -> None:
    assert not page.exception
    assert [tab.label for tab in page.tabs] == [
        "A table of scores", "A ZIP of films", "An earlier profile",
    ]  # fmt: skip
    assert "Research use only, not a diagnosis" in said(page)
    assert page.get("plotly_chart") == []


def test_a_table_gets_its_answer_first_then_plots_and_points(page: AppTest) -> None:
    upload(page, "site-table", table(), "scores.csv")
    assert not page.exception
    found = validate(gathered(*drawn(), [""] * 300), read_card(WEIGHTS).rules.points)
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
        return float(table_of(page, texts.POINTS_ALT)["From"].iloc[-1])

    first = threshold()
    page.select_slider(key="site-recall").set_value(85).run()
    assert not page.exception
    lenient = threshold()
    page.get_by_key("site-confidence").set_value(99).run()
    assert first < lenient > threshold()
    page.select_slider(key="site-recall").set_value(99).run()
    assert "150 patients with COVID-19 are too few" in said(page)
    assert len(table_of(page, texts.POINTS_ALT)) == 3


def test_a_profile_is_used_and_downloaded_once_it_has_a_name(page: AppTest) -> None:
    upload(page, "site-table", table(), "scores.csv")
    assert page.button(key="site-use").disabled
    page.text_input(key="site-name").set_value(HOSTILE).run()
    page.button(key="site-use").click().run()
    assert not page.exception
    own = page.session_state["profile"]
    assert own.site == HOSTILE
    assert own.weights_sha256 == read_card(WEIGHTS).sha256
    assert load_profile(profile_bytes(own)) == own
    assert page.success[0].value == "This site's operating point is in use."
    assert HOSTILE in said(page) and "http://host" not in styled(page)


def test_an_earlier_profile_comes_back(page: AppTest) -> None:
    upload(page, "site-profile", profile_file(), "site-profile.json")
    assert not page.exception
    assert HOSTILE in said(page) and "http://host" not in styled(page)
    page.button(key="site-use-earlier").click().run()
    assert page.session_state["profile"].site == HOSTILE


def test_a_profile_of_other_weights_is_refused_with_words(page: AppTest) -> None:
    upload(page, "site-profile", profile_file("0" * 64), "site-profile.json")
    assert not page.exception
    assert "measured with other weights" in page.error[0].value
    assert "site-use-earlier" not in [button.key for button in page.button]
    upload(page, "site-profile", b"{}", "site-profile.json")
    assert "no site's profile" in page.error[0].value


def test_a_bad_table_says_what_and_forgets_the_last_result(page: AppTest) -> None:
    upload(page, "site-table", table(), "scores.csv")
    upload(page, "site-table", table().replace(b"0,", b"flu,", 1), f"{HOSTILE}.csv")
    assert not page.exception
    assert "has a label that is none" in said(page)
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


def test_films_of_a_zip_are_read_and_failures_listed(page: AppTest) -> None:
    upload(page, "site-zip", zipped(10, 11), "films.zip")
    assert not page.exception
    assert "21 films" in page.subheader[0].value
    failures = table_of(page, texts.FAILED_ALT)
    assert "2 of 23 films gave no score" in said(page)
    reasons = dict(zip(failures["File"], failures["Reason"], strict=True))
    assert "in no folder called" in reasons["films.zip/elsewhere/0.png"]
    assert "not a PNG" in reasons["films.zip/normal/broken.png"]
    assert "site-job" not in page.session_state


def test_a_zip_of_too_few_films_says_so(page: AppTest) -> None:
    upload(page, "site-zip", zipped(1, 1), "films.zip")
    assert not page.exception
    assert "only 1 films with COVID-19" in said(page)
    upload(page, "site-zip", b"PK\x03\x04 cut short", "films.zip")
    assert "damaged" in said(page)


@pytest.mark.parametrize(
    ("sure", "right", "words"),
    [
        (0.5, 0.5, "taken at their word"),
        (0.58, 0.5, "too high: they add up to 58%"),
        (0.42, 0.5, "too low: they add up to 42%"),
        (0.8, 0.5, "do not hold here"),
    ],
)
def test_calibration_is_told_in_words(sure: float, right: float, words: str) -> None:
    curve = np.array([0.0, 1.0])
    found = Validation(
        40, 20, 40, Estimate(0.8, 0.7, 0.9, 40), curve, curve,
        Reliability((sure,), (right,), (40,)), (),
    )  # fmt: skip
    assert words in calibration_in_words(found)


def test_no_upload_may_be_larger_than_what_is_read(page: AppTest) -> None:
    rows = "\n".join(["label,score", *["1,0.5"] * (MAX_FILMS + 1)]).encode()
    upload(page, "site-table", rows, "scores.csv")
    assert f"more than {MAX_FILMS:,} rows" in said(page)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture
def browser_page(address: str) -> Iterator[Page]:
    with opened(address) as page:
        page.get_by_role("link", name="Validate").first.click(timeout=90_000)
        expect(page.get_by_text("A ZIP of films")).to_be_visible(timeout=90_000)
        settled(page)
        yield page


@in_browser[0]
@in_browser[1]
def test_reading_can_be_stopped_and_what_was_read_counts(browser_page: Page) -> None:
    browser_page.get_by_role("tab", name="A ZIP of films").click()
    files = [{"name": "films.zip", "mimeType": "application/zip", "buffer": zipped(60, 60)}]
    uploader = browser_page.get_by_role("tabpanel").filter(has_text="Folders normal")
    uploader.locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]
    stop = browser_page.get_by_role("button", name="Stop reading")
    stop.click(timeout=60_000)
    expect(stop).to_be_hidden(timeout=60_000)
    settled(browser_page)
    expect(browser_page.get_by_text("Reading films")).to_be_hidden()
    told = browser_page.get_by_test_id("stApp").inner_text()
    assert "can't be measured" in told or "At your site" in told
    assert "120 films" not in told


@in_browser[0]
@in_browser[1]
def test_a_downloaded_profile_is_the_site_s(browser_page: Page) -> None:
    uploader = browser_page.locator("input[type=file]").first
    uploader.set_input_files(
        {"name": "scores.csv", "mimeType": "text/csv", "buffer": table()}  # type: ignore[arg-type]
    )
    expect(browser_page.get_by_text("An operating point of your own")).to_be_visible(timeout=90_000)
    settled(browser_page)
    browser_page.get_by_label("Name of the site").fill("Ward 3")
    browser_page.get_by_label("Name of the site").press("Enter")
    button = browser_page.get_by_role("button", name="Profile (JSON)")
    expect(button).to_be_enabled(timeout=60_000)
    with browser_page.expect_download() as waiting:
        button.click()
    data = waiting.value.path().read_bytes()
    assert load_profile(data).site == "Ward 3"
    assert "patient" not in json.loads(data)
