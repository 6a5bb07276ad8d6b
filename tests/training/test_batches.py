"""A step's films: what is known of them goes along, and no process is left without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from covid_core.training.batches import BatchLoader, picture_source, prefetch, process_share
from covid_core.training.films import MASK_PX, Films
from tests.films import grey_film

BOXES = (((0.5, 0.0, 1.0, 0.5),), (), None)
FILMS = Films(
    np.stack([grey_film(64, 64, seed=i) for i in range(3)]),
    np.array([2, 0, -1]),
    np.arange(3),
    np.array(["a"] * 3),
    np.array(["train"] * 3),
    ("x", "y", "z"),
    appearances=np.array([1, 0, 2]),
    boxes=BOXES,
)


def test_a_batch_has_all_that_is_known() -> None:
    batch = BatchLoader(FILMS, torch.device("cpu"), boxes=True).load(np.array([2, 0]))
    assert batch.labels.tolist() == [-1, 2]
    assert batch.appearances.tolist() == [2, 1]
    assert batch.annotated.tolist() == [False, True]
    assert torch.equal(batch.pictures, torch.from_numpy(FILMS.pictures[[2, 0]]))
    assert batch.masks is not None
    assert batch.masks.float().mean(dim=(1, 2)).tolist() == pytest.approx([0, 255 / 4])


def test_masks_are_made_only_where_boxes_are_learnt() -> None:
    loader = BatchLoader(FILMS, torch.device("cpu"), boxes=False)
    assert loader.load(np.array([0])).masks is None


def test_a_batch_numbers_the_sources() -> None:
    films = replace(FILMS, sources=np.array(["b", "b", "a"]))
    batch = BatchLoader(films, torch.device("cpu"), boxes=False).load(np.arange(3))
    assert batch.sources[0] == batch.sources[1] != batch.sources[2]


def test_a_mask_lies_where_its_box_does() -> None:
    mask = FILMS.masks(np.array([0]))[0]
    half = MASK_PX // 2
    assert (mask[:half, half:] == 255).all()
    assert mask.sum() == 255 * half * half


def test_films_that_teach_anything_are_learnt_from() -> None:
    assert FILMS.training_indices().tolist() == [0, 1, 2]
    nothing = Films(
        FILMS.pictures, np.array([2, 0, -1]), FILMS.groups, FILMS.sources, FILMS.splits, FILMS.names
    )
    assert nothing.training_indices().tolist() == [0, 1]


def test_batches_come_in_their_order_whoever_loads_them() -> None:
    batches = [np.array([i]) for i in range(20)]
    assert list(prefetch(lambda indices: int(indices[0]), batches)) == list(range(20))


def test_what_fails_while_loading_is_raised() -> None:
    def fail(indices: np.ndarray) -> None:
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        list(prefetch(fail, [np.array([0])]))


@pytest.mark.parametrize(("films", "processes"), [(1, 2), (3, 2), (5, 4), (8, 4)])
def test_every_process_has_as_many_films_of_a_batch(films: int, processes: int) -> None:
    batch = np.arange(films)
    shares = [process_share(batch, rank, processes) for rank in range(processes)]
    assert len({len(share) for share in shares}) == 1
    assert len(shares[0]) >= 1
    assert set(np.concatenate(shares)) == set(batch)


def test_pictures_are_given_by_their_indices_from_a_memory_map(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (10, 8, 8)).astype(np.uint8)
    np.save(tmp_path / "p.npy", pictures)
    mapped = np.load(tmp_path / "p.npy", mmap_mode="r")
    loaded = picture_source(mapped, torch.device("cpu"))(np.array([3, 3, 7]))
    assert loaded.dtype == torch.uint8
    assert np.array_equal(loaded.numpy(), pictures[[3, 3, 7]])
