"""Films decoded once into one memory-mapped array of network pictures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from tqdm import tqdm

from covid_core.crop import WHOLE, Crop
from covid_core.errors import UNREADABLE, DatasetError, RefusedFile, listed
from covid_core.prepare.preprocess import Preprocess
from covid_core.read.reading import read_file
from covid_core.storage.arrays import file_stamp
from covid_core.storage.atomic import replacing, write_whole

_CROPS = ".crops.json"
_LATER = ("mean", "std")  # the pictures are normalised after they are stored


def cached_pictures(
    paths: Sequence[Path], preprocess: Preprocess, folder: Path, *, workers: int
) -> tuple[np.ndarray, dict[int, str]]:
    """The films' pictures, uint8 (N, S, S) memory-mapped; and why, for each that can't be read.

    Such a film's picture is left black. The cache is named by the files (path, size, time of
    change) and the preprocessing, so that a change of either makes a new one; it is complete or
    absent, never half-written, and absent where a file could not be opened, which may pass. Raises
    CovidCoreError where it can't be written.
    """
    name = _fingerprint(paths, preprocess)
    pictures_path, refused_path = folder / f"{name}.npy", folder / f"{name}.json"
    if not (pictures_path.exists() and refused_path.exists()):
        pictures, refusals, crops = _decode(paths, preprocess, workers)
        if preprocess.borders != "keep":  # first: whoever finds the pictures finds these too
            _write_crops(folder / f"{name}{_CROPS}", crops)
        refused = {i: refusal.sentence for i, refusal in refusals.items()}
        if any(refusal.code == UNREADABLE for refusal in refusals.values()):
            return pictures, refused
        with replacing(pictures_path, size=pictures.nbytes) as file:
            header = npy.header_data_from_array_1_0(pictures)
            npy.write_array_header_1_0(file, header)
            file.write(pictures.data)  # np.save says of a full disk only how many bytes went in
        write_whole(refused_path, json.dumps(refused).encode())
    refused = {int(i): reason for i, reason in json.loads(refused_path.read_text()).items()}
    return np.load(pictures_path, mmap_mode="r"), refused


def every_picture(
    paths: Sequence[Path], preprocess: Preprocess, folder: Path, *, workers: int
) -> np.ndarray:
    """The same where each must be there.

    Raises DatasetError, which names those that can't be read.
    """
    pictures, refused = cached_pictures(paths, preprocess, folder, workers=workers)
    if refused:
        unread = [f"{paths[i]}: {reason}" for i, reason in refused.items()]
        raise DatasetError(
            f"radiographs could be read for the manifest and can't be now{listed(unread)}",
            "Make the manifest anew",
        )
    return pictures


def cached_crops(
    paths: Sequence[Path], preprocess: Preprocess, folder: Path, *, workers: int
) -> tuple[Crop, ...]:
    """The part of each film that its picture shows, from the same cache.

    WHOLE of a film that can't be read. Raises CovidCoreError where it can't be written.
    """
    if preprocess.borders == "keep":
        return (WHOLE,) * len(paths)
    cached_pictures(paths, preprocess, folder, workers=workers)
    sides = json.loads((folder / f"{_fingerprint(paths, preprocess)}{_CROPS}").read_text())
    return tuple(Crop(*one) for one in sides)


def _write_crops(path: Path, crops: Sequence[Crop]) -> None:
    sides = [[crop.left, crop.top, crop.right, crop.bottom] for crop in crops]
    write_whole(path, json.dumps(sides).encode())


def _decode(
    paths: Sequence[Path], preprocess: Preprocess, workers: int
) -> tuple[np.ndarray, dict[int, RefusedFile], list[Crop]]:
    side = preprocess.size_px
    pictures = np.zeros((len(paths), side, side), np.uint8)
    refused: dict[int, RefusedFile] = {}
    crops = [WHOLE] * len(paths)

    def decode(i: int) -> None:
        try:
            film = read_file(paths[i])
            pictures[i], crops[i] = preprocess.picture(film), preprocess.crop(film)
        except RefusedFile as error:
            refused[i] = error.with_traceback(None)  # whose frames hold the film

    with ThreadPoolExecutor(workers) as pool:
        progress = pool.map(decode, range(len(paths)))
        list(tqdm(progress, total=len(paths), desc="decoding radiographs", unit="radiograph"))
    return pictures, refused, crops


def _fingerprint(paths: Sequence[Path], preprocess: Preprocess) -> str:
    made = {k: v for k, v in preprocess.to_json().items() if k not in _LATER}
    if preprocess.borders == "keep":  # as caches were named before there was a choice
        del made["borders"]
    digest = hashlib.sha256(json.dumps(made, sort_keys=True).encode())
    for path in paths:
        digest.update(file_stamp(path) + b"\n")
    return digest.hexdigest()[:16]
