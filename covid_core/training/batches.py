"""A step's films on the device, and all that is known of them; the next ones are on their way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from covid_core.boxes import union_mask
from covid_core.training.feed import feed
from covid_core.training.films import Films

MASK_PX = 64  # of a film's side: finer than any feature map
_AHEAD = 2  # batches
_Loaded = TypeVar("_Loaded")


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """N films.

    `indices`: int (N,); the rest on the device: `pictures` uint8 (N, S, S), `labels` and
    `appearances` int64 (N,), `annotated` bool (N,), `masks` uint8 (N, 64, 64), None where no boxes
    are learnt.
    """

    indices: np.ndarray
    pictures: torch.Tensor
    labels: torch.Tensor
    appearances: torch.Tensor
    annotated: torch.Tensor
    masks: torch.Tensor | None


class Loader:
    """Films to batches. `boxes`: whether their masks are wanted."""

    def __init__(self, films: Films, device: torch.device, *, boxes: bool) -> None:
        self._give = feed(films.pictures, device)
        self._films, self._device, self._boxes = films, device, boxes
        self._annotated = films.annotated

    def __call__(self, indices: np.ndarray) -> Batch:
        films = self._films
        return Batch(
            indices,
            self._give(indices),
            self._moved(films.labels[indices]),
            self._moved(films.appearances[indices]),
            self._moved(self._annotated[indices]),
            self._moved(masks_of(films, indices)) if self._boxes else None,
        )

    def _moved(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(self._device, non_blocking=True)


def masks_of(films: Films, indices: np.ndarray, side_px: int = MASK_PX) -> np.ndarray:
    """The union of each film's boxes over the whole film: uint8 (N, side_px, side_px), 0 to 255;
    empty where a film was not annotated.
    """
    masks = np.zeros((len(indices), side_px, side_px), np.uint8)
    for mask, i in zip(masks, indices, strict=True):
        boxes = films.boxes[i]
        if boxes:
            mask[:] = np.rint(union_mask(boxes, side_px, side_px) * 255)
    return masks


def ahead(
    load: Callable[[np.ndarray], _Loaded], batches: Iterable[np.ndarray]
) -> Iterator[_Loaded]:
    """What `load` makes of each batch, in their order, the next ones loaded by another thread."""
    with ThreadPoolExecutor(1) as pool:
        coming: deque[Future[_Loaded]] = deque()
        for indices in batches:
            coming.append(pool.submit(load, indices))
            if len(coming) > _AHEAD:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def share_of(batch: np.ndarray, rank: int, count: int) -> np.ndarray:
    """A process's part of a batch: as many films for each, none without.

    Where there are too few, the first ones serve again, for a process without films would keep all
    others waiting.
    """
    whole = -(-len(batch) // count) * count
    return np.resize(batch, whole)[rank::count]
