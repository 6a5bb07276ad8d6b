"""Preprocessing: the same network input for the same film, however it was stored or exposed."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from covid_core.prepare.preprocess import Preprocess, _smooth, shrink_for
from covid_core.read.reading import read_radiograph
from tests.films import dicom_file, encode, grey_film

FILM = grey_film(500, 400)
PIXELS = (FILM / 255).astype(np.float32)


@pytest.mark.parametrize("fit", ["squash", "pad"])
def test_picture_is_square_and_uses_the_whole_range(fit: str) -> None:
    picture = Preprocess(fit=fit).picture(PIXELS)  # type: ignore[arg-type]
    assert (picture.shape, picture.dtype) == ((224, 224), np.uint8)
    assert (picture.min(), picture.max()) == (0, 255)


@pytest.mark.parametrize("fit", ["squash", "pad"])
def test_bit_depth_and_file_kind_do_not_matter(fit: str) -> None:
    wide = FILM.astype(np.uint16)
    files = [
        encode(FILM, "PNG"),
        encode(wide * 257, "PNG"),
        encode(wide * 16, "TIFF"),
        dicom_file(wide * 16, bits_stored=12),
        dicom_file(4080 - wide * 16, bits_stored=12, photometric="MONOCHROME1"),
    ]
    preprocess = Preprocess(fit=fit)  # type: ignore[arg-type]
    pictures = [preprocess.picture(read_radiograph(data).pixels).astype(int) for data in files]
    for picture in pictures[1:]:
        assert np.abs(picture - pictures[0]).max() <= 1


@pytest.mark.parametrize(("contrast", "offset"), [(0.4, 0.1), (0.05, 0.9), (0.8, 0)])
def test_exposure_does_not_matter(contrast: float, offset: float) -> None:
    darker = Preprocess().picture(PIXELS * np.float32(contrast) + np.float32(offset)).astype(int)
    assert np.abs(darker - Preprocess().picture(PIXELS)).max() <= 1


@pytest.mark.parametrize("fit", ["squash", "pad"])
def test_a_radiograph_gives_what_its_pixels_give_and_keeps_what_it_shrank_to(fit: str) -> None:
    radiograph = read_radiograph(encode(FILM, "PNG"))
    large = Preprocess(fit=fit, smooth_px=0.7, tone="equalise")  # type: ignore[arg-type]
    small = Preprocess(size_px=128, fit=fit)  # type: ignore[arg-type]
    shrink_for(radiograph, large, small)
    for preprocess in (large, small):
        assert np.array_equal(preprocess.picture(radiograph), preprocess.picture(PIXELS))
        _, _, height, width = preprocess.placement(*FILM.shape)
        kept = radiograph.shrunk((width, height))[0]
        assert kept is radiograph.shrunk((width, height))[0]
        assert not kept.flags.writeable


@pytest.mark.parametrize("deviation_px", [0.3, 0.7, 1.0, 2.5])
def test_smoothing_is_scipy_s(deviation_px: float) -> None:
    noise = np.random.default_rng(0).random((224, 179)).astype(np.float32)
    expected = gaussian_filter(noise, deviation_px, mode="nearest")
    assert np.array_equal(_smooth(noise, deviation_px), expected)


def test_smoothing_quenches_noise_and_keeps_what_is_large() -> None:
    noisy = PIXELS + np.random.default_rng(0).normal(0, 0.1, PIXELS.shape).astype(np.float32)
    clean = Preprocess(tone="equalise").picture(PIXELS).astype(int)

    def far(preprocess: Preprocess, pixels: np.ndarray) -> float:
        return float(np.abs(preprocess.picture(pixels) - clean).mean())

    sharp, smooth = Preprocess(tone="equalise"), Preprocess(tone="equalise", smooth_px=1.0)
    assert far(smooth, noisy) < 0.6 * far(sharp, noisy)
    assert far(smooth, PIXELS) < 0.3 * far(sharp, noisy)
    assert "smoothed by 1 px" in smooth.describe() and "smoothed" not in sharp.describe()


def test_equalised_no_tone_curve_matters() -> None:
    preprocess = Preprocess(tone="equalise")
    picture = preprocess.picture(PIXELS)
    for gamma in (0.5, 2.0):
        curved = preprocess.picture((PIXELS ** np.float32(gamma)).astype(np.float32))
        assert np.abs(curved.astype(int) - picture).mean() < 1.5
        plain = Preprocess().picture((PIXELS ** np.float32(gamma)).astype(np.float32))
        assert np.abs(plain.astype(int) - Preprocess().picture(PIXELS)).mean() > 15


def test_equalised_every_grey_is_as_frequent() -> None:
    picture = Preprocess(tone="equalise").picture(PIXELS)
    tenths = np.histogram(picture, bins=10, range=(0, 256))[0] / picture.size
    assert tenths == pytest.approx(np.full(10, 0.1), abs=0.02)
    flat = PIXELS.copy()
    flat[:250] = 0
    assert len(np.unique(Preprocess(tone="equalise").picture(flat)[:100])) == 1


def test_a_bright_marker_does_not_darken_the_film() -> None:
    film = PIXELS * np.float32(0.5)
    marked = film.copy()
    marked[10:20, 10:40] = 1
    plain = Preprocess().picture(film).astype(int)
    assert np.abs(Preprocess().picture(marked).astype(int) - plain)[50:].max() <= 12


def test_padding_keeps_the_aspect_between_black_bands() -> None:
    preprocess = Preprocess(fit="pad")
    top, left, height, width = preprocess.placement(*PIXELS.shape)
    assert (height, width) == (224, 179)
    picture = preprocess.picture(PIXELS)
    assert picture[:, :left].max() == 0
    assert picture[:, left + width :].max() == 0
    assert picture[:, left : left + width].max() == 255
    assert top == 0


@pytest.mark.parametrize("size", [(500, 400), (400, 500), (300, 300), (384, 128), (131, 390)])
def test_placement_lies_centred_in_the_square(size: tuple[int, int]) -> None:
    assert Preprocess().placement(*size) == (0, 0, 224, 224)
    top, left, height, width = Preprocess(fit="pad").placement(*size)
    assert max(height, width) == 224
    assert abs(height / width - size[0] / size[1]) < 0.03
    assert abs((224 - height) - 2 * top) <= 1
    assert abs((224 - width) - 2 * left) <= 1


def test_tensor_is_normalised_grey() -> None:
    preprocess = Preprocess()
    tensor = preprocess.tensor(np.array([[[0, 255]]], np.uint8))
    assert tensor.dtype == torch.float32
    assert tensor.tolist() == [[[[-2.0, 2.0]]]]
    assert preprocess.tensor(np.zeros((3, 224, 224), np.uint8)).shape == (3, 1, 224, 224)


def test_settings_survive_json_and_describe_themselves() -> None:
    preprocess = Preprocess(160, "pad", 0.5, 1, 98.5, "equalise", 0.48, 0.23)
    assert Preprocess(**json.loads(json.dumps(preprocess.to_json()))) == preprocess
    said = preprocess.describe()
    phrases = ("160 px", "padded", "smoothed by 0.5 px", "from the 1th", "98.5th", "equalised")
    for words in (*phrases, "0.48", "0.23"):
        assert words in said
