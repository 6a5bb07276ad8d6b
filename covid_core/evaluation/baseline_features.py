"""What a baseline sees of a film: its file's header, its outer frame, a thumbnail. No more.

Each is too little to read a chest film by. What they give away, a network may have used
too (Maguolo and Nanni 2021; DeGrave, Janizek and Lee 2021).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from tqdm import tqdm

from covid_core.datasets.cache import every_picture
from covid_core.predict import lungs as outlines
from covid_core.predict.lungs import LUNG, Lungs
from covid_core.prepare.preprocess import Preprocess
from covid_core.storage.arrays import file_stamp, load_arrays, save_arrays

SIDE_PX = 32  # of a thumbnail
FRAME_PX = 4  # of the outer frame, on each side of it
UNKNOWN = "unknown"  # colour mode
_CELL = outlines.PREPROCESS.size_px // SIDE_PX  # of the lungs' grid, a thumbnail's pixel
_MARGIN = 4  # of the lungs' grid: how far a lung is widened, as `evaluation.probes` does
_THUMBNAIL = Preprocess(size_px=SIDE_PX)
_BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class BaselineFeatures:
    """One row a film.

    `header`: float64 (N, 1 + modes), the logarithm of width by height, then 1 for the file's colour
    mode. `frame`: uint8 (N, 448), the outer frame of the thumbnail, black where a lung reaches into
    it. `thumbnail`: uint8 (N, 1024), 32 x 32 px, squashed, stretched.
    """

    header: np.ndarray
    frame: np.ndarray
    thumbnail: np.ndarray


def read_features(names: Sequence[str], cache: Path, *, workers: int) -> BaselineFeatures:
    """The features of films, by their paths.

    Pictures and lungs are remembered in `cache`. Raises CovidCoreError where it can't be written,
    DatasetError where a film can't be read, WeightsError without a network of the lungs.
    """
    paths = [Path(name) for name in names]
    with ThreadPoolExecutor(workers) as pool:
        headers = list(pool.map(header, paths))
    pictures = every_picture(paths, _THUMBNAIL, cache, workers=workers)
    frame = np.where(_lungs(paths, cache, workers), 0, pictures)[:, outer_frame()]
    return BaselineFeatures(as_numbers(headers), frame, np.reshape(pictures, (len(paths), -1)))


def header(path: Path) -> tuple[float, str]:
    """Width by height, and the colour mode, as the file's header has them; no pixel is decoded."""
    try:
        with Image.open(path) as image:
            return image.width / image.height, image.mode
    except UnidentifiedImageError:  # DICOM
        import pydicom  # slow to import, and most collections hold none

        tags = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        width, height = (int(tags.get(side) or 1) for side in ("Columns", "Rows"))
        return width / height, str(tags.get("PhotometricInterpretation") or UNKNOWN)


def as_numbers(headers: Sequence[tuple[float, str]]) -> np.ndarray:
    """The `BaselineFeatures.header` of what `header` gave."""
    aspects, modes = (np.array(column) for column in zip(*headers, strict=True))
    return np.column_stack([np.log(aspects), modes[:, np.newaxis] == np.unique(modes)])


def outer_frame() -> np.ndarray:
    """True in a thumbnail's outer frame: bool (32, 32)."""
    frame = np.ones((SIDE_PX, SIDE_PX), bool)
    frame[FRAME_PX:-FRAME_PX, FRAME_PX:-FRAME_PX] = False
    return frame


def coarse(masks: np.ndarray) -> np.ndarray:
    """The pixels of a thumbnail that a lung, a little widened, touches.

    Bool (N, 128, 128) to (N, 32, 32).
    """
    from scipy.ndimage import maximum_filter  # slow to import

    wide = maximum_filter(masks, (1, 2 * _MARGIN + 1, 2 * _MARGIN + 1))
    cells = wide.reshape(len(masks), SIDE_PX, _CELL, SIDE_PX, _CELL)
    return np.asarray(cells.any(axis=(2, 4)))


def _lungs(paths: Sequence[Path], cache: Path, workers: int) -> np.ndarray:
    """The `coarse` lungs of every film, computed once for these files and this network."""
    network = Lungs.load()
    digest = hashlib.sha256(network.card.sha256.encode())
    for path in paths:
        digest.update(file_stamp(path) + b"\n")
    kept = cache / f"lungs-{digest.hexdigest()[:16]}.npz"
    found = load_arrays(kept, ("coarse",))
    if found is None:
        pictures = every_picture(paths, outlines.PREPROCESS, cache, workers=workers)
        batches = range(0, len(paths), _BATCH)
        masks = [
            coarse(network.masks(np.asarray(pictures[start : start + _BATCH])) > LUNG)
            for start in tqdm(batches, "finding lungs", disable=len(batches) == 1)
        ]
        found = {"coarse": np.concatenate(masks)}
        save_arrays(kept, found)
    return found["coarse"]
