"""What the layouts share: the films below a folder, the patient in a file's name, a table's rows,
boxes in pixels.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from covid_core.boxes import Boxes
from covid_core.read.reading import FILM_SUFFIXES

_KERMANY_PATIENT = re.compile(r"(person\d+|(?:NORMAL2-)?IM-\d+)")
_KERMANY_CAUSE = re.compile(r"person\d+_(bacteria|virus)_")


def films_in(folder: Path) -> list[Path]:
    """The films below a folder, at any depth, sorted; hidden files and dead links left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in FILM_SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def kermany_patient(path: Path) -> str | None:
    """The patient in a name such as `person12_virus_34` or `IM-0115-0001`, which collections that
    took these films in have kept.
    """
    match = _KERMANY_PATIENT.match(path.stem)
    return match.group(1) if match else None


def kermany_cause(path: Path) -> str:
    """`bacteria` or `virus`, from such a name; empty where it tells neither."""
    match = _KERMANY_CAUSE.match(path.stem)
    return match.group(1) if match else ""


def read_rows(table: Path) -> list[dict[str, str]]:
    """The rows of a CSV file with a header; none where there is no such file."""
    if not table.is_file():
        return []
    with table.open(newline="", encoding="utf-8-sig") as lines:
        return list(csv.DictReader(lines))


def boxes_in(pixels: Iterable[Sequence[float]], width: float, height: float) -> Boxes:
    """Boxes in pixels (left, top, right, bottom) as fractions of the film, cut at its edges; what
    lies wholly outside is left away.
    """
    boxes = []
    for left, top, right, bottom in pixels:
        across = [min(max(x / width, 0.0), 1.0) for x in (left, right)]
        down = [min(max(y / height, 0.0), 1.0) for y in (top, bottom)]
        if across[0] < across[1] and down[0] < down[1]:
            boxes.append((across[0], down[0], across[1], down[1]))
    return tuple(boxes)
