"""Augmentation: in range, repeatable, and different for every film of a batch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from covid_core.boxes import union_mask
from covid_core.prepare.preprocess import Preprocess
from covid_core.training.augment import Augmentation, augment, augment_with_masks, shrink
from covid_core.training.films import Films
from covid_core.training.inference import network_input
from tests.films import grey_film

FILMS = torch.from_numpy(np.stack([grey_film(128, 128)] * 6))


NOTHING = Augmentation(
    rotation_degrees=0,
    scale=(1, 1),
    aspect=0,
    shift=0,
    mirrored=0,
    gamma=0,
    contrast=0,
    brightness=0,
    sharpness=(0, 0),
    noise=0,
    patches=0,
)


def drawn(seed: int, size_px: int = 96, by: Augmentation = Augmentation()) -> torch.Tensor:  # noqa: B008
    return augment(FILMS, size_px, by, torch.Generator().manual_seed(seed))


def test_gives_grey_films_of_the_requested_size() -> None:
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


def test_mirroring_is_drawn_only_where_it_is_requested() -> None:
    mirrored = drawn(0, 128, replace(NOTHING, mirrored=0.5))[:, 0]
    plain = (mirrored - FILMS / 255).abs().amax(dim=(1, 2)) < 1e-4
    flipped = (mirrored - FILMS.flip(2) / 255).abs().amax(dim=(1, 2)) < 1e-4
    assert (plain ^ flipped).all()
    assert plain.any() and flipped.any()


def texture() -> np.ndarray:
    """Fine grain, uint8 (4, 224, 224): what folds into coarse patterns where it is shrunk badly."""
    return np.random.default_rng(0).integers(0, 256, (4, 224, 224)).astype(np.uint8)


def test_training_shrinks_films_as_validation_does() -> None:
    """Without a filter, fine detail was a third stronger in training."""
    pictures = texture()
    trained = augment(torch.from_numpy(pictures), 96, NOTHING, torch.Generator().manual_seed(0))
    films = Films(
        pictures,
        np.zeros(4, np.int64),
        np.arange(4),
        np.array(["a"] * 4),
        np.array(["train"] * 4),
        ("",) * 4,
    )
    preprocess = Preprocess()
    seen = network_input(films, np.arange(4), preprocess, 96, torch.device("cpu"))
    assert torch.allclose(preprocess.normalise(trained), seen, atol=1e-4)


def test_shrinking_leaves_no_more_grain_than_an_average_does() -> None:
    small = shrink(torch.from_numpy(texture()), 56)
    assert small.shape == (4, 1, 56, 56)
    assert small.std() < 0.12, "of grain whose deviation is 0.29, 4 x 4 pixels to one"


BOX = (0.55, 0.2, 0.85, 0.5)


def with_box() -> tuple[torch.Tensor, torch.Tensor]:
    """Dark films with a bright box, uint8 (8, 128, 128), and masks of it, uint8 (8, 64, 64)."""
    films = np.rint(union_mask([BOX], 128, 128) * 255).astype(np.uint8)
    masks = np.rint(union_mask([BOX], 64, 64) * 255).astype(np.uint8)
    return torch.from_numpy(np.stack([films] * 8)), torch.from_numpy(np.stack([masks] * 8))


def test_boxes_go_with_the_film_through_crops_flips_and_rotations() -> None:
    geometry = replace(
        NOTHING, rotation_degrees=25, scale=(0.7, 1.4), aspect=0.2, shift=0.15, mirrored=0.5
    )
    films, masks = with_box()
    seen: list[float] = []
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)
        moved, boxes = augment_with_masks(films, masks, 128, geometry, generator)
        small = torch.nn.functional.adaptive_avg_pool2d(moved, 64)
        assert boxes.shape == (8, 1, 64, 64)
        assert (small - boxes).abs().mean() < 0.02
        assert ((small > 0.9) <= (boxes > 0.3)).all(), "no bright cell without its box"
        seen += [float(one.mean()) for one in boxes]
    assert np.std(seen) > 0.01, "they do move"


def test_a_bar_hides_the_boxes_below_it_and_shifts_the_other_greys() -> None:
    films, masks = with_box()
    bars = replace(NOTHING, bars=1.0, bar_side=0.3)
    moved, boxes = augment_with_masks(films, masks, 64, bars, torch.Generator().manual_seed(1))
    for film, box in zip(moved[:, 0], boxes[:, 0], strict=True):
        edge = film[0, 0]
        assert edge in (0, 1)
        covered = film == edge
        assert not box[:, 0].any() and not box[0].any()
        inside = ~covered.all(dim=1)[:, None] & ~covered.all(dim=0)[None, :]
        assert inside.any()


def test_no_bar_is_drawn_where_none_is_requested() -> None:
    films, masks = with_box()
    moved, boxes = augment_with_masks(films, masks, 128, NOTHING, torch.Generator().manual_seed(1))
    assert torch.allclose(moved[:, 0], films / 255, atol=1e-4)
    assert torch.allclose(boxes[:, 0], masks / 255, atol=1e-4)


def test_shear_slants_what_stands_upright_and_leaves_what_lies() -> None:
    upright = torch.zeros(64, 128, 128, dtype=torch.uint8)
    upright[:, :, 62:66] = 255
    level = upright.transpose(1, 2)
    sheared = replace(NOTHING, shear_degrees=20.0)
    slants = []
    for films in (upright, level):
        moved = augment(films, 128, sheared, torch.Generator().manual_seed(0))[:, 0]
        across = torch.arange(128.0)
        along = (moved if films is upright else moved.transpose(1, 2)) * across
        middle = along.sum(dim=2) / moved.sum(dim=2 if films is upright else 1)
        slants.append((middle[:, 110] - middle[:, 17]).abs())  # px over 93 px
    assert slants[0].max() > 20
    assert slants[0].max() < 93 * 0.37, "no more than 20 degrees"
    assert slants[1].max() < 1


def test_shear_is_drawn_last_so_that_all_else_is_drawn_as_without_it() -> None:
    plain, sheared = Augmentation(), Augmentation(shear_degrees=1e-9)
    geometry = [replace(one, noise=0, patches=0, gamma=0, contrast=0) for one in (plain, sheared)]
    geometry = [replace(one, brightness=0, sharpness=(0, 0)) for one in geometry]
    first, second = (drawn(3, 96, by) for by in geometry)
    assert torch.allclose(first, second, atol=1e-4)


def test_a_shift_may_differ_across_and_down() -> None:
    films = torch.zeros(32, 128, 128, dtype=torch.uint8)
    films[:, 60:68, 60:68] = 255
    moved = augment(
        films, 128, replace(NOTHING, shift=(0.2, 0.0)), torch.Generator().manual_seed(0)
    )
    place = torch.arange(128.0)
    mass = moved.sum(dim=(1, 2, 3))
    down = (moved[:, 0].sum(dim=2) * place).sum(dim=1) / mass
    across = (moved[:, 0].sum(dim=1) * place).sum(dim=1) / mass
    assert (down - 63.5).abs().max() < 0.1
    assert 15 < (across - 63.5).abs().max() < 128 * 0.2 + 0.1
