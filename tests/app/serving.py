"""A server of a page, as a user starts it, and what a test does in the browser."""

from __future__ import annotations

import base64
import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.servers import page_command, wait_for_page
from tests.waits import LONGEST_MS

expect.set_options(timeout=LONGEST_MS)
ROOT = Path(__file__).parent.parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

in_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium"),
]


@contextlib.contextmanager
def served(script: str = "streamlit_app.py", weights: Path | None = None) -> Iterator[str]:
    """The address of a server of a script, stopped afterwards.

    `weights`: a folder in place of the shipped one.
    """
    address, command = page_command(script)
    if weights is not None:
        command[command.index("streamlit")] = "tests.app.other_weights"
        command.insert(command.index("run"), str(weights))
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as server:
        try:
            wait_for_page(address, server)
            yield address
        finally:
            server.terminate()


@contextlib.contextmanager
def opened(browser: Browser, address: str, width: int = 1280, height: int = 1000) -> Iterator[Page]:
    """A page, opened; fails afterwards if it requested anything of another host."""
    requested: list[str] = []
    page = new_page(browser, viewport={"width": width, "height": height})
    page.on("request", lambda request: requested.append(request.url))
    page.goto(address)
    yield page
    page.close()
    elsewhere = [url for url in requested if not url.startswith((address, "data:", "blob:", "ws:"))]
    assert elsewhere == []


@contextlib.contextmanager
def chromium(*options: str) -> Iterator[Browser]:
    """A fresh Chromium, started with these options besides; closed afterwards."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *options])
        yield browser
        browser.close()


def new_page(browser: Browser, **options: Any) -> Page:
    """An empty page that waits long for whatever it must."""
    page = browser.new_page(**options)
    page.set_default_timeout(LONGEST_MS)
    return page


def settled(page: Page) -> None:
    """Until no script runs."""
    app = page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')
    expect(app).to_be_attached()


def dropzone(page: Page) -> Locator:
    return page.get_by_test_id("stFileUploaderDropzone").first


def drop(page: Page, *files: tuple[str, bytes]) -> None:
    """A real drop event with real files in it."""
    build = """(files) => {
        const transfer = new DataTransfer();
        for (const [name, data] of files) {
            const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
            transfer.items.add(new File([bytes], name));
        }
        return transfer;
    }"""
    coded = [[name, base64.b64encode(data).decode()] for name, data in files]
    transfer = page.evaluate_handle(build, coded)
    dropzone(page).dispatch_event("drop", {"dataTransfer": transfer})


def click_row(page: Page, row: int, right_px: int = 250) -> None:
    """On a row, counted from the table's top, at its name. It takes a click only where the mouse
    is."""
    table = page.get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    x, y = box["x"] + right_px, box["y"] + 37 + 46 * (row + 0.5)
    page.mouse.move(x + 20, y - 10)
    page.mouse.move(x, y, steps=5)
    page.mouse.click(x, y)


def wait_for_list(page: Page, films: int) -> None:
    """Waits until the list shows how each of so many films came out and the page is at rest."""
    all_counted = """films => {
        const line = new RegExp(`${films} films: (.*)`).exec(document.body.innerText)
        const counts = line ? line[1].match(/\\d+(?=;|$)/g) ?? [] : []
        return counts.reduce((sum, count) => sum + Number(count), 0) === films
    }"""
    page.wait_for_function(all_counted, arg=films)
    page.wait_for_timeout(500)  # the run that showed the last film may be followed by one more
    settled(page)
