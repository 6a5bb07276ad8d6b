"""The documentation of `covid_core` for programmers, as web pages made of its docstrings.

    python -m docs.api [MODULE ...] [--out FOLDER]

All modules where none is named. Opens nothing and fetches nothing: FOLDER/index.html is there to be
opened, or served by any web server.
"""

from __future__ import annotations

import argparse
import pkgutil
from collections.abc import Sequence
from pathlib import Path

import pdoc

import covid_core

ROOT = Path(__file__).parent.parent
OUT = ROOT / "out" / "api"
_FOR_PEOPLE = ("covid_core.__main__", "covid_core.commands")  # `--help` says more


def module_names() -> list[str]:
    """The package, and every module in it that is for programmers; none is imported."""
    names = [info.name for info in pkgutil.walk_packages(covid_core.__path__, "covid_core.")]
    return ["covid_core", *(name for name in names if not name.startswith(_FOR_PEOPLE))]


def write_pages(out: Path, modules: Sequence[str]) -> None:
    """Write a page a module below a folder, and an index. Raises what an import raises."""
    for name in covid_core.__all__:  # imported when they are first used, and so not seen yet
        setattr(covid_core, name, getattr(covid_core, name))
    pdoc.render.configure(docformat="markdown", footer_text="Research use only")
    pdoc.pdoc(*modules, output_directory=out)


def main() -> None:
    """Write the pages, and say where."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    write_pages(options.out, options.modules or module_names())
    print(options.out / "index.html")


if __name__ == "__main__":
    main()
