"""How long a visitor waits for what: on free cores, and beside other processes that keep them busy.

    python -m benchmarks.responsiveness [--busy 8] [--rounds 3] [--against CHECKOUT]

A real server and a real Chromium, started anew in each round, in both states by turns: the page
after its command, the first film after its drop (in a server that has read none), a film of the
next visitor, another operating point, and the next film of a list that was looked at for a while.
The browser itself notes when it shows each, every 50 ms. With another checkout that is measured
too, in turns, and nothing is recorded.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, expect

from app.texts import worklist as texts
from benchmarks.arguments import parser_of
from benchmarks.memory import film
from benchmarks.record import Figure, format_record, record
from benchmarks.servers import HERE, served
from covid_core.present import markdown
from tests.app.serving import chromium, click_row, drop, dropzone, new_page, settled, wait_for_list

ANSWER = "Calibrated probability of COVID-19"
OTHER_POINT = "rule-out"
LISTED = 3
LOOKED_AT_S = 8.0  # a film of the list, before the next
# What the browser shows: whether the viewer's film is painted and its maps are offered, and words.
_WATCH = (
    """
() => {
  let root = null
  const look = () => {
    if (!root?.isConnected) {
      root = [...document.querySelectorAll("*")]
        .map(one => one.shadowRoot?.querySelector(".viewer")).find(one => one)
    }
    const painted = root?.dataset.paints > 0
    const said = [...document.querySelectorAll("[data-testid=stMarkdownContainer]")]
      .map(one => one.textContent).join("\\n")
    return {
      film: painted ? root.dataset.film : null,
      maps: painted && root.querySelectorAll("#layer option").length > 2,
      answer: said.includes("ANSWER"),
      other: said.includes("“OTHER_POINT” threshold"),
    }
  }
  const before = look().film
  const [began, seen] = [performance.now(), {}]
  const note = () => {
    const shown = look()
    const isNew = shown.film !== null && shown.film !== before
    const is = { ...shown, film: isNew, maps: isNew && shown.maps }
    for (const [what, there] of Object.entries(is)) {
      if (there) seen[what] ??= (performance.now() - began) / 1000
    }
  }
  clearInterval(window.watching)
  window.watching = setInterval(note, EVERY_MS)
  window.seen = seen
}
""".replace("ANSWER", ANSWER)
    .replace("OTHER_POINT", OTHER_POINT)
    .replace("EVERY_MS", "50")
)


@contextmanager
def busy(processes: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many processes beside us that each want a core for themselves; ended afterwards."""
    command = [sys.executable, "-c", "while True: pass"]
    started = [subprocess.Popen(command) for _ in range(processes)]
    try:
        yield started
    finally:
        for one in started:
            one.kill()
            one.wait()


def begin_watch(page: Page) -> None:
    """From now on the page notes when it shows what it did not show."""
    page.evaluate(_WATCH)


def seen_after(page: Page, *what: str) -> list[float]:
    """How many seconds later it has shown each of these, once it has shown all."""
    page.wait_for_function("what => what.every(one => one in window.seen)", arg=list(what))
    seen = page.evaluate("window.seen")
    print({name: round(at, 2) for name, at in seen.items()}, file=sys.stderr, flush=True)
    return [float(seen[one]) for one in what]


def dropped(page: Page, number: int) -> list[float]:
    """Seconds from a film's drop to the film, its answer, and its maps, which end the checks."""
    drawn = film(number)  # before the clock starts
    begin_watch(page)
    drop(page, drawn)
    seen = seen_after(page, "film", "answer", "maps")
    settled(page)
    return seen


def visit(browser: Browser, checkout: Path) -> dict[str, float]:
    """What a fresh server's visitors wait for, in seconds."""
    found: dict[str, float] = {}
    with served(checkout) as server:
        page = opened(browser, server.address)
        found["page, after the command"] = time.monotonic() - server.started
        settled(page)  # the networks are loaded behind the empty page
        names = ("film", "answer", "checks and maps")
        found |= zip_named("first film", names, dropped(page, 1))
        page.close()
        page = opened(browser, server.address)
        settled(page)
        found |= zip_named("film in a warm server", names, dropped(page, 2))
        begin_watch(page)
        page.get_by_text(OTHER_POINT.capitalize(), exact=True).first.click()
        [found["another operating point: answer"]] = seen_after(page, "other")
        settled(page)
        page.close()
        found |= next_of_list(browser, server.address)
    return found


def next_of_list(browser: Browser, address: str) -> dict[str, float]:
    """Seconds to the next film of a list, the one before having been looked at."""
    page = opened(browser, address)
    drop(page, *map(film, range(3, 3 + LISTED)))
    wait_for_list(page, LISTED)
    click_row(page, 0)
    expect(page.get_by_text("Film 1 of")).to_be_visible()
    settled(page)
    page.wait_for_timeout(1000 * LOOKED_AT_S)
    begin_watch(page)
    page.get_by_role("button", name=texts.NEXT).click()
    shown, maps = seen_after(page, "film", "maps")
    page.close()
    return {"next film of a list: film": shown, "next film of a list: checks and maps": maps}


def opened(browser: Browser, address: str) -> Page:
    """A visitor's page, once it can take a film."""
    page = new_page(browser, viewport={"width": 1280, "height": 1000})
    page.goto(address)
    expect(dropzone(page)).to_be_visible()
    return page


def zip_named(what: str, names: Sequence[str], seconds: Sequence[float]) -> dict[str, float]:
    """Each of these times by its name."""
    return {f"{what}: {name}": one for name, one in zip(names, seconds, strict=True)}


# The most that is wanted on free cores, and beside eight processes: what the page took before its
# work was put into this order.
GOALS = {
    "page, after the command": (2.5, None),
    "first film: film": (1.9, 16.0),
    "first film: answer": (1.3, 10.5),
    "film in a warm server: film": (1.0, None),
    "film in a warm server: answer": (0.3, None),
    "next film of a list: film": (0.5, 5.0),
}
States = Mapping[int, Mapping[str, float]]


def figures(found: States) -> list[Figure]:
    """The medians of each state, by how many processes were busy beside the page."""
    listed = []
    for processes, seconds in found.items():
        state = f"beside {processes} busy processes" if processes else "free"
        for name, value in seconds.items():
            goal = GOALS.get(name, (None, None))[bool(processes)]
            listed.append(
                Figure(
                    f"{state}: {name}",
                    f"{value:.1f} s",
                    "" if goal is None else f"at most {goal:g} s",
                    None if goal is None else round(value, 1) <= goal,
                )
            )
    return listed


def table(found: Mapping[str, States]) -> str:
    """Seconds by what was waited for, a column for each state of each checkout."""
    columns = [(where, busy) for where, states in found.items() for busy in states]
    header = ["Seconds", *(f"{where}, {busy or 'none'} busy" for where, busy in columns)]
    names = list(next(iter(next(iter(found.values())).values())))
    rows = [
        [name, *(f"{found[where][busy].get(name, float('nan')):.2f}" for where, busy in columns)]
        for name in names
    ]
    return markdown.table(header, rows)


def measured(checkouts: Mapping[str, Path], processes: int, rounds: int) -> dict[str, States]:
    """The median of each figure in each state, of each checkout."""
    states = (0, processes) if processes else (0,)
    every: dict[tuple[str, int], list[dict[str, float]]] = {}
    for _ in range(rounds):
        for busy_ones in states:
            for where, checkout in checkouts.items():
                with chromium() as browser, busy(busy_ones):
                    every.setdefault((where, busy_ones), []).append(visit(browser, checkout))
    return {where: {state: medians(every[where, state]) for state in states} for where in checkouts}


def medians(found: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The middle of each figure."""
    return {name: median(one[name] for one in found) for name in found[0]}


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument(
        "--busy", type=int, default=8, help="processes beside the page; 0: free alone"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=Path, help="another checkout; nothing is recorded then")
    parser.add_argument("--no-record", action="store_true", help="only show what was found")
    given = parser.parse_args()
    checkouts = {"here": HERE}
    if given.against:
        checkouts["there"] = given.against.resolve()
    found = measured(checkouts, given.busy, given.rounds)
    print(table(found))
    if given.against or given.no_record:
        return
    command = " ".join(["python -m benchmarks.responsiveness", *sys.argv[1:]])
    raw = {str(state): seconds for state, seconds in found["here"].items()}
    print(format_record(record("responsiveness", command, figures(found["here"]), raw=raw)))


if __name__ == "__main__":
    main()
