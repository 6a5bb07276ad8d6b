"""The page in real headless Chromium: a film dropped on it, the result read, nothing sent away."""

from __future__ import annotations

import base64
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from covid_core.overlay import png
from covid_core.phantom import KINDS, draw_phantom

ROOT = Path(__file__).parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server of the page, as a user starts it, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
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


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    """The page, opened and settled; fails afterwards if it asked any other host for anything."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        expect(page.get_by_test_id("stFileUploaderDropzone")).to_be_visible(timeout=60_000)
        yield page
        browser.close()
    elsewhere = [url for url in asked if not url.startswith((address, "data:", "blob:", "ws:"))]
    assert elsewhere == []


FILMS = 5  # pictures drawn: the film twice, the heat, the lungs' outline twice


def drop(page: Page, data: bytes, name: str) -> None:
    """A real drop event with a real file in it."""
    build = """([data, name]) => {
        const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], name));
        return transfer;
    }"""
    transfer = page.evaluate_handle(build, [base64.b64encode(data).decode(), name])
    dropzone = page.get_by_test_id("stFileUploaderDropzone")
    dropzone.dispatch_event("drop", {"dataTransfer": transfer})


def plots(page: Page) -> int:
    return page.locator(".js-plotly-plot").count()


def test_a_dropped_film_is_read(page: Page) -> None:
    drop(page, png(draw_phantom(KINDS[-1], size_px=512)), "film.png")
    films = page.locator(".js-plotly-plot").last
    expect(films.locator("image")).to_have_count(FILMS, timeout=60_000)
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    expect(page.get_by_text("Research use only, not a diagnosis").first).to_be_visible()
    expect(page.get_by_text("DenseNet-121").first).to_be_visible()
    for name in ("Normal", "Other pneumonia", "COVID-19"):
        expect(page.get_by_role("radio", name=name)).to_be_attached()


def test_both_panes_zoom_together(page: Page) -> None:
    drop(page, png(draw_phantom(size_px=512)), "film.png")
    films = page.locator(".js-plotly-plot").last
    expect(films.locator("image")).to_have_count(FILMS, timeout=60_000)
    box = films.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.4)
    page.mouse.wheel(0, -400)
    ranges = """() => {
        const layout = [...document.querySelectorAll('.js-plotly-plot')].pop()._fullLayout;
        return [layout.xaxis.range, layout.xaxis2.range];
    }"""
    page.wait_for_function(f"() => ({ranges})()[0][1] - ({ranges})()[0][0] < 500")
    left, right = page.evaluate(ranges)
    assert left == right


def test_a_name_with_markup_is_neither_rendered_nor_fetched(page: Page) -> None:
    drop(page, b"no film", "![x](http://127.0.0.2:9/canary.png)<img src=http://127.0.0.2:9/c>.png")
    expect(page.get_by_text("This file got no reading")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("It is not a PNG, JPEG, TIFF, WebP or DICOM file")).to_be_visible()
    assert plots(page) == 0


def test_a_film_on_its_head_gets_a_reason_and_no_probability(page: Page) -> None:
    drop(page, png(draw_phantom(size_px=512)[::-1].copy()), "film.png")
    expect(page.get_by_text("The film stands on its head")).to_be_visible(timeout=60_000)
    assert plots(page) == 0
