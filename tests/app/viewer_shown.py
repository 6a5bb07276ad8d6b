"""The viewer in a browser, for its tests: what it shows, and what the page sent and requested."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Locator, Page, expect

from tests.app.serving import chromium, new_page, served


class Shown:
    """A page with the viewer on it, and what it requested and sent."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requested: list[str] = []
        self.sent: list[Any] = []
        self.received: list[int] = []
        self.wrong: list[str] = []
        page.on("request", lambda request: self.requested.append(request.url))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("websocket", self._listen)

    def _listen(self, socket: Any) -> None:
        socket.on("framesent", lambda frame: self.sent.append(frame))
        socket.on("framereceived", lambda frame: self.received.append(len(frame)))

    @property
    def root(self) -> Locator:
        return self.page.locator(".viewer")

    def state(self) -> dict[str, str]:
        """The viewer's data-* attributes, once all that was requested is painted."""
        self.page.evaluate(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        found: dict[str, str] = self.root.evaluate("root => ({...root.dataset})")
        return found

    def pixels(self, pane: str) -> np.ndarray:
        """A pane's canvas, uint8 (height, width, 4)."""
        self.state()
        size, data = self.root.evaluate(
            """(root, pane) => {
                const canvas = root.querySelector(`#${pane} canvas`)
                const { width, height } = canvas
                const { data } = canvas.getContext("2d").getImageData(0, 0, width, height)
                let text = ""
                for (let at = 0; at < data.length; at += 8192) {
                    text += String.fromCharCode(...data.subarray(at, at + 8192))
                }
                return [[height, width, 4], btoa(text)]
            }""",
            pane,
        )
        return np.frombuffer(base64.b64decode(data), np.uint8).reshape(size)

    def film_pixels(self, side: int) -> np.ndarray:
        """The part of the right pane where a square film of `side` px lies at 1:1, uint8."""
        state = self.state()
        left, top = int(state["left"]), int(state["top"])
        return self.pixels("marked")[top : top + side, left : left + side, 0]

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    def slide(self, name: str, value: float) -> None:
        self.root.get_by_role("slider", name=name, exact=True).fill(str(value))


Opened = Callable[..., Shown]


@contextmanager
def served_viewer() -> Iterator[tuple[Browser, str]]:
    """A browser, and the address of a server of `viewer_page.py`."""
    with served("tests/app/viewer_page.py") as address, chromium() as browser:
        yield browser, address


@contextmanager
def films(browser: Browser, address: str) -> Iterator[Opened]:
    """Opens the page with a film; fails afterwards if it erred or called another host."""
    pages: list[Shown] = []

    def opened(film: str, **options: Any) -> Shown:
        page = new_page(browser, **{"viewport": {"width": 1280, "height": 900}} | options)
        pages.append(shown := Shown(page))
        page.goto(f"{address}/?film={film}")
        page.wait_for_selector(".viewer[data-paints]")
        expect(page.get_by_text("Runs: 1", exact=True)).to_be_visible()
        return shown

    yield opened
    for shown in pages:
        shown.page.close()
        own = (address, "data:", "blob:", "ws:")
        assert [url for url in shown.requested if not url.startswith(own)] == []
        assert shown.wrong == []


@contextmanager
def without_a_run(shown: Shown) -> Iterator[None]:
    sent = len(shown.sent)
    yield
    shown.page.wait_for_timeout(300)
    assert len(shown.sent) == sent
    expect(shown.page.get_by_text("Runs: 1", exact=True)).to_be_visible()
