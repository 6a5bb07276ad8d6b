"""The Validate page in a browser: a stop, a folder, a download."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from covid_core.local_validation.profile import load_profile
from tests.app.serving import in_browser, opened, settled
from tests.app.site_page import table, write_films, zipped


@pytest.fixture
def browser_page(browser: Browser, address: str) -> Iterator[Page]:
    with opened(browser, address) as page:
        page.get_by_role("link", name="Validate").first.click()
        expect(page.get_by_text("Films in folders")).to_be_visible()
        settled(page)
        yield page


def ways(page: Page) -> Locator:
    """Where films are given: a ZIP file, then a folder."""
    page.get_by_role("tab", name="Films in folders").click()
    return (
        page.get_by_role("tabpanel").filter(has_text="Folders normal").locator("input[type=file]")
    )


@in_browser[0]
@in_browser[1]
def test_reading_can_be_stopped_and_what_was_read_counts(browser_page: Page) -> None:
    files = [{"name": "films.zip", "mimeType": "application/zip", "buffer": zipped(60, 60)}]
    ways(browser_page).first.set_input_files(files)  # type: ignore[arg-type]
    stop = browser_page.get_by_role("button", name="Stop reading")
    stop.click()
    expect(stop).to_be_hidden()
    settled(browser_page)
    expect(browser_page.get_by_text("Reading films")).to_be_hidden()
    shown = browser_page.get_by_test_id("stApp").inner_text()
    assert "can't be measured" in shown or "At your site" in shown
    assert "120 films" not in shown


@in_browser[0]
@in_browser[1]
def test_a_whole_folder_is_read_by_its_folders_names(browser_page: Page, tmp_path: Path) -> None:
    ways(browser_page).nth(1).set_input_files(write_films(tmp_path / "ours", 10, 11))
    sentence = browser_page.get_by_text("At your site: AUROC")
    expect(sentence).to_contain_text("21 films")
    settled(browser_page)
    expect(browser_page.get_by_text("2 of 23 films gave no score")).to_be_visible()


@in_browser[0]
@in_browser[1]
def test_a_downloaded_profile_is_the_site_s(browser_page: Page) -> None:
    uploader = browser_page.locator("input[type=file]").first
    uploader.set_input_files(
        {"name": "scores.csv", "mimeType": "text/csv", "buffer": table()}  # type: ignore[arg-type]
    )
    expect(browser_page.get_by_text("An operating point of your own")).to_be_visible()
    settled(browser_page)
    browser_page.get_by_label("Name of the site").fill("Ward 3")
    browser_page.get_by_label("Name of the site").press("Enter")
    button = browser_page.get_by_role("button", name="Profile (JSON)")
    expect(button).to_be_enabled()
    with browser_page.expect_download() as waiting:
        button.click()
    data = waiting.value.path().read_bytes()
    assert load_profile(data).site == "Ward 3"
    assert "patient" not in json.loads(data)
