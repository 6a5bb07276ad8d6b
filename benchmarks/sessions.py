"""A whole session in a real browser: every page, every export, every kind of file and refusal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect

from app.texts import common, read
from app.texts import worklist as listed
from tests.app.serving import chromium, drop, dropzone, new_page, settled, wait_for_list
from tests.canaries import Marked, marked_files

_EXPORTS = (read.EXPORT_PDF, read.EXPORT_PNG, read.EXPORT_JSON, read.EXPORT_CAPTURE, read.EXPORT_SR)
_PAGES = (common.COMPARE, common.VALIDATE, common.MODEL, common.ABOUT)
_READ = "Calibrated probability of COVID-19"
_NOT_READ = re.compile(f"{re.escape(read.NOT_READ)}|{re.escape(read.ABSTAINED)}")
_NOTHING = "about:blank"


@contextmanager
def browsing(*options: str) -> Iterator[Page]:
    """A page of a fresh Chromium, started with these options besides."""
    with chromium("--window-size=1280,1000", *options) as browser:
        page = new_page(browser, viewport={"width": 1280, "height": 1000})
        page.goto(_NOTHING)
        yield page


def whole_session(page: Page, address: str) -> dict[str, bytes]:
    """All marked files read or refused, alone and in a list; gives what was saved, by its name."""
    saved: dict[str, bytes] = {}
    for file in marked_files():
        _open(page, address)
        drop(page, (file.name, file.data))
        answered = page.get_by_text(_READ).or_(page.get_by_text(_NOT_READ))
        expect(answered.first).to_be_visible()
        settled(page)
        if page.get_by_text(read.EXPORT, exact=True).count():
            saved |= {f"{file.name}: {name}": data for name, data in _exports(page)}
        print(f"\r{file.name:<40}", end="", flush=True)
    _open(page, address)
    drop(page, *((file.name, file.data) for file in marked_files()))
    wait_for_list(page, len(marked_files()))
    saved["list"] = _saved(page, listed.DOWNLOAD)
    _open_pages(page, address, marked_files()[0])
    print("\r", end="")
    return saved


def _open(page: Page, address: str) -> None:
    page.goto(address)
    expect(dropzone(page)).to_be_visible()
    settled(page)


def _exports(page: Page) -> Iterator[tuple[str, bytes]]:
    page.get_by_text(read.EXPORT, exact=True).click()
    for label in _EXPORTS:
        yield label, _saved(page, label)


def _saved(page: Page, label: str) -> bytes:
    with page.expect_download() as caught:
        page.get_by_role("button", name=label).click()
    return Path(caught.value.path()).read_bytes()


def _open_pages(page: Page, address: str, film: Marked) -> None:
    """Its tags, then the pages that speak of the open film, and the others."""
    _open(page, address)
    drop(page, (film.name, film.data))
    page.get_by_text(read.STUDY, exact=True).click()
    page.wait_for_timeout(500)  # a drawer that still opens moves what is clicked
    page.get_by_text(read.STUDY_SHOW).click()
    for name in _PAGES:
        page.get_by_role("link", name=name).first.click()
        page.wait_for_timeout(500)
        settled(page)
