"""The lock files and constraints.txt, made of pyproject.toml by uv.

    python -m supply.lock [--upgrade]

    requirements*.txt       as `supply.requirement_files` makes them, first
    requirements.lock       what requirements.txt brings, each file's SHA-256 as its registry has it
    requirements-dev.lock   the same with what tests and checks need
    constraints.txt         the versions alone, of everything; requirements.txt names it, so that
                            the usual installation has them too, whosever builds it gets

For CPython 3.11 and later on Linux, macOS and Windows at once. What is locked stays as it is where
that is possible; `--upgrade` takes the newest. uv comes into an environment that is thrown away.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from supply.requirement_files import write_requirement_files
from supply.requirements import CONSTRAINTS, DEV_LOCK, LOCK, ROOT

_UV = "uv==0.13.9"
_HEADER = "# Made by `python -m supply.lock`; not to be edited.\n"
# The same versions for every Python; and pip, which pip-audit asks for, is the environment's own.
_COMPILE = (
    "pip",
    "compile",
    "--universal",
    "--python-version=3.11",
    "--fork-strategy=fewest",
    "--no-emit-package=pip",
    "--no-header",
    "--quiet",
)


def main() -> None:
    """Write the lock files and constraints.txt."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    upgrade = ["--upgrade"] if parser.parse_args().upgrade else []
    write_requirement_files()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = _sources(folder)
        uv = _uv(folder)
        hashes = ["--generate-hashes", *upgrade]
        _compile(uv, LOCK, ["requirements.txt", *hashes])
        _compile(uv, DEV_LOCK, ["requirements-dev.txt", "-c", LOCK.name, *hashes])
        _compile(uv, CONSTRAINTS, [*sources, "-c", DEV_LOCK.name, "--no-annotate", *upgrade])


def _sources(folder: Path) -> list[str]:
    """The requirement files, copied without their constraints, beside what is locked already."""
    for path in (LOCK, DEV_LOCK, CONSTRAINTS):
        if path.exists():
            shutil.copy(path, folder)
    names = sorted(path.name for path in ROOT.glob("requirements*.txt"))
    for name in names:
        lines = (ROOT / name).read_text("utf-8").splitlines(keepends=True)
        (folder / name).write_text("".join(line for line in lines if not line.startswith("-c ")))
    return names


def _uv(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    scripts = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    subprocess.run([scripts / "python", "-m", "pip", "install", "--quiet", _UV], check=True)
    return scripts / "uv"


def _compile(uv: Path, to: Path, arguments: list[str]) -> None:
    """In the copies' folder, so that no path of this machine gets into the file."""
    folder = uv.parent.parent.parent
    command = [str(uv), *_COMPILE, *arguments, "--output-file", to.name]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    to.write_text(_HEADER + (folder / to.name).read_text("utf-8"), encoding="utf-8")


if __name__ == "__main__":
    main()
