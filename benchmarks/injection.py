"""Does a name or a tag ever become more than text? Payloads in every place that shows one (R11).

    python -m benchmarks.injection [--films N]

In Chromium, beside a host that hears what is asked for: names in the list, in a ZIP file, among
refused files and in its CSV file; names and tags of films that are read, and their reports; and an
HTML report made of payloads. Counted: what that host was asked for, dialogs, other titles, and
elements of a payload's making.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page, expect

from benchmarks.record import Figure, record
from benchmarks.servers import served
from benchmarks.sessions import browsing
from covid_core.present import markdown
from tests.app import injecting
from tests.app.injecting import TAGS, Watch
from tests.app.serving import dropzone, settled
from tests.payloads import FORMULAS, payloads
from tests.present.test_html import written

_LONGEST_NAME = 250


def fresh(page: Page, address: str) -> Watch:
    """The page, opened anew, and what will be seen of it."""
    page.goto(address)
    expect(dropzone(page)).to_be_visible()
    settled(page)
    return Watch(page)


def in_lists(page: Page, address: str, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """What happened in the list, its ZIP file and its refusals; and cells that would run."""
    watch = fresh(page, address)
    count = injecting.show_list(page, words)
    watch.look()
    rows = injecting.saved_rows(page)
    if len(rows) != count:
        watch.done.append(f"{count} files, but {len(rows)} rows")
    cells = [cell for row in rows for cell in row.values() if cell.startswith(FORMULAS)]
    return watch.done, cells


def in_films(page: Page, address: str, words: Sequence[str], films: int) -> list[str]:
    """What happened where films were read whose names and tags these are, some at a time."""
    done = []
    for number, name in enumerate(words[:films]):
        watch = fresh(page, address)
        turned = [*words[number:], *words[:number]][: len(TAGS)]
        injecting.show_film(page, name[:_LONGEST_NAME], turned)
        watch.look()
        injecting.show_name(page)
        watch.title = page.title()  # another page has its own
        watch.look()
        done += watch.done
        print(f"\r{number + 1} of {films} films", end="", flush=True)
    print("\r", end="")
    return done


def in_a_report(page: Page, host: str) -> list[str]:
    """What happened in an HTML report all of whose words are payloads."""
    with tempfile.TemporaryDirectory() as folder:
        page.goto(written(Path(folder), host).as_uri())
        watch = Watch(page)
        page.locator(".js-plotly-plot .main-svg").nth(5).wait_for(state="attached")
        watch.look()
    return watch.done


def measured(films: int) -> list[Figure]:
    with injecting.listening() as listener, served() as server, browsing() as page:
        words = payloads(listener.host)
        lists, cells = in_lists(page, server.address, words)
        read = in_films(page, server.address, words, min(films, len(words)))
        report = in_a_report(page, listener.host)
        asked = listener.asked
    return [
        Figure("Payloads", str(len(words)), "30 or more", len(words) >= 30),
        _none("In the list, a ZIP file and refusals: dialogs, titles, elements", lists),
        _none("Cells of the CSV file that a spreadsheet would run", cells),
        _none(f"In {min(films, len(words))} readings, their tags and explanations", read),
        _none("In an HTML report of payloads", report),
        _none("Asked of the listening host", asked),
    ]


def _none(what: str, found: Sequence[str]) -> Figure:
    return Figure(what, "; ".join(found) or "0", "0", not found)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--films", type=int, default=100, help="at most; each takes some seconds")
    films = parser.parse_args().films
    figures = measured(films)
    print(markdown.table(["", "Measured"], [[one.what, one.measured] for one in figures]))
    record("injection", "python -m benchmarks.injection", figures)


if __name__ == "__main__":
    main()
