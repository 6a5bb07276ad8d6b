"""Preprocessing: the same network input for the same film, however it was stored or exposed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from covid_core.preprocess import Preprocess
from covid_core.reading import read_radiograph
from tests.films import dicom_file, encode, grey_film

FILM = grey_film(500, 400)
PIXELS = (FILM / 255).astype(np.float32)


@pytest.mark.parametrize("fit", ["squash", "pad"])
def test_picture_is_square_and_uses_the_whole_range(fit: str) -> None:
    picture = Preprocess(fit=fit).picture(PIXELS)  # type: ignore[arg-type]
    assert (picture.shape, picture.dtype) == ((224, 224), np.uint8)
    assert (picture.min(), picture.max()) == (0, 255)


def test_bit_depth_and_file_kind_do_not_matter() -> None:
    wide = FILM.astype(np.uint16)
    files = [
        encode(FILM, "PNG"), encode(wide * 257, "PNG"), encode(wide * 16, "TIFF"),
        dicom_file(wide * 16, bits_stored=12),
        dicom_file(4080 - wide * 16, bits_stored=12, photometric="MONOCHROME1"),
    ]  # fmt: skip
    pictures = [Preprocess().picture(read_radiograph(data).pixels).astype(int) for data in files]
    for picture in pictures[1:]:
        assert np.abs(picture - pictures[0]).max() <= 1


def test_exposure_does_not_matter() -> None:
    darker = Preprocess().picture(PIXELS * np.float32(0.4) + np.float32(0.1)).astype(int)
    assert np.abs(darker - Preprocess().picture(PIXELS)).max() <= 1


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


def test_tensor_is_normalised_grey() -> None:
    preprocess = Preprocess()
    tensor = preprocess.tensor(np.array([[[0, 255]]], np.uint8))
    assert tensor.dtype == torch.float32
    assert tensor.tolist() == [[[[-2.0, 2.0]]]]


def test_settings_survive_json_and_describe_themselves() -> None:
    preprocess = Preprocess(size_px=160, low_percentile=1)
    assert Preprocess(**preprocess.to_json()) == preprocess
    assert "160 px" in preprocess.describe()
    assert "from the 1th" in preprocess.describe()
