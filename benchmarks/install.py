"""The time from an empty folder to the first film's answer, by the README's own command.

    python -m benchmarks.install [--keep FOLDER]

A copy of the tree is made without its environment and without the graphs that were exported here.
There the README's line is run, step by step; a phantom is dropped on the page in a real Chromium;
and every module of ours is imported by the new environment. Takes the network, or pip's cache.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import expect

from benchmarks.arguments import parser_of
from benchmarks.record import Figure, record
from benchmarks.servers import HERE
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom
from tests.app.serving import chromium, drop, dropzone, new_page
from tests.servers import free_port, wait_for_page

_COMMAND = "python -m benchmarks.install"
_ANSWER = "Calibrated probability of COVID-19"
_GOAL_S = 15 * 60
_IMPORT = """
import importlib, pkgutil, sys
import app, covid_core
for package in (app, covid_core):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
import train
print(sum(name.partition(".")[0] in ("app", "covid_core", "train") for name in sys.modules))
"""


def readme_steps() -> list[str]:
    """The commands of the README's first line: environment, packages, page."""
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    [line] = re.findall(r"<!-- app -->\n```sh\n(.*)\n```", readme)
    return line.split(" && ")


def copied(folder: Path) -> Path:
    """The files that a clone would have, in an empty folder."""
    list_files = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(list_files, cwd=HERE, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if (HERE / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(HERE / name, folder / name)
    return folder


def install(clone: Path, steps: Sequence[str]) -> float:
    """Seconds that the steps took. Raises CalledProcessError for one that failed."""
    started = time.monotonic()
    for step in steps:
        print("$", step, flush=True)
        subprocess.run(["bash", "-c", step], cwd=clone, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


@contextlib.contextmanager
def served(clone: Path, step: str) -> Iterator[str]:
    """The address of the page that the last step starts; stopped afterwards."""
    port = free_port()
    print("$", step, flush=True)
    settings = {"STREAMLIT_SERVER_PORT": str(port), "STREAMLIT_SERVER_HEADLESS": "true"}
    command = ["bash", "-c", f"exec {step}"]
    with subprocess.Popen(
        command, cwd=clone, env=os.environ | settings, stdout=subprocess.DEVNULL
    ) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def first_result(address: str) -> tuple[float, float]:
    """Seconds until the page is shown, and from the drop of a first film to its answer."""
    started = time.monotonic()
    wait_for_page(address)
    with chromium() as browser:
        page = new_page(browser)
        page.goto(address)
        expect(dropzone(page)).to_be_visible()
        shown = time.monotonic()
        drop(page, ("film.png", png(draw_phantom(KINDS[-1]))))
        expect(page.get_by_text(_ANSWER)).to_be_visible()
        answered = time.monotonic()
    return shown - started, answered - shown


def modules_imported(clone: Path) -> int:
    """How many modules of ours the new environment imports: all, or CalledProcessError."""
    command = [".venv/bin/python", "-c", _IMPORT]
    done = subprocess.run(command, cwd=clone, check=True, stdout=subprocess.PIPE, text=True)
    return int(done.stdout.splitlines()[-1])


def size_gb(folder: Path) -> float:
    """Of all files below a folder, links not followed, in 10^9 bytes."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) / 1e9


def measured(clone: Path) -> list[Figure]:
    *steps, page = readme_steps()
    installed = install(clone, steps)
    with served(clone, page) as address:
        shown, answered = first_result(address)
    whole = installed + shown + answered
    return [
        Figure("environment and packages", f"{installed:.0f} s"),
        Figure("page shown, after its start", f"{shown:.1f} s"),
        Figure("first film's answer, its networks exported first", f"{answered:.1f} s"),
        Figure("empty folder to first answer", f"{whole:.0f} s", "15 min", whole <= _GOAL_S),
        Figure("modules imported there", str(modules_imported(clone)), "all", True),
        Figure("the environment on disk", f"{size_gb(clone / '.venv'):.1f} GB"),
    ]


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--keep", type=Path, help="install into this empty folder, and leave it")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        figures = measured(copied(folder))
    print(record("install", _COMMAND, figures).read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
