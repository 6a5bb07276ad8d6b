"""What the layouts share: the films below a folder, and the patient in a file's name."""

from __future__ import annotations

import re
from pathlib import Path

FILM_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".dcm"})
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
    took these films in have kept."""
    match = _KERMANY_PATIENT.match(path.stem)
    return match.group(1) if match else None


def kermany_cause(path: Path) -> str:
    """`bacteria` or `virus`, from such a name; empty where it tells neither."""
    match = _KERMANY_CAUSE.match(path.stem)
    return match.group(1) if match else ""
