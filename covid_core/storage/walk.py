"""The files below a folder, found one by one: a million names are never held at once.

Here is the one rule on which names are passed over, for folders, ZIP files and remote places alike.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path, PurePath

SORTED_ENTRIES = 10_000  # of one folder; of a larger one the order is the disk's
_MOUNT_POINT = 0xA0000003  # Windows' IO_REPARSE_TAG_MOUNT_POINT
# Beside what begins with a dot: of macOS, Windows, Synology, QNAP and Linux, and DICOM's own index.
_SYSTEM_NAMES = frozenset(
    {
        "__macosx",
        "icon\r",
        "thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        "$recycle.bin",
        "system volume information",
        "@eadir",
        "#recycle",
        "@recycle",
        "lost+found",
        "dicomdir",
    }
)


class PassedOver(StrEnum):
    """Why a file or folder is not read. The value says so to a person."""

    SYSTEM = "hidden, or a system's own"
    LINK_TO_FOLDER = "a link to a folder"
    LINK_OUTSIDE = "a link to a file outside of the folder"
    DEAD_LINK = "a link that leads nowhere"
    NO_FILE = "a pipe, a socket or a device"
    ZIP = "a ZIP file inside a folder, to be given by itself"
    OTHER_KIND = "not a PNG, JPEG, TIFF, WebP or DICOM file by its first bytes"
    NOT_IN_LAYOUT = "a picture that its dataset's layout does not use"


Note = Callable[[str, PassedOver], None]
"""Takes the path of what is passed over, and why."""


def ignore(path: str, reason: PassedOver) -> None:
    """Keeps nothing of what is passed over."""


@dataclass(slots=True)
class Tally:
    """What was passed over, counted by reason; `listing` is given a line for each, if it is there.

    Its `note` is a Note.
    """

    listing: Callable[[str], object] | None = None
    counts: Counter[PassedOver] = field(default_factory=Counter)

    def note(self, path: str, reason: PassedOver) -> None:
        """Counts one file or folder."""
        self.counts[reason] += 1
        if self.listing:
            self.listing(f"passed over: {path}: {reason}")

    @property
    def sentences(self) -> list[str]:
        """How many were passed over for each reason, in words, the commonest first."""
        return [f"{count} passed over: {reason}" for reason, count in self.counts.most_common()]


def is_system_name(name: str) -> bool:
    """Whether a file or folder of this name is hidden, or a system's own."""
    return name.startswith(".") or name.lower() in _SYSTEM_NAMES


def is_system_path(path: PurePath) -> bool:
    """Whether any part of a path, such as one inside a ZIP file, is hidden or a system's own."""
    return any(is_system_name(part) for part in path.parts if part not in (".", ".."))


def files_below(
    folder: Path,
    *,
    leave_out: Path | None = None,
    links_outside: bool = True,
    note: Note = ignore,
) -> Iterator[Path]:
    """The files below a folder, at any depth, as they are found.

    Sorted by name, but in a folder of more than SORTED_ENTRIES entries as the disk gives them. What
    is hidden or a system's own is passed over, and so are pipes, devices, dead links and links to
    folders; links to files are followed, out of the folder only with `links_outside`. `note` takes
    each. The folder `leave_out` is as if it were not there. A folder that can't be listed is given
    itself, so that reading it says why.
    """
    left_out = _path_met(folder, leave_out) if leave_out else None
    root = None if links_outside else folder.resolve()
    opened = [_entries(folder)]
    while opened:
        for entry in opened[-1]:
            if isinstance(entry, Path):
                yield entry
                continue
            if entry.path == left_out:
                continue
            is_folder = entry.is_dir(follow_symlinks=False) and not _is_junction(entry)
            reason = _reason(entry, root, is_folder=is_folder)
            if reason:
                note(entry.path, reason)
            elif is_folder:
                opened.append(_entries(Path(entry.path)))
                break
            else:
                yield Path(entry.path)
        else:
            opened.pop()


def _reason(entry: os.DirEntry[str], root: Path | None, *, is_folder: bool) -> PassedOver | None:
    if is_system_name(entry.name):
        return PassedOver.SYSTEM
    if is_folder:
        return None
    try:
        if entry.is_dir():
            return PassedOver.LINK_TO_FOLDER
        if not entry.is_file():
            return PassedOver.DEAD_LINK if entry.is_symlink() else PassedOver.NO_FILE
        if root and entry.is_symlink():
            end = Path(entry.path).resolve(strict=True)
            return None if end.is_relative_to(root) else PassedOver.LINK_OUTSIDE
    except (OSError, RuntimeError):  # a link to itself, or one that may not be followed
        return PassedOver.DEAD_LINK
    return None


def _is_junction(entry: os.DirEntry[str]) -> bool:
    """Whether a folder is one of Windows' other links to folders, which may lead in a ring."""
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:
        return False
    return getattr(found, "st_reparse_tag", 0) == _MOUNT_POINT


def _entries(folder: Path) -> Iterator[os.DirEntry[str] | Path]:
    """What a folder holds; its own path where it can't be listed."""
    try:
        with os.scandir(folder) as found:
            first = list(islice(found, SORTED_ENTRIES + 1))
            if len(first) <= SORTED_ENTRIES:
                first.sort(key=lambda entry: entry.name)
            yield from first
            yield from found
    except OSError:
        yield folder


def _path_met(folder: Path, inner: Path) -> str | None:
    """The path by which a walk from `folder` comes to `inner`; None where it never does."""
    root, end = folder.resolve(), inner.resolve()
    return str(folder / end.relative_to(root)) if end.is_relative_to(root) else None
