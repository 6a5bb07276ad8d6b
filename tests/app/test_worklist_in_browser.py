"""The list of films in Chromium: dropped, watched, stopped, filtered, clicked and saved."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from app.texts import worklist as texts
from app.texts.common import PHANTOM_BUTTONS
from covid_core.present.overlay import png
from covid_core.present.rows import columns
from covid_core.read.phantom import draw_phantom
from tests.app.lists import BAD, FILMS, zipped
from tests.app.serving import (
    click_row,
    drop,
    dropzone,
    in_browser,
    opened,
    settled,
    wait_for_list,
)
from tests.waits import wait_until

pytestmark = in_browser


BOX_PX = 17  # from the table's left edge to the middle of a row's box


def downloaded(page: Page) -> list[dict[str, str]]:
    with page.expect_download() as caught:
        page.get_by_role("button", name=texts.DOWNLOAD).click()
    text = Path(caught.value.path()).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_films_dropped_together_are_listed_opened_and_saved(browser: Browser, address: str) -> None:
    with opened(browser, address) as page:
        expect(dropzone(page)).to_be_visible()
        drop(page, *FILMS[:3], ("=1+1.zip", zipped(FILMS[3], BAD)))
        wait_for_list(page, 5)
        rows = downloaded(page)
        assert tuple(rows[0]) == columns()
        zipped_film, zipped_text = f"'=1+1.zip/{FILMS[3][0]}", f"'=1+1.zip/{BAD[0]}"
        assert {row["file"] for row in rows} == {
            *(name for name, _ in FILMS[:3]),
            zipped_film,
            zipped_text,
        }
        answered = [float(row["p_covid"]) for row in rows if row["p_covid"]]
        assert answered == sorted(answered, reverse=True) and len(answered) == 4

        click_row(page, 0, BOX_PX)
        settled(page)
        expect(page.get_by_text("Film 1 of 5")).to_have_count(0)
        click_row(page, 2, BOX_PX)
        expect(page.get_by_text("The other film")).to_be_visible()
        page.get_by_role("button", name=texts.CLOSE, exact=True).click()
        expect(page.get_by_text("The other film")).to_have_count(0)
        settled(page)

        click_row(page, 1)
        expect(page.get_by_text("Film 2 of 5")).to_be_visible()
        expect(page.get_by_text(rows[1]["file"].lstrip("'"), exact=True).last).to_be_visible()
        page.get_by_role("button", name=texts.NEXT).click()
        expect(page.get_by_text("Film 3 of 5")).to_be_visible()
        expect(page.get_by_text(rows[2]["file"].lstrip("'"), exact=True).last).to_be_visible()

        settled(page)  # else the film's checks, which come after its answer, are still being made
        page.get_by_role("button", name="Not read").click()
        expect(page.get_by_test_id("stDataFrame")).to_have_count(1)
        wait_until(lambda: len(downloaded(page)) == 1, "the list holds what was not read, alone")
        [unread] = downloaded(page)
        assert unread["decision"] == "error"
        assert page.locator("img[src*='canary.png']").count() == 0


def test_reading_is_watched_stopped_and_gone_on_with(browser: Browser, address: str) -> None:
    films = [(f"{n}.png", png(draw_phantom(size_px=512, seed=n))) for n in range(40)]
    with opened(browser, address) as page:
        expect(dropzone(page)).to_be_visible()
        drop(page, ("ward.zip", zipped(*films)))
        left = re.compile(r"^\d+ of 40, about [\d.]+ (s|min) left$")
        expect(page.get_by_text(left)).to_be_visible()
        expect(page.get_by_role("button", name=PHANTOM_BUTTONS[0])).to_have_count(0)
        page.get_by_role("button", name=texts.STOP).click()
        stopped = page.get_by_text(re.compile(r"^Stopped after \d+ of 40 films\.$"))
        expect(stopped).to_be_visible()
        settled(page)
        done = int(stopped.inner_text().split()[2])
        assert 0 < done < 40
        assert done <= len(downloaded(page)) <= done + 1  # the film in hand is finished
        page.get_by_role("button", name=texts.GO_ON).click()
        wait_for_list(page, 40)
        assert len(downloaded(page)) == 40
