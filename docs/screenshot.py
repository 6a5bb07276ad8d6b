"""Take the pictures of the documents: the page reading a synthetic phantom, and a report's curves.

    python -m docs.screenshot
    python -m docs.screenshot report.html      what `python -m covid_core evaluate` wrote

Needs Chromium on the machine, and what requirements-dev.txt installs.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

from tests.app.serving import chromium, new_page
from tests.servers import page_command, wait_for_page

ROOT = Path(__file__).parent.parent
PHANTOM = "Read: opacities on both sides"
SIZE = {"width": 1280, "height": 920}


def main() -> None:
    """Take the picture of the page, or of a report where one is named."""
    if sys.argv[1:]:
        take_curves(Path(sys.argv[1]), ROOT / "docs" / "recipes.png")
        return
    address, command = page_command()
    with subprocess.Popen(command, cwd=ROOT) as server:
        try:
            wait_for_page(address, server)
            take(address, ROOT / "docs" / "page.png")
        finally:
            server.terminate()


def take_curves(report: Path, picture: Path) -> None:
    """Take a picture of a report's first plot."""
    with opened(report.resolve().as_uri(), {"width": 900, "height": 800}) as page:
        page.wait_for_timeout(3000)  # the plots are drawn after the words
        page.locator("h2:text('All together') + div").screenshot(path=picture)


@contextmanager
def opened(address: str, size: dict[str, int]) -> Iterator[Page]:
    """A page in a window of that size, closed afterwards."""
    with chromium() as browser:
        page = new_page(browser, viewport=size)
        page.goto(address)
        yield page


def take(address: str, picture: Path) -> None:
    """Take a picture of the page, once it has read a phantom."""
    with opened(address, SIZE) as page:
        page.get_by_role("button", name=PHANTOM).click()
        page.get_by_text("Lung outline").first.wait_for()
        page.get_by_text("Side by side").first.click()
        page.mouse.move(1, 1)
        page.wait_for_timeout(3000)  # the films are drawn after the words
        page.screenshot(path=picture)


if __name__ == "__main__":
    main()
