"""`forget`: delete what is remembered of radiographs between runs."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from covid_core.commands.arguments import CACHE, Cache
from covid_core.commands.status import DONE, SOME_FAILED

_DIGEST = "[0-9a-f]{16}"
# As the rooms that write there name their files, whole or half-written.
_REMEMBERED = re.compile(
    rf"(survey\.npz|(twins|lungs|answers)-{_DIGEST}\.npz|{_DIGEST}(\.npy|\.json|\.crops\.json))"
    r"(\.partial)?"
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """Delete what this program remembers of radiographs between runs.

    Thumbnails, decoded pictures, outlines of lungs and answers. Files of other names, and all that
    you wrote under a name of your own, stay. Exit status: 0 all is deleted, 1 some could not be.
    """

    cache: Cache = CACHE


def run(options: Options) -> int:
    """The exit status, once the files of the cache are deleted and counted."""
    found = remembered(options.cache)
    size = sum(path.stat().st_size for path in found)
    kept = [failure for path in found if (failure := _delete(path))]
    for failure in kept:
        print(failure, file=sys.stderr)
    with suppress(OSError):  # not empty, or never there
        options.cache.rmdir()
    print(f"{options.cache}: {len(found) - len(kept)} files deleted of {size / 1e6:.1f} MB in all")
    return SOME_FAILED if kept else DONE


def remembered(cache: Path) -> list[Path]:
    """The files of a cache that this program wrote; none where there is no such folder."""
    if not cache.is_dir():
        return []
    return sorted(
        path
        for path in cache.iterdir()
        if _REMEMBERED.fullmatch(path.name) and path.is_file() and not path.is_symlink()
    )


def _delete(path: Path) -> str:
    """Why a file could not be deleted; "" where it was."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        return f"{path}: it can't be deleted ({error.strerror}). Check who may write to its folder."
    return ""
