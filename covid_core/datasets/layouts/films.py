"""Which files of a folder are films."""

from __future__ import annotations

from pathlib import Path

FILM_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".dcm", ".dicom"})


def films_in(folder: Path) -> list[Path]:
    """The films below a folder, at any depth, sorted; hidden files and dead links left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in FILM_SUFFIXES and not path.name.startswith(".") and path.is_file()
    )
