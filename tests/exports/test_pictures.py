"""The overlay as a picture: heat where it is due, and words beneath that nothing hides."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageColor

from covid_core.exports.pictures import captioned_overlay, overlay, overlay_png
from covid_core.present.overlay import OUTLINE
from tests.exports.results import COVID, NORMAL, made

SKY = np.array(ImageColor.getrgb(OUTLINE))


def coloured(pixels: np.ndarray) -> np.ndarray:
    """Where it is neither grey nor the outline, bool (H, W)."""
    return (np.ptp(pixels.astype(int), axis=2) > 8) & (pixels != SKY).any(axis=2)


def test_heat_lies_where_the_evidence_does() -> None:
    warm = coloured(overlay(made(COVID, shape=(700, 700))))
    rows, _columns = np.nonzero(warm)
    assert warm.mean() > 0.03
    assert rows.min() > 0.45 * 700  # the evidence is in the rows of cells 4 and 5
    assert warm[:, :300].any() and warm[:, 400:].any()


def test_no_heat_is_drawn_below_the_threshold() -> None:
    result = made(NORMAL, shape=(700, 700))
    picture = overlay(result)
    assert not coloured(picture).any()
    line = (picture == SKY).all(axis=2)
    assert line.any()
    assert np.array_equal(picture[~line], np.dstack([result.film] * 3)[~line])


@pytest.mark.parametrize("shape", [(128, 128), (128, 384), (384, 128), (700, 600), (2100, 1800)])
def test_the_words_stand_beneath_a_film_of_any_size(shape: tuple[int, int]) -> None:
    film = overlay(made(shape=shape))
    whole = captioned_overlay(made(shape=shape))
    assert film.shape[1] >= 512 and film.shape[0] / film.shape[1] == pytest.approx(
        shape[0] / shape[1]
    )
    assert np.array_equal(whole[: len(film)], film)
    strip = whole[len(film) :]
    assert strip.max() > 200 and (strip > 128).mean() > 0.02
    margin = film.shape[1] // 100
    assert strip[:, -margin:].max() == 0 and strip[-margin:].max() == 0  # no letter is cut off
    assert len(strip) < 0.4 * film.shape[1]


def test_the_png_is_the_picture_and_nothing_else() -> None:
    picture = Image.open(io.BytesIO(overlay_png(made())))
    assert (picture.format, picture.info) == ("PNG", {})
    assert np.array_equal(np.asarray(picture), captioned_overlay(made()))
    assert overlay_png(made()) == overlay_png(made())
