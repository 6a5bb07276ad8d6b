"""How soon the page is there, how soon the first answer, and what memory they take.

    python -m benchmarks.start [--against CHECKOUT] [--rounds N]

The page: from `streamlit run` to the place for films in a real Chromium, and to the first film's
answer there. The package: from a fresh process to the first phantom's prediction and heat. With
another checkout both are measured in turns, each by its own code and this interpreter; the first
round is discarded, for it warms the caches of files.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, expect

from benchmarks.arguments import parser_of
from benchmarks.servers import HERE, parsed, served
from covid_core.engines.machine import described
from covid_core.present import markdown
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom
from tests.app.serving import chromium, drop, dropzone, new_page

_ANSWER = "Calibrated probability of COVID-19"
_LIBRARIES = ("streamlit", "numpy", "torch", "openvino", "pydicom", "pillow")
Figures = Mapping[str, float]

# Run by each checkout in a process of its own, which finds the checkout's package first.
_PACKAGE = """
import sys, time, json
from pathlib import Path
from covid_core import Predictor, read_radiograph
imported = time.monotonic()
predictor = Predictor.load("weights")
loaded = time.monotonic()
prediction = predictor.predict(read_radiograph(Path(sys.argv[1]).read_bytes()))
predictor.explain(prediction, prediction.answers[-1])
done = time.monotonic()
status = Path("/proc/self/status").read_text()
print(json.dumps({"imported": imported, "loaded": loaded, "done": done, "status": status}))
"""


def page_start(checkout: Path, browser: Browser, film: bytes) -> Figures:
    """Seconds and MB of a fresh server, up to its first film's answer."""
    with served(checkout) as server:
        answering = time.monotonic()
        page = new_page(browser, viewport={"width": 1280, "height": 1000})
        navigated = time.monotonic()
        page.goto(server.address)
        expect(dropzone(page)).to_be_visible()
        shown = time.monotonic()
        at_page = server.memory()
        drop(page, ("film.png", film))
        dropped = time.monotonic()
        expect(page.get_by_text(_ANSWER)).to_be_visible()
        answered = time.monotonic()
        at_film = server.memory()
        page.close()
    return {
        "page: process to first answer by HTTP, s": answering - server.started,
        "page: process to page shown, s": shown - server.started,
        "page: navigation to page shown, s": shown - navigated,
        "page: first film dropped to answer, s": answered - dropped,
        "page: process to first film's answer, s": answered - server.started,
        "page: resident once shown, MB": at_page.resident,
        "page: peak once shown, MB": at_page.peak,
        "page: resident after first film, MB": at_film.resident,
        "page: peak after first film, MB": at_film.peak,
    }


def package_start(checkout: Path, film: Path) -> Figures:
    """Seconds and MB of a fresh process that reads one film."""
    started = time.monotonic()
    command = [sys.executable, "-c", _PACKAGE, str(film)]
    ended = subprocess.run(command, cwd=checkout, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(ended.stdout.splitlines()[-1])
    memory = parsed(found["status"])
    return {
        "package: process to imported, s": found["imported"] - started,
        "package: process to model loaded, s": found["loaded"] - started,
        "package: process to first answer, s": found["done"] - started,
        "package: resident, MB": memory.resident,
        "package: peak, MB": memory.peak,
    }


def measured(checkouts: list[Path], rounds: int) -> list[Figures]:
    """The median of each figure, of each checkout."""
    film = png(draw_phantom(KINDS[-1]))
    every: dict[Path, list[Figures]] = {checkout: [] for checkout in checkouts}
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        path = Path(folder, "film.png")
        path.write_bytes(film)
        for turn in range(rounds + 1):
            for checkout in checkouts:
                found = {**page_start(checkout, browser, film), **package_start(checkout, path)}
                if turn:
                    every[checkout].append(found)
    return [medians(found) for found in every.values()]


def medians(found: list[Figures]) -> Figures:
    return {name: median(one[name] for one in found) for name in found[0]}


def table(figures: list[Figures]) -> str:
    """The figures side by side; with those of another checkout, what they are of its."""
    own, *others = figures
    rows = [[name, f"{value:.2f}"] for name, value in own.items()]
    header = ["Median", "here"]
    for other in others:
        header += ["there", "there / here"]
        for row in rows:
            row += [f"{other[row[0]]:.2f}", f"{other[row[0]] / own[row[0]]:.2f}"]
    return markdown.table(header, rows)


def machine() -> str:
    """The machine, and the versions of what takes the time."""
    found = []
    for library in _LIBRARIES:
        try:
            found.append(f"{library} {version(library)}")
        except PackageNotFoundError:
            found.append(f"no {library}")
    return f"{described()}. " + ", ".join(found)


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--against", type=Path, help="another checkout, measured in turns")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    checkouts = [HERE, *([options.against.resolve()] if options.against else [])]
    print(table(measured(checkouts, options.rounds)), machine(), sep="\n\n")


if __name__ == "__main__":
    main()
