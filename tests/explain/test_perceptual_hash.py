"""The hash: near for copies of a picture, far for others."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy.fft import dctn
from scipy.ndimage import gaussian_filter

from covid_core.explain.perceptual_hash import (
    HASH_BITS,
    PICTURE,
    SAME_PICTURE,
    distances,
    hashes_of,
)
from covid_core.read.reading import read_radiograph
from tests.films import encode


def textured(seed: int, side: int = 240) -> np.ndarray:
    """A picture with detail in the frequencies that ribs have, uint8."""
    grain = gaussian_filter(np.random.default_rng(seed).normal(size=(side, side)), side / 40)
    return np.rint(255 * (grain - grain.min()) / np.ptp(grain)).astype(np.uint8)


def hash_of(data: bytes) -> np.ndarray:
    return hashes_of(PICTURE.picture(read_radiograph(data))[np.newaxis])[0]


def apart(one: np.ndarray, other: np.ndarray) -> int:
    return int(distances(one, other[np.newaxis])[0])


@pytest.fixture(scope="module")
def film() -> Image.Image:
    return Image.fromarray(textured(0))


def test_the_signs_are_those_of_scipys_transform() -> None:
    picture = PICTURE.picture(textured(1).astype(np.float32) / 255)
    expected = dctn(picture.astype(float), type=2)[4:20, 4:20] > 0
    assert (np.unpackbits(hashes_of(picture[np.newaxis])[0]).reshape(16, 16) == expected).all()


@pytest.mark.parametrize("quality", [30, 60, 95])
@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_copy_compressed_again_is_near(film: Image.Image, kind: str, quality: int) -> None:
    copy = encode(film, kind, quality=quality)
    assert apart(hash_of(encode(film, "PNG")), hash_of(copy)) <= SAME_PICTURE


@pytest.mark.parametrize("size", [(130, 130), (480, 480), (300, 200)])
def test_a_copy_of_another_size_is_near(film: Image.Image, size: tuple[int, int]) -> None:
    copy = encode(film.resize(size, Image.Resampling.BICUBIC), "PNG")
    assert apart(hash_of(encode(film, "PNG")), hash_of(copy)) <= SAME_PICTURE


def test_a_brighter_copy_of_more_contrast_is_near(film: Image.Image) -> None:
    copy = encode(film.point(lambda grey: min(round(grey * 1.15 + 10), 255)), "PNG")
    assert apart(hash_of(encode(film, "PNG")), hash_of(copy)) <= SAME_PICTURE


def test_other_pictures_are_far() -> None:
    files = (encode(textured(seed), "PNG") for seed in range(12))
    hashes = np.stack([hash_of(file) for file in files])
    between = [distances(one, np.delete(hashes, i, axis=0)) for i, one in enumerate(hashes)]
    assert np.min(between) > SAME_PICTURE
    assert np.mean(between) == pytest.approx(HASH_BITS / 2, abs=10)


def test_a_mirrored_film_is_another_picture(film: Image.Image) -> None:
    mirrored = encode(film.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "PNG")
    assert apart(hash_of(encode(film, "PNG")), hash_of(mirrored)) > SAME_PICTURE


def test_distances_count_bits() -> None:
    hashes = np.array([[0] * 32, [255] * 32, [1] + [0] * 31], np.uint8)
    assert distances(hashes[0], hashes).tolist() == [0, HASH_BITS, 1]
