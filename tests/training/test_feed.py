"""Films to the device: the ones asked for, whatever holds them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from covid_core.training.feed import feed


def test_films_asked_for_are_given_from_a_memory_map(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (10, 8, 8)).astype(np.uint8)
    np.save(tmp_path / "p.npy", pictures)
    mapped = np.load(tmp_path / "p.npy", mmap_mode="r")
    given = feed(mapped, torch.device("cpu"))(np.array([3, 3, 7]))
    assert given.dtype == torch.uint8
    assert np.array_equal(given.numpy(), pictures[[3, 3, 7]])
