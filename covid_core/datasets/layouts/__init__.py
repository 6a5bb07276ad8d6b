"""The folder layouts that users download, each one module: `recognises(folder)`, `read(folder)`,
and `SOURCE` and `PROVENANCE`, the name its films go by and where they come from.

A further layout is one more file here and one more name in `LAYOUTS`, the most telling ones first.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from covid_core.datasets.case import Case
from covid_core.datasets.layouts import (
    class_folders,
    cohen,
    covid_cxnet,
    kermany,
    nih,
    radiography,
)
from covid_core.errors import DatasetError

LAYOUTS: tuple[ModuleType, ...] = (cohen, covid_cxnet, kermany, nih, radiography, class_folders)


def read_cases(root: Path) -> list[Case]:
    """Every labelled film of a dataset folder, or of a folder of dataset folders, sorted by path.

    Raises DatasetError where there is no such folder, or nothing in it is recognised.
    """
    if not root.is_dir():
        raise DatasetError("it is not a folder", "Give the folder of a dataset", file=str(root))
    folders = [root] if _layout_of(root) else sorted(p for p in root.iterdir() if p.is_dir())
    cases = [case for folder in folders for case in _read(folder)]
    if not cases:
        raise DatasetError(
            "no dataset layout is recognised in it",
            "Give a known public dataset, or a folder with normal/, pneumonia/ and covid/",
            file=str(root),
        )
    return sorted(cases, key=lambda case: str(case.path))


def provenance(source: str) -> str:
    """Where a source's films come from and under which terms, in one line."""
    named = {layout.SOURCE: layout.PROVENANCE for layout in LAYOUTS}
    return str(named.get(source, class_folders.PROVENANCE))


def _layout_of(folder: Path) -> ModuleType | None:
    return next((layout for layout in LAYOUTS if layout.recognises(folder)), None)


def _read(folder: Path) -> list[Case]:
    layout = _layout_of(folder)
    return list(layout.read(folder)) if layout else []
