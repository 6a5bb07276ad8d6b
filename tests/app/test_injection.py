"""Names and tags that would run, fetch or format are text wherever they are shown: in Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.app import injecting
from tests.app.injecting import Watch
from tests.app.serving import dropzone, in_browser, opened, settled
from tests.payloads import FORMULAS, payloads

pytestmark = [*in_browser, pytest.mark.filterwarnings("ignore:Invalid value for VR")]


def test_payloads_in_names_and_tags_do_nothing(browser: Browser, address: str) -> None:
    """In a reading, its tags, the page that explains it; in the list, a ZIP file, refusals, CSV."""
    with injecting.listening() as listener, opened(browser, address) as page:
        expect(dropzone(page)).to_be_visible()
        settled(page)
        watch, words = Watch(page), payloads(listener.host)
        injecting.show_film(page, words[0], words[7:])
        watch.look()
        injecting.show_name(page)
        watch.title = page.title()
        watch.look()
        page.goto(address)
        expect(dropzone(page)).to_be_visible()
        settled(page)
        watch.title = page.title()
        count = injecting.show_list(page, words)
        watch.look()
        rows = injecting.saved_rows(page)
        assert (watch.done, listener.requested) == ([], [])
        assert len(rows) == count
        assert [row["file"] for row in rows if row["file"].startswith(FORMULAS)] == []
        assert "'=HYPERLINK(0).png" in {row["file"] for row in rows}

        page.evaluate("document.title = 'zq'")
        page.evaluate("document.body.append(document.createElement('iframe'))")
        page.evaluate("document.body.lastChild.srcdoc = '<b>x</b>'")
        watch.look()
        assert watch.done == ["title zq", "element"], "what a payload does is seen"
