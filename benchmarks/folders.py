"""Folders of films to score: phantoms, no two of the same bytes, and trees of a million files."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np

from covid_core.read.phantom import KINDS, draw_phantom
from tests.films import encode

_SIDE_PX = 512
DRAWN = 24  # phantoms; the files are these under other noise
_IN_A_FOLDER = 1_000
_LARGE_FOLDER = 50_000  # files of the last one: too many to be sorted
_FILM_EVERY = 2_000  # of a tree's files one is a film


def film(number: int) -> tuple[str, bytes]:
    """A phantom's file, name and bytes; no other number has the same."""
    noise = np.random.default_rng(number).integers(0, 8, (_SIDE_PX, _SIDE_PX), np.uint8)
    pixels = np.minimum(_drawn(number % DRAWN), 247) + noise
    if number % 2:
        return f"{number:06}.jpg", encode(pixels, "JPEG", quality=92)
    return f"{number:06}.png", encode(pixels, "PNG", compress_level=1)


@cache
def _drawn(number: int) -> np.ndarray:
    return draw_phantom(KINDS[number % len(KINDS)], size_px=_SIDE_PX, seed=number)


def films_in(folder: Path, count: int) -> Path:
    """A folder of so many phantoms, in folders of _IN_A_FOLDER."""
    for number in range(count):
        name, data = film(number)
        path = folder / f"{number // _IN_A_FOLDER:04}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def tree(folder: Path, files: int) -> Path:
    """So many files, nearly all of them empty, in small folders and a large one."""
    name, data = film(0)
    original = folder.with_suffix(Path(name).suffix)
    original.write_bytes(data)
    small = files - min(files // 2, _LARGE_FOLDER)
    for number in range(files):
        part = folder / (f"{number // _IN_A_FOLDER:05}" if number < small else "large")
        if number % _IN_A_FOLDER == 0 or number == small:
            part.mkdir(parents=True, exist_ok=True)
        path = part / f"{number:07}.png"
        if number % _FILM_EVERY:
            os.close(os.open(path, os.O_CREAT))
        else:
            path.hardlink_to(original)
    return folder
