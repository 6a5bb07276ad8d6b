"""What the layouts share: films, class folders, patients in names, rows, boxes in pixels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path, PurePath

from covid_core.boxes import Boxes
from covid_core.class_names import is_lung_opacity, parse_class
from covid_core.datasets.case import LeftOut
from covid_core.read.film_files import film_stem, films_below
from covid_core.storage.tables import Table, read_table
from covid_core.storage.walk import is_system_name

_KERMANY_PATIENT = re.compile(r"(person\d+|(?:NORMAL2-)?IM-\d+)")
_KERMANY_CAUSE = re.compile(r"person\d+_(bacteria|virus)_")


def films_in(folder: Path) -> list[Path]:
    """The films below a folder, at any depth, sorted; none where there is no such folder."""
    return sorted(films_below(folder)) if folder.is_dir() else []


def films_by_name(folder: Path) -> dict[str, Path]:
    """The films below a folder by their names without a film's suffix."""
    return {film_stem(path.name): path for path in films_in(folder)}


def folders_in(folder: Path) -> list[Path]:
    """The folders right in a folder, sorted, without hidden ones and a system's own."""
    inner = (child for child in folder.iterdir() if not is_system_name(child.name))
    return sorted(child for child in inner if child.is_dir())


def has_other_classes(folder: Path, own: Collection[str]) -> bool:
    """Whether a folder holds class folders beside those of a layout, whose names are `own`."""
    others = (child.name for child in folders_in(folder) if child.name not in own)
    return any(parse_class(name) or is_lung_opacity(name) for name in others)


def kermany_patient(path: PurePath) -> str | None:
    """The patient in a name such as `person12_virus_34` or `IM-0115-0001`.

    Collections that took these films in have kept their names.
    """
    match = _KERMANY_PATIENT.match(path.stem)
    return match.group(1) if match else None


def kermany_cause(path: Path) -> str:
    """`bacteria` or `virus`, from such a name; empty where it says neither."""
    match = _KERMANY_CAUSE.match(path.stem)
    return match.group(1) if match else ""


def read_rows(path: Path) -> Table:
    """The rows of a CSV file with a header; none where there is no such file."""
    return read_table(path) if path.is_file() else Table((), (), ())


def uneven_rows(path: Path, table: Table, source: str) -> Iterator[LeftOut]:
    """A note for each row of a table that has more or fewer cells than the table has columns."""
    for row in table.uneven:
        problem = f"a row of {len(row.cells)} cells, where the table has {len(table.names)} columns"
        yield LeftOut(path.with_name(f"{path.name}:{row.line}"), source, problem)


def boxes_in(pixels: Iterable[Sequence[float]], width: float, height: float) -> Boxes:
    """Boxes in pixels (left, top, right, bottom) as fractions of the film, cut at its edges.

    What lies wholly outside is left away.
    """
    boxes = []
    for left, top, right, bottom in pixels:
        across = [min(max(x / width, 0.0), 1.0) for x in (left, right)]
        down = [min(max(y / height, 0.0), 1.0) for y in (top, bottom)]
        if across[0] < across[1] and down[0] < down[1]:
            boxes.append((across[0], down[0], across[1], down[1]))
    return tuple(boxes)
