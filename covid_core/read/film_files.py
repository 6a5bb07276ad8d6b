"""Which files may be films, in a folder, a ZIP file or a remote place: by their first bytes.

A file whose name ends as a film's is taken without a look: where it is none, reading it says so.
Any other file is a film where its first bytes say so, whatever its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from covid_core.read.file_kinds import is_dicom, is_raster, is_zip
from covid_core.storage.plain_files import read_regular
from covid_core.storage.walk import Note, PassedOver, files_below, ignore, is_system_path

FILM_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".dcm"})
HEAD_BYTES = 512  # as many as show what kind of file it is


def films_below(
    folder: Path,
    *,
    leave_out: Path | None = None,
    links_outside: bool = True,
    note: Note = ignore,
) -> Iterator[Path]:
    """The files below a folder that may be films, as `storage.walk.files_below` finds them."""
    found = files_below(folder, leave_out=leave_out, links_outside=links_outside, note=note)
    for path in found:
        reason = None if has_film_suffix(path.name) else reason_to_pass(read_head(path))
        if reason:
            note(str(path), reason)
        else:
            yield path


def reason_to_pass_upload(name: str, data: bytes) -> PassedOver | None:
    """Why a file of an uploaded folder is not read: a system's own, or of a kind that is no film.

    None where it may hold films, as a ZIP file may. `name`: with its folders.
    """
    if is_system_path(PurePosixPath(name)):
        return PassedOver.SYSTEM
    reason = None if has_film_suffix(name) else reason_to_pass(data)
    return None if reason is PassedOver.ZIP else reason


def has_film_suffix(name: str) -> bool:
    """Whether a file's name ends as those of films do."""
    _, dot, letters = name.rpartition(".")
    return dot + letters.lower() in FILM_SUFFIXES


def film_stem(name: str) -> str:
    """A file's name without a film's suffix; a name such as `1.2.840.7` is kept whole."""
    return name.rpartition(".")[0] if has_film_suffix(name) else name


def reason_to_pass(head: bytes | None) -> PassedOver | None:
    """Why a file that begins with these bytes is no film; None where it may be one.

    None, too, where its bytes can't be read: then reading it whole says why.
    """
    if head is None or is_dicom(head) or is_raster(head):
        return None
    return PassedOver.ZIP if is_zip(head) else PassedOver.OTHER_KIND


def read_head(path: Path) -> bytes | None:
    """The first bytes of a file of the disk; None where they can't be read."""
    try:
        return read_regular(path, HEAD_BYTES)
    except OSError:
        return None
