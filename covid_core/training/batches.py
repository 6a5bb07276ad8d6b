"""The batches of a phase: films and all that is known of them, on the device before their step."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from covid_core.training import processes
from covid_core.training.films import Films
from covid_core.training.recipe import EACH_ONCE
from covid_core.training.run import Plan, Run
from covid_core.training.sampling import draw_batches, film_weights, shuffle_batches

_AHEAD = 2  # batches loaded before they are needed
_GPU_SHARE = 0.3  # of a GPU's free memory that pictures may take
_Loaded = TypeVar("_Loaded")

PictureSource = Callable[[np.ndarray], torch.Tensor]
"""From indices, int (N,), pictures on the device, uint8 (N, S, S)."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """N films.

    `indices`: int (N,); the rest on the device: `pictures` uint8 (N, S, S), `labels` and
    `appearances` int64 (N,), `annotated` bool (N,), `masks` uint8 (N, MASK_PX, MASK_PX), None where
    no boxes are learnt; `sources` int64 (N,), a number for each source.
    """

    indices: np.ndarray
    pictures: torch.Tensor
    labels: torch.Tensor
    appearances: torch.Tensor
    annotated: torch.Tensor
    masks: torch.Tensor | None
    sources: torch.Tensor


class BatchLoader:
    """A maker of batches on a device, with masks of the boxes where those are learnt."""

    def __init__(self, films: Films, device: torch.device, *, boxes: bool) -> None:
        self._load_pictures = picture_source(films.pictures, device)
        self._films, self._device, self._boxes = films, device, boxes
        self._annotated = films.annotated
        self._sources = np.unique(films.sources, return_inverse=True)[1]

    def load(self, indices: np.ndarray) -> Batch:
        """The batch of the films at `indices`."""
        films = self._films
        return Batch(
            indices,
            self._load_pictures(indices),
            self._to_device(films.labels[indices]),
            self._to_device(films.appearances[indices]),
            self._to_device(self._annotated[indices]),
            self._to_device(films.masks(indices)) if self._boxes else None,
            self._to_device(self._sources[indices]),
        )

    def _to_device(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(self._device, non_blocking=True)


def load_batches(run: Run, plan: Plan, start: int, *, boxes: bool) -> Iterator[Batch]:
    """The batches of a phase's steps from `start` on, each this process's share of it."""
    batch_size, balance = run.recipe.optimisation.batch_size, run.recipe.balance
    films, indices = plan.films, plan.indices
    if balance == EACH_ONCE:
        batches = shuffle_batches(indices, plan.steps, batch_size, plan.seed, start)
    else:
        weights = film_weights(
            films.labels[indices], films.sources[indices], balance, films.is_known[indices]
        )
        batches = draw_batches(indices, weights, plan.steps, batch_size, plan.seed, start)
    own = (process_share(batch, processes.rank(), processes.count()) for batch in batches)
    return prefetch(BatchLoader(films, run.device, boxes=boxes).load, own)


def picture_source(pictures: np.ndarray, device: torch.device) -> PictureSource:
    """A function that gives the pictures, uint8 (N, S, S), at some indices on the device.

    A GPU that has room is given all of them once, so that no step waits for the loader.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        if pictures.nbytes < _GPU_SHARE * free:
            resident = torch.from_numpy(np.array(pictures)).to(device)
            return lambda indices: resident[torch.from_numpy(indices).to(device)]
    return lambda indices: torch.from_numpy(pictures[indices]).to(device, non_blocking=True)


def prefetch(
    load: Callable[[np.ndarray], _Loaded], batches: Iterable[np.ndarray]
) -> Iterator[_Loaded]:
    """What `load` gives for each batch, in order, the next ones loaded by another thread."""
    with ThreadPoolExecutor(1) as pool:
        coming: deque[Future[_Loaded]] = deque()
        for indices in batches:
            coming.append(pool.submit(load, indices))
            if len(coming) > _AHEAD:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def process_share(batch: np.ndarray, rank: int, count: int) -> np.ndarray:
    """One process's share of a batch, the same number of films for each of `count` processes.

    Where there are too few, the first ones serve again: a process without films would keep all
    others waiting.
    """
    whole = -(-len(batch) // count) * count
    return np.resize(batch, whole)[rank::count]
