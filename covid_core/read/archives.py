"""Several files as one stream of films to read: files, ZIP files and folders, one after another.

Nothing is unpacked to disk, and no name from a file is ever used as a path: names are only shown.
"""

from __future__ import annotations

import io
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from covid_core.errors import UNREADABLE, RefusedFile
from covid_core.read.file_kinds import is_zip
from covid_core.read.film_files import (
    HEAD_BYTES,
    films_below,
    has_film_suffix,
    reason_to_pass,
)
from covid_core.read.radiograph import Radiograph
from covid_core.read.reading import MAX_FILE_BYTES, read_radiograph, too_many_bytes
from covid_core.storage.plain_files import read_regular, read_within
from covid_core.storage.walk import Note, PassedOver, ignore, is_system_path

MAX_MEMBERS = 500  # of one ZIP file
MAX_UNPACKED_BYTES = 1024**3  # of all of them; each has a limit besides
MAX_NAME = 200  # characters
_MAX_DIRECTORY_BYTES = 4 * 1024 * 1024  # zipfile takes time by the square of an entry's fields
MAX_INFLATION = 100  # times the packed size
_SMALL_BYTES = 1024 * 1024  # of which more is no bomb, whatever the packed size
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile inflates others unbounded
_ENCRYPTED = 0x1
# Office files, e-books and programs are ZIP files too: one of these lies at their root.
_OF_DOCUMENTS = frozenset({"[content_types].xml", "mimetype", "meta-inf/manifest.mf"})
_SPLIT = "Split it, or score the folder with: python -m covid_core predict FOLDER"
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    RuntimeError,
)


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One file that may be a film, not yet read.

    `name`: as the user knows it, with its folders inside a ZIP file or folder; at most MAX_NAME
    characters, none of them a control character. `read`: gives the file's bytes; raises RefusedFile
    where it is too large, encrypted, damaged or gone. `stamp`: of a folder's file, the times in ns
    of its last write and change, and its size in bytes: another where the file was replaced.
    `synthetic`: whether it was drawn, and shows nobody.

    Two items are never equal, not even of the same file: results are kept by the item itself.
    """

    name: str
    read: Callable[[], bytes]
    stamp: tuple[int, ...] = ()
    synthetic: bool = False

    def radiograph(self) -> Radiograph:
        """The radiograph in the file. Raises RefusedFile."""
        return read_radiograph(self.read())


def members(data: bytes, name: str, note: Note = ignore) -> list[Item]:
    """The films in a file: itself, or what a ZIP file holds; none for other kinds of archive.

    What is passed over is what `film_files` passes over in a folder; `note` takes each. A ZIP file
    within one, and a film that inflates to more than MAX_INFLATION times its size, give an item
    that refuses. Raises RefusedFile for a damaged ZIP file (`damaged_zip`), one of more than
    MAX_MEMBERS files (`too_many_members`), and one that unpacks to more than MAX_UNPACKED_BYTES
    (`too_many_bytes`).
    """
    if not is_zip(data):
        return [Item(shown_name(name), lambda: data)]
    archive = opened(data)
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if any(info.filename.lower() in _OF_DOCUMENTS for info in infos):
        return []
    files = [info for info in infos if not is_system_path(_path_of(info))]
    if len(files) > MAX_MEMBERS:
        raise _too_many()
    if sum(info.compress_size for info in files) > len(data):  # they lie over each other
        raise _damaged()
    if sum(info.file_size for info in files) > MAX_UNPACKED_BYTES:
        raise _too_many_bytes()
    items = []
    for info in infos:
        shown, reason = shown_name(f"{name}/{info.filename}"), _reason_to_pass(archive, info)
        if reason:
            note(shown, reason)
        else:
            items.append(Item(shown, partial(_inflated, archive, info)))
    return items


def in_folder(folder: Path, note: Note = ignore) -> Iterator[Item]:
    """The films below a folder of this machine, found one by one, sorted in each folder.

    Names are relative to the folder. Links to files are followed where they stay inside it, links
    to folders never: what they lead to is found in its own place. So it is when a film is read,
    whatever was put in its place since it was found. A folder that can't be listed gives an item
    that refuses. `note` takes what `film_files.films_below` passes over.
    """
    root = folder.resolve()
    for path in films_below(root, links_outside=False, note=note):
        yield Item(shown_name(_relative(path, root)), partial(_on_disk, root, path), _stamp(path))


def members_or_refusals(data: bytes, name: str, note: Note = ignore) -> list[Item]:
    """The films of a file that was given by itself; one item that refuses where there are none."""
    nothing = RefusedFile("no_films", "there is no film in this file", "Give the films themselves")
    try:
        return members(data, name, note) or [refused(name, nothing)]
    except RefusedFile as error:
        return [refused(name, error)]


def zip_members(path: Path, note: Note = ignore) -> list[Item]:
    """The films of a ZIP file on disk; one item that refuses where there are none, or too much."""
    try:
        data = read_regular(path, MAX_UNPACKED_BYTES + 1)
    except OSError as error:
        return [refused(path.name, _unreadable(error))]
    if len(data) > MAX_UNPACKED_BYTES:
        return [refused(path.name, _too_many_bytes())]
    return members_or_refusals(data, path.name, note)


def refused(name: str, error: RefusedFile) -> Item:
    """An item that stands for a file known to be unusable, so that a list can still name it."""

    def read() -> bytes:
        raise error

    return Item(shown_name(name), read)


def shown_name(name: str) -> str:
    """A file's name, fit to be shown and written.

    It has no steps up and no characters that control or change direction; of an overlong one it is
    the end.
    """
    parts = [p for p in name.replace("\\", "/").split("/") if p not in ("", ".", "..")]
    plain = "".join(
        "\ufffd" if unicodedata.category(letter).startswith("C") else letter
        for letter in "/".join(parts)[-2 * MAX_NAME :]
    )
    if not plain:
        return "(no name)"
    return plain if len(plain) <= MAX_NAME else "…" + plain[1 - MAX_NAME :]


def opened(data: bytes) -> zipfile.ZipFile:
    """A ZIP file's members to look through, its directory bounded.

    Raises RefusedFile for a damaged one (`damaged_zip`) and one whose directory is beyond reason
    (`too_many_members`).
    """
    file = _Archive(data)
    try:
        archive = zipfile.ZipFile(file)
    except _DAMAGE as error:
        raise _damaged() from error
    file.opening = False
    return archive


class _Archive(io.BytesIO):
    """An archive's bytes.

    While it is opened zipfile reads its directory, in one piece, before it parses any of it: a
    piece beyond reason raises RefusedFile (`too_many_members`).
    """

    opening = True

    def read(self, size: int | None = -1, /) -> bytes:
        if self.opening and size and size > _MAX_DIRECTORY_BYTES:
            raise _too_many()
        return super().read(size)


def _path_of(info: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(info.filename.replace("\\", "/"))


def _reason_to_pass(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> PassedOver | None:
    """Why a member is no film; None where it may be one, and where reading it says why not."""
    if is_system_path(_path_of(info)):
        return PassedOver.SYSTEM
    if has_film_suffix(info.filename) or info.compress_type not in _COMPRESSIONS:
        return None
    if info.flag_bits & _ENCRYPTED:
        return None
    try:
        with archive.open(info) as member:
            reason = reason_to_pass(member.read(HEAD_BYTES))
    except _DAMAGE:
        return None
    return None if reason is PassedOver.ZIP else reason  # it may be full of films: it is refused


def _inflated(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.flag_bits & _ENCRYPTED:
        raise RefusedFile(
            "encrypted", "it is encrypted inside its ZIP file", "Unpack it and give the film itself"
        )
    if info.compress_type not in _COMPRESSIONS:
        raise RefusedFile(
            "unknown_compression",
            "its ZIP file is packed in an unusual way",
            "Pack it again as a plain ZIP file (deflate)",
        )
    if info.file_size > MAX_FILE_BYTES:
        raise too_many_bytes()
    if info.file_size > max(_SMALL_BYTES, MAX_INFLATION * info.compress_size):
        raise RefusedFile(
            "too_large",
            f"it inflates to more than {MAX_INFLATION} times its size",
            "Give the film itself, not packed",
        )
    try:
        with archive.open(info) as member:
            data = _bounded(member.read(MAX_FILE_BYTES + 1))
    except _DAMAGE as error:
        raise RefusedFile(
            "damaged_member", "it is damaged inside its ZIP file", "Pack or copy it again"
        ) from error
    if is_zip(data):
        raise RefusedFile("nested_zip", "it is a ZIP file inside another", "Give it by itself")
    return data


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:  # gone since it was found: reading it says so
        return ()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path != root else root.name


def _on_disk(root: Path, path: Path) -> bytes:
    try:
        return _bounded(read_within(root, path, MAX_FILE_BYTES + 1))
    except OSError as error:
        raise _unreadable(error) from error


def _bounded(data: bytes) -> bytes:
    if len(data) > MAX_FILE_BYTES:
        raise too_many_bytes()
    return data


def _unreadable(error: OSError) -> RefusedFile:
    return RefusedFile(
        UNREADABLE,
        f"the file can't be opened ({error.strerror})",
        "Check that it still exists and may be read",
    )


def _damaged() -> RefusedFile:
    return RefusedFile(
        "damaged_zip", "this ZIP file is cut short or damaged", "Pack or copy it again"
    )


def _too_many_bytes() -> RefusedFile:
    return RefusedFile(
        "too_many_bytes",
        f"this ZIP file unpacks to more than {MAX_UNPACKED_BYTES // 1024**2:,} MiB",
        _SPLIT,
    )


def _too_many() -> RefusedFile:
    return RefusedFile(
        "too_many_members",
        f"this ZIP file holds more than {MAX_MEMBERS:,} files",
        _SPLIT,
    )
