"""The package by itself: its wheel in a new environment, far from any clone.

    python -m benchmarks.install_wheel [--python PYTHON...]

The wheel is built, and installed with the extras desk, dicom, train and cluster into an environment
that each PYTHON makes in an empty folder. There `chest-reader predict` reads a drawn radiograph, a
phantom is dropped on the page that `chest-reader page` serves in a real Chromium, and every module
of ours is imported. Takes the network, or pip's cache.
"""

from __future__ import annotations

import contextlib
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.arguments import parser_of
from benchmarks.install import first_result, size_gb
from benchmarks.record import Figure, record
from benchmarks.servers import HERE
from covid_core.present.overlay import png
from covid_core.read.phantom import KINDS, draw_phantom
from tests.servers import free_port

_COMMAND = "python -m benchmarks.install_wheel"
_EXTRAS = "desk,dicom,train,cluster"
_WEIGHTS = str(HERE / "weights")
_IMPORT = """
import importlib, pkgutil, sys
import covid_core
for module in pkgutil.walk_packages(covid_core.__path__, "covid_core."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(sys.version.split()[0], sum(name.split(".")[0] == "covid_core" for name in sys.modules))
"""


def build(folder: Path) -> Path:
    """The wheel, built into a folder. Raises CalledProcessError."""
    command = [sys.executable, "-m", "pip", "wheel", str(HERE), "--no-deps", "--quiet"]
    subprocess.run([*command, "--wheel-dir", str(folder)], check=True)
    return next(folder.glob("*.whl"))


def install(wheel: Path, python: str, folder: Path) -> Path:
    """The folder of programs of a new environment with the wheel. Raises CalledProcessError."""
    subprocess.run([python, "-m", "venv", str(folder / "venv")], check=True)
    programs = folder / "venv" / "bin"
    pip = [str(programs / "python"), "-m", "pip", "install", "--quiet"]
    constraints = ["--constraint", str(HERE / "constraints.txt")]
    subprocess.run([*pip, *constraints, f"{wheel}[{_EXTRAS}]"], check=True)
    return programs


def read_phantom(programs: Path, folder: Path) -> str:
    """The tier that the installed command gives a phantom. Raises CalledProcessError."""
    (folder / "film.png").write_bytes(png(draw_phantom(KINDS[-1])))
    command = [str(programs / "chest-reader"), "predict", "film.png", "--csv", "rows.csv"]
    subprocess.run([*command, "--weights", _WEIGHTS], cwd=folder, check=True, capture_output=True)
    with (folder / "rows.csv").open(encoding="utf-8-sig", newline="") as file:
        [row] = csv.DictReader(file)
    return row["tier"]


@contextlib.contextmanager
def served(programs: Path, folder: Path) -> Iterator[str]:
    """The address of the installed page; stopped afterwards."""
    port = free_port()
    command = [str(programs / "chest-reader"), "page", "--no-browser", "--port", str(port)]
    with subprocess.Popen(
        [*command, "--weights", _WEIGHTS],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def measure(wheel: Path, python: str, folder: Path) -> list[Figure]:
    """What one Python's environment came to."""
    started = time.monotonic()
    programs = install(wheel, python, folder)
    installed = time.monotonic() - started
    command = [str(programs / "python"), "-c", _IMPORT]
    done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    version, modules = done.stdout.split()
    tier = read_phantom(programs, folder)
    with served(programs, folder) as address:
        shown, answered = first_result(address)
    name = f"Python {version}"
    return [
        Figure(f"{name}: environment and wheel", f"{installed:.0f} s"),
        Figure(f"{name}: modules imported", modules, "all", True),
        Figure(f"{name}: `chest-reader predict` on a phantom", tier, "an answer", bool(tier)),
        Figure(f"{name}: page shown", f"{shown:.1f} s"),
        Figure(
            f"{name}: answer to the phantom dropped on it", f"{answered:.1f} s", "an answer", True
        ),
        Figure(f"{name}: the environment on disk", f"{size_gb(folder / 'venv'):.1f} GB"),
    ]


def run(pythons: Sequence[str]) -> list[Figure]:
    """What each Python's environment came to, one after the other."""
    figures = []
    with tempfile.TemporaryDirectory() as built:
        wheel = build(Path(built))
        for python in pythons:
            with tempfile.TemporaryDirectory() as folder:
                figures += measure(wheel, python, Path(folder))
    return figures


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--python", nargs="+", default=[sys.executable], help="each by its path")
    options = parser.parse_args()
    figures = run(options.python)
    print(record("install-wheel", _COMMAND, figures).read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
