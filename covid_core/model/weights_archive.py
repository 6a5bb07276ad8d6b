"""A weights folder as one ZIP file: fetched, held against its SHA-256, unpacked, put in place.

Only at the word of whoever runs the command: nothing else here fetches anything.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import urllib.request
import zipfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import urlsplit

from covid_core.errors import WeightsError
from covid_core.model.card import SHIPPED
from covid_core.model.tensors import read_pair
from covid_core.storage.atomic import unwritten

SUFFIXES = (".safetensors", ".json", ".md", ".svg")  # of what lies in weights/
MAX_BYTES = 1024**3  # of the archive, and of what it unpacks to
MAX_MEMBERS = 1000
_SCHEMES = ("https", "http", "file")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_TIMEOUT_S = 60
_CHUNK_BYTES = 1024**2
_DAMAGE = (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError)


def install_weights(source: str, sha256: str, folder: Path) -> None:
    """Put the weights of a ZIP file into a new folder, once the file's SHA-256 is the one given.

    `source`: a path, or an address of https, http or file. Raises WeightsError where it can't be
    had, is another file, holds no weights or where the folder has files already; and Unwritten.
    Nothing is left in the folder then.
    """
    if not _SHA256.fullmatch(sha256):
        raise WeightsError(
            f"{sha256!r} is no SHA-256", "Give its 64 hexadecimal digits, as they were published"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WeightsError(
            "there are files already", "Remove them, or name another folder", file=str(folder)
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".weights-") as name:
            work = Path(name)
            with (work / "archive.zip").open("w+b") as archive:
                _check(fetch(source, archive), sha256.lower(), source)
                _unpack(archive, work / "weights", source)
            read_pair(work / "weights", SHIPPED)
            if folder.exists():
                folder.rmdir()  # empty: Windows renames nothing onto it
            (work / "weights").rename(folder)
    except OSError as error:
        raise unwritten(error, folder) from error


def fetch(source: str, to: BinaryIO) -> str:
    """The SHA-256 of what a path or an address holds, which is copied. Raises WeightsError."""
    digest, size = hashlib.sha256(), 0
    try:
        with _opened(source) as opened:
            while chunk := opened.read(_CHUNK_BYTES):
                size += len(chunk)
                if size > MAX_BYTES:
                    raise ValueError(f"it is larger than {MAX_BYTES // 1024**2} MiB")
                digest.update(chunk)
                to.write(chunk)
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"it can't be fetched ({error})",
            "Check the address and the network, or fetch it otherwise and give the file",
            file=source,
        ) from error
    return digest.hexdigest()


def _opened(source: str) -> BinaryIO:
    path = Path(source)
    if path.is_file():
        return path.open("rb")
    if urlsplit(source).scheme not in _SCHEMES:
        raise ValueError("there is no such file, and no address starts like that")
    answer: BinaryIO = urllib.request.urlopen(source, timeout=_TIMEOUT_S)
    return answer


def _check(found: str, wanted: str, source: str) -> None:
    if found != wanted:
        raise WeightsError(
            f"its SHA-256 is {found}, and not {wanted}",
            "Fetch it again; if that stays so, it is another file than the one published",
            file=source,
        )


def _unpack(archive: BinaryIO, folder: Path, source: str) -> None:
    """Write the members into a new folder, readable by all: weights are of no patient."""
    folder.mkdir()
    folder.chmod(0o755)
    try:
        with zipfile.ZipFile(archive) as opened:
            infos = [info for info in opened.infolist() if not info.is_dir()]
            if len(infos) > MAX_MEMBERS or sum(info.file_size for info in infos) > MAX_BYTES:
                raise ValueError("it unpacks to more than weights take")
            for info in infos:
                place = folder / _checked_name(info.filename)
                for above in reversed(place.relative_to(folder).parents[:-1]):
                    (folder / above).mkdir(exist_ok=True)
                    (folder / above).chmod(0o755)
                with opened.open(info) as packed, place.open("xb") as file:
                    shutil.copyfileobj(packed, file)
                place.chmod(0o644)
    except _DAMAGE as error:
        raise WeightsError(
            f"it is no archive of weights ({error})",
            "Ask whoever published it, and its SHA-256, for the right one",
            file=source,
        ) from error


def _checked_name(name: str) -> str:
    path = PurePosixPath(name)
    plain = not path.is_absolute() and ".." not in path.parts and not re.search(r"[\\:\0]", name)
    if not plain or path.suffix not in SUFFIXES:
        raise ValueError(f"it holds {name!r}")
    return path.as_posix()
