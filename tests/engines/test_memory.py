"""Where a GPU's memory is full, half as much is tried, and at last the CPU; nothing is left out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from covid_core.engines.memory import CPU, in_batches, made_to_fit, no_room_to_train
from covid_core.errors import TrainingError

GPU = torch.device("cuda")


def full() -> torch.OutOfMemoryError:
    return torch.OutOfMemoryError("CUDA out of memory")


def test_half_as_many_until_they_fit() -> None:
    def make(films: int) -> str:
        if films > 5:
            raise full()
        return f"for {films}"

    assert made_to_fit(make, 64) == "for 4"


def test_nothing_where_not_even_one_fits() -> None:
    def make(films: int) -> str:
        raise full()

    assert made_to_fit(make, 64) is None


def test_what_follows_from_a_full_memory_counts_as_one() -> None:
    """As where a graph is being recorded, whose end then fails in its own way."""

    def make(films: int) -> int:
        try:
            if films > 1:
                raise full()
        finally:
            if films > 1:
                raise RuntimeError("capture was invalidated")
        return films

    assert made_to_fit(make, 8) == 1


def test_other_errors_are_not_hidden() -> None:
    def make(films: int) -> int:
        raise RuntimeError("another kind")

    with pytest.raises(RuntimeError, match="another kind"):
        made_to_fit(make, 8)


@pytest.mark.parametrize("room", [8, 3, 0])
def test_every_film_is_answered_once_and_in_order(room: int) -> None:
    calls: list[tuple[str, int]] = []

    def answer(indices: np.ndarray, there: torch.device) -> torch.Tensor:
        calls.append((there.type, len(indices)))
        if there == GPU and len(indices) > room:
            raise full()
        return torch.from_numpy(indices * 10)

    answers = in_batches(answer, np.arange(3, 14), GPU, 4)
    assert torch.cat(answers).tolist() == list(range(30, 140, 10))
    assert (
        calls
        == {
            8: [("cuda", 4), ("cuda", 4), ("cuda", 3)],
            3: [("cuda", 4), *[("cuda", 2)] * 5, ("cuda", 1)],
            0: [("cuda", 4), ("cuda", 2), ("cuda", 1), *[("cpu", 4)] * 2, ("cpu", 3)],
        }[room]
    )


def test_no_films_ask_nothing() -> None:
    assert in_batches(lambda indices, there: torch.zeros(1), np.zeros(0, int), CPU, 4) == []


def test_training_says_which_option_to_lower() -> None:
    with pytest.raises(TrainingError, match="memory is full") as stopped, no_room_to_train():
        raise full()
    assert "--batch-size" in stopped.value.remedy and "--resume" in stopped.value.remedy
    with pytest.raises(RuntimeError, match="another kind"), no_room_to_train():
        raise RuntimeError("another kind")
