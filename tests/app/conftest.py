"""What the app's tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from benchmarks.servers import Server
from tests.app.checked import Outcome
from tests.app.serving import chromium
from tests.app.viewer_shown import Opened, films, served_viewer


@pytest.fixture
def address(page_server: Server) -> str:
    """Where the page is served."""
    return page_server.address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser, for each file of tests; each test has pages that know nothing of each other."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def outcome(monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """Stands in for the checks of every reading: they hold, until the test says otherwise."""
    return Outcome(monkeypatch)


@pytest.fixture(scope="module")
def viewer_server() -> Iterator[tuple[Browser, str]]:
    """A server of the viewer alone and a browser, for each file of tests."""
    with served_viewer() as server:
        yield server


@pytest.fixture
def opened(viewer_server: tuple[Browser, str]) -> Iterator[Opened]:
    """Opens the viewer on one of its films."""
    with films(*viewer_server) as opened:
        yield opened
