"""The films of uploaded files, and the bytes that the session holds for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from app.uploads import content
from covid_core.errors import RefusedFile
from covid_core.read.archives import Item, members_or_refusals, refused
from covid_core.read.file_kinds import is_dicom, is_raster, is_zip, unknown_format
from covid_core.read.film_files import reason_to_pass_upload
from covid_core.storage.walk import Note, ignore

if TYPE_CHECKING:
    from streamlit.typing import UploadedFile


def films_in_upload(file: UploadedFile, note: Note = ignore) -> list[Item]:
    """The films of a dropped file; one that refuses where there is none, so that it is listed.

    Of a file that is refused as a whole nothing is held.
    """
    try:
        data = content(file)
    except RefusedFile as error:
        return [refused(file.name, error)]
    return films_in_file(file.name, data, note)


def films_in_file(name: str, data: bytes, note: Note = ignore) -> list[Item]:
    """The films of a file's bytes, as `films_in_upload` gives them.

    Of a folder, which its name then shows, and of a ZIP file, what is no film is passed over;
    `note` takes each.
    """
    reason = reason_to_pass_upload(name, data) if "/" in name else None
    if reason:
        note(name, reason)
        return []
    if data and not (is_zip(data) or is_dicom(data) or is_raster(data)):
        return [refused(name, unknown_format())]
    return [held_item(item, data) for item in members_or_refusals(data, name, note)]


class _Held:
    """Reads a film that the session holds, until it is taken back.

    Streamlit keeps buttons' items long after the buttons are gone, and so must not keep the films.
    `file`: what it is part of, and holds in memory: itself, or a ZIP file.
    """

    def __init__(self, read: Callable[[], bytes], file: bytes) -> None:
        self._read: Callable[[], bytes] | None = read
        self.file = file

    def __call__(self) -> bytes:
        if self._read is None:
            raise RefusedFile("closed", "this film was closed", "Open it again")
        return self._read()

    def let_go(self) -> None:
        self._read, self.file = None, b""


def held_bytes(items: Iterable[Item]) -> int:
    """The bytes of the files that these items are part of, each counted once."""
    files = {id(item.read.file): item.read.file for item in items if isinstance(item.read, _Held)}
    return sum(map(len, files.values()))


def held_item(item: Item, file: bytes) -> Item:
    """An item that lets its file go once it is taken back."""
    return replace(item, read=_Held(item.read, file))


def let_go(item: Item) -> None:
    """Hold the bytes of an item's film no longer; of any other item nothing is held."""
    if isinstance(item.read, _Held):
        item.read.let_go()
