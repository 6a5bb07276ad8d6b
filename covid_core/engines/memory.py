"""What is done when a GPU's memory is full: half as many films at once, and at last the CPU."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import numpy as np
import torch

from covid_core.errors import TrainingError

_LOG = logging.getLogger(__name__)
CPU = torch.device("cpu")
Made = TypeVar("Made")


def pick_device() -> torch.device:
    """The GPU where there is one, else the CPU."""
    return torch.device("cuda") if torch.cuda.is_available() else CPU


def made_to_fit(make: Callable[[int], Made], films: int) -> Made | None:
    """What `make` makes for that many films at once, or half as many, and so on.

    None where the memory does not hold one film.
    """
    while films:
        try:
            return make(films)
        except RuntimeError as error:
            if not is_full(error):
                raise
            _LOG.warning("the GPU's memory is too full for %d radiographs at once", films)
        torch.cuda.empty_cache()  # only now that no exception holds the tensors
        films //= 2
    return None


def in_batches(
    answer: Callable[[np.ndarray, torch.device], torch.Tensor],
    indices: np.ndarray,
    device: torch.device,
    films: int,
) -> list[torch.Tensor]:
    """The results of `answer`, (n, …), on the films at `indices`, so many at once.

    `indices`: (N,). It runs on `device` as long as its memory holds one film.
    """

    def some(there: torch.device, first: int, count: int) -> torch.Tensor:
        return answer(indices[first : first + count], there)

    answers: list[torch.Tensor] = []
    done, at_once = 0, films
    while done < len(indices):
        found = made_to_fit(partial(some, device, done), at_once)
        if found is None:
            _LOG.warning("the GPU's memory is full: the CPU goes on")
            device, at_once = CPU, films
            continue
        answers.append(found)
        done, at_once = done + len(found), len(found)
    return answers


@contextmanager
def no_room_to_train() -> Iterator[None]:
    """Says of a full memory what to do: training can't halve its batch and stay the same."""
    try:
        yield
    except RuntimeError as error:
        if not is_full(error):
            raise
        raise TrainingError(
            "the GPU's memory is full",
            "Train anew with a smaller --batch-size or smaller images (--stages); or, where another"
            " program held the memory, go on with --resume",
        ) from error


def is_full(error: BaseException) -> bool:
    """Whether an error is that of a full memory, or followed from it while a graph was recorded."""
    return isinstance(error, torch.OutOfMemoryError) or isinstance(
        error.__context__, torch.OutOfMemoryError
    )
