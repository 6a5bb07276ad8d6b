"""A server of a page, as a user starts it, and what a test does in the browser."""

from __future__ import annotations

import base64
import contextlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def served(script: str = "streamlit_app.py") -> Iterator[str]:
    """The address of a server of a script, stopped afterwards."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", script]
    options = ["--server.headless", "true", "--server.port", str(port)]
    with subprocess.Popen([*command, *options], cwd=ROOT, stdout=subprocess.DEVNULL) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(240):
                try:
                    urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                    break
                except OSError:
                    assert server.poll() is None, "the server stopped"
                    time.sleep(0.25)
            yield address
        finally:
            server.terminate()


@contextlib.contextmanager
def opened(address: str, width: int = 1280, height: int = 1000) -> Iterator[Page]:
    """A page, opened; fails afterwards if it asked any other host for anything."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield from _page(browser, address, width, height)
        browser.close()


def _page(browser: Browser, address: str, width: int, height: int) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": width, "height": height})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    yield page
    elsewhere = [url for url in asked if not url.startswith((address, "data:", "blob:", "ws:"))]
    assert elsewhere == []


def settled(page: Page) -> None:
    """Until no script runs."""
    app = page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')
    expect(app).to_be_attached(timeout=60_000)


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


def wait_for_list(page: Page, films: int) -> None:
    """Until the list tells how each of so many films came out, and the page is at rest."""
    all_told = """films => {
        const told = new RegExp(`${films} films: (.*)`).exec(document.body.innerText)
        const counts = told ? told[1].match(/\\d+(?= [a-z])/g) ?? [] : []
        return counts.reduce((sum, count) => sum + Number(count), 0) === films
    }"""
    page.wait_for_function(all_told, arg=films, timeout=120_000)
    page.wait_for_timeout(500)  # the run that showed the last film may be followed by one more
    settled(page)
