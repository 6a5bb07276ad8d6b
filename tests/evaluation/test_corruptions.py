"""Each corruption: pure, of the film's size, rising with strength, and as strong as published."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

import covid_core.model.torchvision_ops  # noqa: F401  (must come before torchvision)

# isort: split
from torchvision.transforms.functional import gaussian_blur

from covid_core.evaluation.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from covid_core.read.phantom import draw_phantom

FILM = draw_phantom("opacities on both sides", size_px=256)[:224]  # 224 x 256: no square
GREY = np.full((224, 256), 102, np.uint8)  # 0.4 of white


def spoilt(film: np.ndarray, name: str, strength: int) -> np.ndarray:
    return corrupt(film, name, strength, seed=3).astype(float)


def value(name: str, strength: int) -> float:
    return CORRUPTIONS[name].values[strength - 1]


def test_thirteen_are_published_and_four_are_ours() -> None:
    published = [corruption.published for corruption in CORRUPTIONS.values()]
    assert (sum(published), len(published)) == (13, 17)
    assert {len(corruption.values) for corruption in CORRUPTIONS.values()} == {len(STRENGTHS)}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_is_pure_and_keeps_size_and_type(name: str) -> None:
    before = FILM.copy()
    first, again = (corrupt(FILM, name, 4, seed=7) for _ in range(2))
    assert (first.shape, first.dtype) == (FILM.shape, np.uint8)
    assert np.array_equal(first, again)
    assert np.array_equal(FILM, before)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_rises_with_strength(name: str) -> None:
    away = [np.abs(spoilt(FILM, name, strength) - FILM).mean() for strength in STRENGTHS]
    assert away[0] > 0
    assert away == sorted(set(away))


@pytest.mark.parametrize("name", ["gaussian_noise", "impulse_noise", "rotation", "text", "border"])
def test_other_seeds_throw_other_dice(name: str) -> None:
    drawn = {corrupt(FILM, name, 3, seed).tobytes() for seed in range(8)}
    assert len(drawn) >= 2


@pytest.mark.parametrize("strength", STRENGTHS)
def test_tones_follow_their_formulas(strength: int) -> None:
    film = FILM.astype(float)
    for name in ("brightness_up", "brightness_down"):
        expected = np.clip(film * value(name, strength), 0, 255)
        assert np.abs(spoilt(FILM, name, strength) - expected).max() <= 1
    for name in ("contrast_up", "contrast_down"):
        expected = np.clip(film.mean() + value(name, strength) * (film - film.mean()), 0, 255)
        assert np.abs(spoilt(FILM, name, strength) - expected).max() <= 1.5  # a whole mean
    for name in ("gamma_corr_up", "gamma_corr_down"):
        expected = 255 * (film / 255) ** value(name, strength)
        assert np.abs(spoilt(FILM, name, strength) - expected).max() <= 0.5


@pytest.mark.parametrize("strength", (1, 2, 3))  # beyond, black and white cut the noise off
def test_noise_has_the_published_spread(strength: int) -> None:
    for name, expected in (
        ("gaussian_noise", 255 * value("gaussian_noise", strength)),
        ("speckle_noise", 102 * value("speckle_noise", strength)),
        ("shot_noise", 255 * np.sqrt(0.4 / value("shot_noise", strength))),
    ):
        noisy = spoilt(GREY, name, strength)
        assert noisy.mean() == pytest.approx(102, abs=1)
        assert noisy.std() == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_salt_is_as_frequent_as_pepper(strength: int) -> None:
    noisy = spoilt(GREY, "impulse_noise", strength)
    half = value("impulse_noise", strength) / 2
    assert (noisy == 255).mean() == pytest.approx(half, rel=0.25)
    assert (noisy == 0).mean() == pytest.approx(half, rel=0.25)
    assert set(np.unique(noisy)) == {0, 102, 255}


@pytest.mark.parametrize("strength", STRENGTHS)
def test_blur_is_torchvision_s(strength: int) -> None:
    side = int(value("gaussian_blur", strength))
    expected = gaussian_blur(torch.from_numpy(FILM).double()[None], [side, side])[0].numpy()
    assert np.abs(spoilt(FILM, "gaussian_blur", strength) - expected).max() <= 0.51


@pytest.mark.parametrize("strength", STRENGTHS)
def test_pixels_are_as_many_as_published(strength: int) -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (224, 1))
    factor = value("pixelate", strength)
    assert len(np.unique(spoilt(ramp, "pixelate", strength)[0])) == int(256 * factor)
    assert len(np.unique(spoilt(ramp.T.copy(), "pixelate", strength)[:, 0])) == int(256 * factor)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_jpeg_is_of_the_published_quality(strength: int) -> None:
    quality = int(value("jpeg_compression", strength))
    _, file = cv2.imencode(".jpg", FILM, [cv2.IMWRITE_JPEG_QUALITY, quality])
    expected = cv2.imdecode(file, cv2.IMREAD_GRAYSCALE).astype(float)
    assert np.abs(spoilt(FILM, "jpeg_compression", strength) - expected).mean() < 0.5


@pytest.mark.parametrize("strength", STRENGTHS)
def test_a_spot_turns_by_the_angle_and_moves_with_the_crop(strength: int) -> None:
    film = np.zeros((224, 256), np.uint8)
    film[30:35, 126:131] = 255  # 79.5 px above the middle
    turned = np.array(np.nonzero(spoilt(film, "rotation", strength) > 60)).mean(axis=1)
    away = turned - (111.5, 127.5)
    angle = np.degrees(np.arctan2(away[1], -away[0]))
    assert abs(angle) == pytest.approx(value("rotation", strength), abs=0.8)

    film = np.roll(film, 40, axis=0)
    share = value("crop", strength)
    cropped = np.array(np.nonzero(spoilt(film, "crop", strength) > 60)).mean(axis=1)
    assert cropped[0] + 0.5 == pytest.approx((72.5 / 224 - share) / (1 - 2 * share) * 224, abs=1)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_a_border_is_a_frame_around_the_whole_film(strength: int) -> None:
    framed = corrupt(np.full_like(FILM, 90), "border", strength, seed=1)
    down, across = np.nonzero(framed == 90)
    share = value("border", strength)
    assert set(np.unique(framed)) in ({0, 90}, {90, 255})
    assert down.min() == 223 - down.max() == round(224 * share)
    assert across.min() == 255 - across.max() == round(256 * share)


def test_text_is_white_and_leaves_the_chest_alone() -> None:
    for seed in range(5):
        changed = corrupt(FILM, "text", 5, seed) != FILM
        assert 0.005 < changed.mean() < 0.1
        assert not changed[70:160].any()
