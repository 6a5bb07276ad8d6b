"""Films of one's own with a reader's opinions: the page's `opinions.csv` or `.json` beside them.

The films lie anywhere below, under any names: each is known by its file's SHA-256. A film without
an opinion that names a class is left out. Of patients the file says nothing: the folder that a film
lies in, below this one, is taken as its patient.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from covid_core.datasets.case import Case, LeftOut, Selection
from covid_core.datasets.layouts.films import films_in
from covid_core.errors import DatasetError
from covid_core.exports.opinions import FILE_NAMES, ReaderLabel, read_opinions
from covid_core.sources import is_public

SOURCE = None  # the folder's own name
NO_OPINION = "no reader's opinion names its class"


def recognises(folder: Path) -> bool:
    """Whether a file of opinions lies in the folder."""
    return any((folder / name).is_file() for name in FILE_NAMES)


def read(folder: Path, selection: Selection) -> Iterator[Case | LeftOut]:
    """Each film below the folder, by what a reader said of it. Raises DatasetError."""
    source = f"{folder.name} (own)" if is_public(folder.name) else folder.name
    opinions = _opinions_in(folder)
    for path in films_in(folder):
        try:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            yield LeftOut(path, source, f"it can't be read: {error.strerror}", damaged=True)
            continue
        known = opinions.get(sha256)
        if known is None or known.label is None:
            yield LeftOut(path, source, NO_OPINION)
        else:
            patient = next(iter(path.relative_to(folder).parts[:-1]), None)
            words = "a reader's opinion"
            yield Case(path, known.label, source, patient, words, boxes=known.boxes)


def _opinions_in(folder: Path) -> dict[str, ReaderLabel]:
    """What the folder's one file of opinions says of each film. Raises DatasetError."""
    file, *others = [folder / name for name in FILE_NAMES if (folder / name).is_file()]
    if others:
        raise DatasetError(
            f"it has opinions in {file.name} and in {others[0].name}", "Keep one", file=str(folder)
        )
    return read_opinions(file)
