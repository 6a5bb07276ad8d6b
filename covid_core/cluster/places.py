"""Films wherever they lie: a folder in any filesystem that fsspec knows, found bit by bit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from covid_core.errors import UNREADABLE, CovidCoreError, RefusedFile
from covid_core.extras import needing
from covid_core.read.film_files import HEAD_BYTES, films_below, has_film_suffix, reason_to_pass
from covid_core.read.radiograph import Radiograph
from covid_core.read.reading import MAX_FILE_BYTES, read_radiograph
from covid_core.storage.plain_files import NoPlainFile, read_regular
from covid_core.storage.walk import Note, PassedOver, ignore, is_system_name

_HEADS_AT_ONCE = 256  # files whose first bytes are fetched together
_PASSWORD = re.compile(r"//[^/@:]*:[^/]*@")  # abfs://container@account holds none
_QUERY = re.compile(r"(https?://(?:(?!::)[^?])*)\?.*?(?=::|$)")  # which may hold a signature


# What a film's own absence, rights or place on a damaged disk raise; all else is the storage's.
_OF_THE_FILE = (
    FileNotFoundError,
    PermissionError,
    IsADirectoryError,
    NotADirectoryError,
    NoPlainFile,
)


class Unreachable(CovidCoreError):
    """The storage does not answer: no film's fault, so it is no film's row."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, or one file, that every machine of a cluster reaches. `url`: for fsspec.

    A film in it is known by its path below it, "" where the place is the film. Each process opens
    the filesystem for itself, with its own settings and rights; none travel with the place.
    """

    url: str

    @classmethod
    def of(cls, url: str) -> Place:
        """The place of a URL, such as `s3://bucket/films`, or of a path of this machine.

        Raises CovidCoreError where fsspec knows no such filesystem.
        """
        filesystem, root = _opened(url)
        local = "::" not in url and _is_local(filesystem)
        return cls(filesystem.unstrip_protocol(root) if local else url.rstrip("/"))

    def filesystem(self) -> tuple[Any, str]:
        """The filesystem of fsspec, the same at each call in one process, and the path in it."""
        return _opened(self.url)

    def films(self, note: Note = ignore) -> Iterator[str]:
        """The films below, as `film_files` knows them; "" where the place itself is a film.

        `note` takes what is passed over. On a disk a million in one folder take no memory;
        elsewhere a folder is listed in one go, and one folder's list held. A folder that can't be
        listed is given itself, so that reading it says why. Raises CovidCoreError where there is
        nothing at all.
        """
        filesystem, root = self.filesystem()
        if not filesystem.exists(root):
            raise CovidCoreError("there is nothing there", "Check the URL", file=self.title)
        if filesystem.isfile(root):
            found = iter([root])
        elif _is_local(filesystem):
            found = (path.as_posix() for path in films_below(Path(root), note=note))
        else:
            found = _films_below(filesystem, root.rstrip("/"), note)
        for path in found:
            yield path[len(root) :].strip("/")

    @property
    def title(self) -> str:
        """The URL for people and tables: without a password, and without a query."""
        return _PASSWORD.sub("//", _QUERY.sub(r"\1", self.url)).rstrip("/")

    def name(self, film: str) -> str:
        """The film's own URL, the same at each call for the same place.

        Bytes in it that are no text are escaped.
        """
        whole = f"{self.title}/{film}" if film else self.title
        return whole.encode("utf-8", "backslashreplace").decode("utf-8")

    def path(self, film: str) -> str:
        """Where a film lies in the filesystem."""
        root = self.filesystem()[1]
        return f"{root.rstrip('/')}/{film}" if root and film else root or film

    def read(self, film: str) -> Radiograph:
        """A film as `reading.read_radiograph` gives it.

        No more than MAX_FILE_BYTES of it are fetched, and one byte. Raises RefusedFile, and
        Unreachable where the filesystem itself fails.
        """
        try:
            data = self._bytes(film)
        except _OF_THE_FILE as error:
            raise RefusedFile(
                UNREADABLE,
                f"the file can't be opened ({error.strerror or type(error).__name__})",
                "Check that it exists and may be read",
            ) from error
        except CovidCoreError:
            raise
        except Exception as error:  # each filesystem's client has its own
            raise Unreachable(
                f"the radiographs' storage does not answer ({type(error).__name__})",
                "Check its address and your rights to it, then run again: what was done is kept",
                file=self.title,
            ) from error
        return read_radiograph(data)

    def _bytes(self, film: str) -> bytes:
        filesystem, path = self.filesystem()[0], self.path(film)
        if _is_local(filesystem):
            return read_regular(Path(path), MAX_FILE_BYTES + 1)
        with filesystem.open(path, "rb") as file:
            return file.read(MAX_FILE_BYTES + 1)


@lru_cache(maxsize=8)  # an archive, such as zip://, is opened anew otherwise for each film in it
def _opened(url: str) -> tuple[Any, str]:
    with needing("fsspec", "cluster"):
        import fsspec
    try:
        return fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:  # says which package that kind of URL needs
        raise CovidCoreError(
            f"this kind of URL can't be opened: {error}", "Check it, or install that package"
        ) from error


def _is_local(filesystem: Any) -> bool:
    return "file" in filesystem.protocol


def _films_below(filesystem: Any, root: str, note: Note) -> Iterator[str]:
    """The films below a folder of a filesystem that is not this machine's."""
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            entries = filesystem.ls(folder, detail=True)
        except OSError:
            yield folder
            continue
        filesystem.invalidate_cache()  # fsspec would keep every list
        found = sorted((entry["name"].rstrip("/"), entry["type"]) for entry in entries)
        kept = []
        for path, kind in found:
            if path == folder:  # an object store may hold a mark of the folder inside it
                continue
            if is_system_name(path.rpartition("/")[2]):
                note(path, PassedOver.SYSTEM)
            else:
                kept.append((path, kind))
        yield from _films_of(filesystem, [p for p, kind in kept if kind != "directory"], note)
        folders += [path for path, kind in kept if kind == "directory"][::-1]


def _films_of(filesystem: Any, files: Sequence[str], note: Note) -> Iterator[str]:
    """The films among files, by their first bytes where their names do not say it."""
    for start in range(0, len(files), _HEADS_AT_ONCE):
        some = files[start : start + _HEADS_AT_ONCE]
        unsaid = [path for path in some if not has_film_suffix(path)]
        heads = filesystem.cat_ranges(unsaid, 0, HEAD_BYTES, on_error="return") if unsaid else []
        reasons = {
            path: reason_to_pass(head if isinstance(head, bytes) else None)
            for path, head in zip(unsaid, heads, strict=True)
        }
        for path in some:
            reason = reasons.get(path)
            if reason:
                note(path, reason)
            else:
                yield path
