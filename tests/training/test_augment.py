"""Augmentation: in range, repeatable, and different for every film of a batch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from covid_core.training.augment import Augmentation, augment
from tests.films import grey_film

FILMS = torch.from_numpy(np.stack([grey_film(128, 128)] * 6))


NOTHING = Augmentation(
    rotation_degrees=0, scale=(1, 1), aspect=0, shift=0, mirrored=0, gamma=0, contrast=0,
    brightness=0, sharpness=(0, 0), noise=0, patches=0,
)  # fmt: skip


def drawn(seed: int, size_px: int = 96, by: Augmentation = Augmentation()) -> torch.Tensor:  # noqa: B008
    return augment(FILMS, size_px, by, torch.Generator().manual_seed(seed))


def test_gives_grey_films_of_the_size_asked_for() -> None:
    films = drawn(0)
    assert (films.shape, films.dtype) == ((6, 1, 96, 96), torch.float32)
    assert 0 <= films.min() < films.max() <= 1


def test_same_seed_same_films() -> None:
    assert torch.equal(drawn(3), drawn(3))
    assert not torch.equal(drawn(3), drawn(4))


def test_every_film_of_a_batch_is_drawn_for_itself() -> None:
    films = drawn(0).flatten(1)
    distances = torch.cdist(films, films) + torch.eye(6) * 100
    assert distances.min() > 1


def test_the_film_stays_recognisable() -> None:
    """Over many draws the mean still shows the film, mirrored or not."""
    many = torch.cat([drawn(seed) for seed in range(40)]).mean(dim=0)[0]
    plain = torch.nn.functional.interpolate(FILMS[:1, None].float(), 96, mode="area")[0, 0]
    folded, film = many + many.flip(1), plain + plain.flip(1)
    assert torch.corrcoef(torch.stack([folded.flatten(), film.flatten()]))[0, 1] > 0.7


def test_an_augmentation_of_nothing_changes_nothing() -> None:
    assert torch.allclose(drawn(0, 128, NOTHING)[:, 0], FILMS / 255, atol=1e-5)


def test_mirroring_is_drawn_only_where_it_is_asked_for() -> None:
    mirrored = drawn(0, 128, replace(NOTHING, mirrored=0.5))[:, 0]
    plain = (mirrored - FILMS / 255).abs().amax(dim=(1, 2)) < 1e-4
    flipped = (mirrored - FILMS.flip(2) / 255).abs().amax(dim=(1, 2)) < 1e-4
    assert (plain ^ flipped).all()
    assert plain.any() and flipped.any()
