"""Every film of a dataset looked at once: its hash, size, brightness and a thumbnail.

What was seen is kept in a cache by path, size and time of change, so that a second look reads only
the films that are new or changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from covid_core.errors import UNREADABLE, RefusedFile
from covid_core.prepare.preprocess import Preprocess
from covid_core.read.reading import read_file
from covid_core.storage.arrays import file_stamp, load_arrays, save_arrays

THUMBNAIL_PX = 64
_VERSION = "1"  # raised whenever what is looked at, or how, changes
_THUMBNAIL = Preprocess(size_px=THUMBNAIL_PX, fit="squash")  # copies differ in aspect


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """One entry a film in every array; `reason` is empty where the film can be read.

    `sha256`: hex digest of the file; `width`, `height`: px; `brightness`: mean grey level, 0 to 1,
    of the film as displayed; `thumbnails`: uint8 (N, 64, 64), squashed and stretched.
    """

    sha256: np.ndarray
    width: np.ndarray
    height: np.ndarray
    brightness: np.ndarray
    thumbnails: np.ndarray
    reason: np.ndarray

    def __getitem__(self, chosen: np.ndarray) -> Survey:
        return Survey(*(getattr(self, name)[chosen] for name in self.__slots__))


def survey(paths: Sequence[Path], cache: Path, *, workers: int) -> Survey:
    """Look at every film, or remember it. `cache`: a folder, made where there is none."""
    known = _Cache(cache / "survey.npz")
    keys = [_key(path) for path in paths]
    seen = _empty(len(paths))
    rows = np.array([known.rows.get(key, -1) for key in keys], np.int64)
    for name in Survey.__slots__ if known.survey else ():
        array = getattr(seen, name)
        array[rows >= 0] = getattr(known.survey, name)[rows[rows >= 0]]
    new = np.nonzero(rows < 0)[0]

    passing: set[int] = set()  # could not be opened this time

    def look(i: int) -> None:
        if not _look(paths[i], seen, i):
            passing.add(i)

    with ThreadPoolExecutor(workers) as pool:
        looked = pool.map(look, new)
        list(
            tqdm(
                looked,
                total=len(new),
                desc="looking at radiographs",
                unit="radiograph",
                disable=not len(new),
            )
        )
    lasting = np.array([i for i in new if i not in passing], np.int64)
    if len(lasting):
        known.add([keys[i] for i in lasting], seen[lasting])
    return seen


def _look(path: Path, seen: Survey, i: int) -> bool:
    """Whether what was seen may be remembered: not of a file that could not be opened."""
    try:
        radiograph = read_file(path)
    except RefusedFile as error:
        seen.reason[i] = error.sentence
        return error.code != UNREADABLE
    seen.sha256[i] = radiograph.sha256
    seen.width[i], seen.height[i] = radiograph.width_px, radiograph.height_px
    seen.brightness[i] = radiograph.pixels.mean()
    seen.thumbnails[i] = _THUMBNAIL.picture(radiograph)
    return True


def _empty(count: int) -> Survey:
    side = THUMBNAIL_PX
    return Survey(
        sha256=np.full(count, "", "<U64"),
        width=np.zeros(count, np.int32),
        height=np.zeros(count, np.int32),
        brightness=np.zeros(count, np.float32),
        thumbnails=np.zeros((count, side, side), np.uint8),
        reason=np.full(count, "", "<U200"),
    )


def _key(path: Path) -> str:
    return hashlib.sha256(_VERSION.encode() + file_stamp(path)).hexdigest()


class _Cache:
    """One file of arrays on the disk. One that can't be read is as good as none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.survey: Survey | None = None
        self.rows: dict[str, int] = {}
        arrays = load_arrays(path, ("key", *Survey.__slots__))
        if arrays:
            self.rows = {key: row for row, key in enumerate(arrays.pop("key").tolist())}
            self.survey = Survey(**arrays)

    def add(self, keys: list[str], new: Survey) -> None:
        """Write what was known and what is new."""
        old = self.survey
        arrays = {
            name: np.concatenate([getattr(old, name), getattr(new, name)])
            if old
            else getattr(new, name)
            for name in Survey.__slots__
        }
        save_arrays(self.path, {"key": np.array([*self.rows, *keys], "<U64"), **arrays})
