"""The folder layouts that users download, each one module of the same three names:

`recognises(folder)`; `read(folder, selection)`, which yields a `Case` or a `LeftOut` for each film;
`SOURCE`, the name its films go by, None where that is the folder's own.

A further layout is one more file here and one more name in `LAYOUTS`, the most telling ones first;
where its films come from is told in `sources`.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from covid_core.datasets.case import EVERYTHING, Case, LeftOut, Selection
from covid_core.datasets.layouts import (
    class_folders,
    cohen,
    coronahack,
    covid_cxnet,
    kermany,
    nih,
    radiography,
    rsna_pneumonia,
    siim_covid19,
)
from covid_core.datasets.layouts.films import films_in
from covid_core.errors import DatasetError
from covid_core.read.radiograph import View

LAYOUTS: tuple[ModuleType, ...] = (
    siim_covid19,
    rsna_pneumonia,
    cohen,
    coronahack,
    covid_cxnet,
    kermany,
    nih,
    radiography,
    class_folders,
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a walk through dataset folders gave, sorted by path; paths are absolute."""

    cases: tuple[Case, ...]
    left_out: tuple[LeftOut, ...]


def read_cases(roots: Sequence[Path], selection: Selection = EVERYTHING) -> Found:
    """Every film of dataset folders, or of folders of dataset folders.

    Raises DatasetError where there is no such folder, or nothing in it is recognised.
    """
    read = [item for root in roots for item in _read_root(root, selection)]
    # Two folders given may lie in one another: a file counts once.
    unique = {str(item.path): item for item in sorted(read, key=lambda item: str(item.path))}
    items = tuple(unique.values())
    return Found(
        tuple(item for item in items if isinstance(item, Case)),
        tuple(item for item in items if isinstance(item, LeftOut)),
    )


def _read_root(root: Path, selection: Selection) -> list[Case | LeftOut]:
    if not root.is_dir():
        raise DatasetError("it is not a folder", "Give the folder of a dataset", file=str(root))
    root = root.resolve()  # here once, and not film by film
    own = _read(root, selection)
    folders = [] if own else sorted(path for path in root.iterdir() if path.is_dir())
    items = own or [item for folder in folders for item in _read_or_leave(folder, selection)]
    if not any(isinstance(item, Case) or item.damaged for item in items):
        raise DatasetError(
            "no dataset layout is recognised in it",
            "Give a known public dataset, or a folder with normal/, pneumonia/ and covid/",
            file=str(root),
        )
    return items


def _layout_of(folder: Path) -> ModuleType | None:
    return next((layout for layout in LAYOUTS if layout.recognises(folder)), None)


def _read_or_leave(folder: Path, selection: Selection) -> list[Case | LeftOut]:
    unknown = "in no layout known here"
    return _read(folder, selection) or [
        LeftOut(path, folder.name, unknown) for path in films_in(folder)
    ]


def _read(folder: Path, selection: Selection) -> list[Case | LeftOut]:
    """What a dataset holds, or that its table can't be read; nothing where none is recognised."""
    try:
        layout = _layout_of(folder)
        items = list(layout.read(folder, selection)) if layout else []
    except (OSError, KeyError, AttributeError, TypeError, UnicodeError, csv.Error) as error:
        reason = f"its table of films can't be read ({type(error).__name__}: {error})"
        return [LeftOut(folder, folder.name, reason, damaged=True)]
    states_views = any(isinstance(item, Case) and item.view is not View.UNKNOWN for item in items)
    if not (selection.views and states_views):
        return items
    return [_of_view(item, selection.views) for item in items]


def _of_view(item: Case | LeftOut, views: frozenset[View]) -> Case | LeftOut:
    if isinstance(item, LeftOut) or item.view in views:
        return item
    return LeftOut(item.path, item.source, f"view {item.view}")
