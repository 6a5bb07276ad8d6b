"""Films decoded once into one memory-mapped array of network pictures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tqdm import tqdm

from covid_core.datasets.remembered import file_stamp
from covid_core.errors import RefusedFile
from covid_core.preprocess import Preprocess
from covid_core.reading import read_file


def cached_pictures(
    paths: Sequence[Path], preprocess: Preprocess, folder: Path, *, workers: int
) -> tuple[np.ndarray, dict[int, str]]:
    """The films' pictures, uint8 (N, S, S) memory-mapped; and why, for each that can't be read.

    An unreadable film's picture is left black. The cache is named by the files (path, size, time of
    change) and the preprocessing, so that a change of either makes a new one; it is complete or
    absent, never half-written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = _fingerprint(paths, preprocess)
    pictures_path, refused_path = folder / f"{name}.npy", folder / f"{name}.json"
    if not refused_path.exists():
        pictures, refused = _decode(paths, preprocess, workers)
        partial = pictures_path.with_suffix(".partial.npy")
        np.save(partial, pictures)
        partial.replace(pictures_path)
        partial = refused_path.with_suffix(".partial.json")
        partial.write_text(json.dumps(refused))
        partial.replace(refused_path)
    refused = {int(i): reason for i, reason in json.loads(refused_path.read_text()).items()}
    return np.load(pictures_path, mmap_mode="r"), refused


def _decode(
    paths: Sequence[Path], preprocess: Preprocess, workers: int
) -> tuple[np.ndarray, dict[int, str]]:
    side = preprocess.size_px
    pictures = np.zeros((len(paths), side, side), np.uint8)
    refused: dict[int, str] = {}

    def decode(i: int) -> None:
        try:
            pictures[i] = preprocess.picture(read_file(paths[i]))
        except RefusedFile as error:
            refused[i] = error.sentence

    with ThreadPoolExecutor(workers) as pool:
        progress = pool.map(decode, range(len(paths)))
        list(tqdm(progress, total=len(paths), desc="decoding films", unit="film"))
    return pictures, refused


def _fingerprint(paths: Sequence[Path], preprocess: Preprocess) -> str:
    digest = hashlib.sha256(json.dumps(preprocess.to_json(), sort_keys=True).encode())
    for path in paths:
        digest.update(file_stamp(path) + b"\n")
    return digest.hexdigest()[:16]
