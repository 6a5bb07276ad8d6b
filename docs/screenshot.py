"""Take pictures of the page: those of the documents, and each of its states, to be looked at.

    python -m docs.screenshot                  the page reading a synthetic phantom
    python -m docs.screenshot report.html      a plot of what the command evaluate wrote
    python -m docs.screenshot --states DIR --covid FILE --normal FILE --refused FILE --pair A B

`--states` writes every state of the page, at two widths, light and dark, into a folder; a state
whose films are not given is left out. Pictures of real films are not for the repository.

Needs Chromium on the machine, and what requirements-dev.txt installs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import product
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize

from app.texts.common import PHANTOM_BUTTONS
from tests.app.serving import chromium, click_row, drop, new_page, served, settled, wait_for_list

ROOT = Path(__file__).parent.parent
SIZE: ViewportSize = {"width": 1280, "height": 920}
SIZES: tuple[ViewportSize, ...] = (SIZE, {"width": 768, "height": 1024})
_SCREENS = 3  # of each state; further down there is nothing new
_DRAWN_MS = 3000  # films and plots are drawn after the words

State = Callable[[Page], object]


def main() -> None:
    """Take the pictures that are wanted; without any, the page's for the README."""
    arguments = parse_arguments()
    if arguments.report:
        take_curves(arguments.report, ROOT / "docs" / "recipes.png")
        return
    with served() as address:
        if arguments.states:
            take_states(address, states_of(arguments), arguments.states)
        else:
            take(address, ROOT / "docs" / "page.png")


def parse_arguments() -> argparse.Namespace:
    """The command's arguments."""
    parser = argparse.ArgumentParser(description="Take pictures of the page.")
    parser.add_argument("report", nargs="?", type=Path, help="a report, of which a plot is taken")
    parser.add_argument("--states", type=Path, metavar="DIR", help="take every state of the page")
    for name in ("covid", "normal", "refused"):
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"a {name} film")
    parser.add_argument("--pair", type=Path, nargs=2, help="two DICOM films of one patient")
    return parser.parse_args()


def states_of(arguments: argparse.Namespace) -> dict[str, State]:
    """The states that can be shown with the films that were given, by name."""
    states: dict[str, State] = {"empty": settled}
    alone = {name: getattr(arguments, name) for name in ("covid", "normal", "refused")}
    given = {name: path for name, path in alone.items() if path}
    states |= {name: partial(open_films, [path]) for name, path in given.items()}
    if len(given) > 1:
        states["list"] = partial(open_films, list(given.values()))
    if arguments.pair:
        states["pair"] = partial(open_pair, arguments.pair)
    return states


def open_films(paths: Sequence[Path], page: Page) -> None:
    """Drop films on the page, and wait until all of them are read."""
    drop(page, *((path.name, path.read_bytes()) for path in paths))
    if len(paths) > 1:
        wait_for_list(page, len(paths))
    else:
        page.get_by_text("Export").or_(page.get_by_test_id("stAlert")).first.wait_for()


def open_pair(paths: Sequence[Path], page: Page) -> None:
    """Open the later of two films of a patient, and the earlier beside it."""
    open_films(paths, page)
    click_row(page, 0)
    page.get_by_role("button", name="Next film").wait_for()
    settled(page)
    if not page.get_by_text("Compare with the film").count():
        page.get_by_role("button", name="Next film").click()
    page.get_by_text("Compare with the film").click()
    page.get_by_text("This film", exact=True).wait_for()


def take_states(address: str, states: dict[str, State], folder: Path) -> None:
    """Take each state at each width and in each colour scheme."""
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for (name, state), size in product(states.items(), SIZES):
            with opened(browser, address, size) as page:
                state(page)
                stem = f"{name}-{size['width']}"
                take_screens(page, "light", folder / f"{stem}-light")
                take_screens(page, "dark", folder / f"{stem}-dark")


def take_screens(page: Page, scheme: Literal["light", "dark"], stem: Path) -> None:
    """Take the page screen by screen, from its top; the first are those that are looked at."""
    page.emulate_media(color_scheme=scheme)
    main = page.get_by_test_id("stMain")
    for number in range(1, _SCREENS + 1):
        above = main.evaluate(
            "(main, n) => { main.scrollTop = n * main.clientHeight; return main.scrollTop }",
            number - 1,
        )
        take_when_drawn(page, stem.with_name(f"{stem.name}-{number}.png"))
        if above + main.evaluate("main => main.clientHeight - main.scrollHeight") >= 0:
            return


def take_when_drawn(page: Page, picture: Path) -> None:
    """Take a picture of what is on the screen, once it is drawn."""
    settled(page)
    page.mouse.move(1, 1)
    page.wait_for_timeout(_DRAWN_MS)
    page.screenshot(path=picture)


def take_curves(report: Path, picture: Path) -> None:
    """Take a picture of a report's first plot."""
    size: ViewportSize = {"width": 900, "height": 800}
    with chromium() as browser, opened(browser, report.resolve().as_uri(), size) as page:
        page.wait_for_timeout(_DRAWN_MS)
        page.locator("h2:text('All together') + div").screenshot(path=picture)


@contextmanager
def opened(browser: Browser, address: str, size: ViewportSize) -> Iterator[Page]:
    """A page in a window of that size, closed afterwards."""
    page = new_page(browser, viewport=size)
    page.goto(address)
    yield page
    page.close()


def take(address: str, picture: Path) -> None:
    """Take a picture of the page, once it has read a phantom."""
    with chromium() as browser, opened(browser, address, SIZE) as page:
        page.get_by_role("button", name=PHANTOM_BUTTONS[-1]).click()
        page.get_by_text("Lung outline").first.wait_for()
        page.get_by_text("Side by side").first.click()
        page.locator("#layer").first.select_option(label="COVID-19")  # a drawing has few opacities
        take_when_drawn(page, picture)


if __name__ == "__main__":
    main()
