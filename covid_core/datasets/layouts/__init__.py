"""The folder layouts that users download, each one module of the same three names.

`recognises(folder)`; `read(folder, selection)`, which yields a `Case` or a `LeftOut` for each film;
`SOURCE`, the name its films go by, None where that is the folder's own.

A further layout is one more file here and one more name in `LAYOUTS`, the most specific ones first;
where its films come from is said in `sources`.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from covid_core.class_names import NAMES_KNOWN
from covid_core.datasets.case import EVERYTHING, Case, LeftOut, Selection
from covid_core.datasets.layouts import (
    class_folders,
    cohen,
    coronahack,
    covid_cxnet,
    kermany,
    nih,
    radiography,
    reader_opinions,
    rsna_pneumonia,
    siim_covid19,
)
from covid_core.datasets.layouts.films import films_in, folders_in
from covid_core.errors import DatasetError, listed
from covid_core.read.film_files import films_below
from covid_core.read.radiograph import View
from covid_core.storage.walk import Note, PassedOver, ignore

LAYOUTS: tuple[ModuleType, ...] = (
    reader_opinions,
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

_NAMED = 10  # folders that a message names


@dataclass(frozen=True, slots=True)
class Found:
    """What a walk through dataset folders gave, sorted by path; paths are absolute."""

    cases: tuple[Case, ...]
    left_out: tuple[LeftOut, ...]


def read_cases(
    roots: Sequence[Path], selection: Selection = EVERYTHING, note: Note = ignore
) -> Found:
    """Every film of dataset folders, or of folders of dataset folders.

    `note` takes each file that is neither among the cases nor left out by a layout: what no walk
    here reads, and pictures that no layout uses. Raises DatasetError where there is no such folder,
    nothing in it is recognised, or, unless the selection skips them, folders or labels name no
    class that is known.
    """
    read = [item for root in roots for item in _read_root(root, selection)]
    # Two folders given may lie in one another: a file counts once.
    unique = {str(item.path): item for item in sorted(read, key=_cases_last)}
    items = [unique[path] for path in sorted(unique)]
    left_out = tuple(item for item in items if isinstance(item, LeftOut))
    _refuse_unknown([] if selection.skip_unknown else left_out)
    if note is not ignore:
        _note_unused([root.resolve() for root in roots], unique, note)
    return Found(tuple(item for item in items if isinstance(item, Case)), left_out)


def _cases_last(item: Case | LeftOut) -> tuple[str, bool]:
    return str(item.path), isinstance(item, Case)


def _refuse_unknown(left_out: Sequence[LeftOut]) -> None:
    """Raises DatasetError that names each folder and label by which no class is known."""
    films = Counter(left.unknown for left in left_out if left.unknown)
    if films:
        named = [f"{name}, radiographs: {count}" for name, count in sorted(films.items())]
        raise DatasetError(
            f"no class is known by these names of folders or labels{listed(named)}",
            f"Name them {NAMES_KNOWN}, or leave their radiographs out with --skip-unknown",
        )


def _note_unused(roots: Sequence[Path], used: Collection[str], note: Note) -> None:
    outer = [one for one in set(roots) if not any(one in other.parents for other in roots)]
    for root in sorted(outer):
        for path in films_below(root, note=note):
            if str(path) not in used:
                note(str(path), PassedOver.NOT_IN_LAYOUT)


def _read_root(root: Path, selection: Selection) -> list[Case | LeftOut]:
    if not root.is_dir():
        raise DatasetError("it is not a folder", "Give the folder of a dataset", file=str(root))
    root = root.resolve()  # here once, and not film by film
    own = _read(root, selection)
    folders = [] if own else folders_in(root)
    items = own or [item for folder in folders for item in _read_or_leave(folder, selection)]
    if not any(isinstance(item, Case) or item.damaged or item.unknown for item in items):
        names = ", ".join(folder.name for folder in folders[:_NAMED])
        holds = f": it holds the folders {names}" if names else ""
        raise DatasetError(
            f"no dataset layout is recognised in it{holds}",
            "Give a known public dataset, or a folder with normal/, pneumonia/ and covid/",
            file=str(root),
        )
    return items


def _layout_of(folder: Path) -> ModuleType | None:
    layout = next((layout for layout in LAYOUTS if layout.recognises(folder)), None)
    if layout is class_folders and any(
        _layout_of(one.path) for one in class_folders.class_folders(folder)
    ):
        return None  # datasets that are called by a class
    return layout


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
        reason = f"its table of radiographs can't be read ({type(error).__name__}: {error})"
        return [LeftOut(folder, folder.name, reason, damaged=True)]
    items = _without_contradictions(items)
    states_views = any(isinstance(item, Case) and item.view is not View.UNKNOWN for item in items)
    if not (selection.views and states_views):
        return items
    return [_of_view(item, selection.views) for item in items]


def _without_contradictions(items: Iterable[Case | LeftOut]) -> list[Case | LeftOut]:
    """One item a file: the first, but a note where a table says different things of the file."""
    by_file: dict[str, list[Case | LeftOut]] = {}
    for item in items:
        by_file.setdefault(str(item.path), []).append(item)
    return [_one_of(own) for own in by_file.values()]


def _one_of(items: Sequence[Case | LeftOut]) -> Case | LeftOut:
    first = items[0]
    said = sorted({_said_of(item) for item in items})
    if len(said) > 1:
        return LeftOut(first.path, first.source, f"its table contradicts itself: {'; '.join(said)}")
    if len({item.patient for item in items if isinstance(item, Case)}) > 1:
        reason = "its table contradicts itself: two patients"
        return LeftOut(first.path, first.source, reason)
    return first


def _said_of(item: Case | LeftOut) -> str:
    return item.reason if isinstance(item, LeftOut) else str(item.label or "no label")


def _of_view(item: Case | LeftOut, views: frozenset[View]) -> Case | LeftOut:
    if isinstance(item, LeftOut) or item.view in views:
        return item
    return LeftOut(item.path, item.source, f"view {item.view}")
