"""Take the pictures of the documents: the page reading a synthetic phantom, and a report's curves.

    python docs/screenshot.py
    python docs/screenshot.py report.html      what `python -m covid_core evaluate` wrote

Needs Chromium on the machine, and what requirements-dev.txt installs.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
PHANTOM = "Read: opacities on both sides"
SIZE = {"width": 1280, "height": 920}


def main() -> None:
    if sys.argv[1:]:
        take_curves(Path(sys.argv[1]), ROOT / "docs" / "recipes.png")
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    options = ["--server.headless", "true", "--server.port", port]
    with subprocess.Popen([*command, *options], cwd=ROOT) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/_stcore/health")
            take(f"http://127.0.0.1:{port}", ROOT / "docs" / "page.png")
        finally:
            server.terminate()


def wait_for(health: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(health, timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


def take_curves(report: Path, picture: Path) -> None:
    with opened(report.resolve().as_uri(), {"width": 900, "height": 800}) as page:
        page.wait_for_timeout(3000)  # the plots are drawn after the words
        page.locator("h2:text('All together') + div").screenshot(path=picture)


@contextmanager
def opened(address: str, size: dict[str, int]) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=size)  # type: ignore[arg-type]
        page.goto(address)
        yield page
        browser.close()


def take(address: str, picture: Path) -> None:
    with opened(address, SIZE) as page:
        page.get_by_role("button", name=PHANTOM).click()
        page.get_by_text("Model attention, not a lesion outline").first.wait_for()
        page.mouse.move(1, 1)
        page.wait_for_timeout(3000)  # the films are drawn after the words
        page.screenshot(path=picture)


if __name__ == "__main__":
    main()
