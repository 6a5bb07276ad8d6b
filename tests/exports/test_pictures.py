"""The overlay as a picture: heat where it is due, and words beneath that nothing hides."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageColor

from covid_core.exports.pictures import (
    answer_in_words,
    captioned_opacity,
    captioned_overlay,
    captioned_pictures,
    opacity_overlay,
    opacity_png,
    overlay,
    overlay_png,
)
from covid_core.findings import Finding
from covid_core.model.gate_findings import Code
from covid_core.present.overlay import OUTLINE
from tests.exports.results import COVID, NORMAL, OTHER, made

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


def test_the_opacity_map_has_colours_of_its_own_where_it_is_likely() -> None:
    result = made(OTHER, shape=(700, 700), opacity=True)
    cool = coloured(opacity_overlay(result))
    assert cool[400:500, 100:200].mean() > 0.9, "though the class is below its threshold"
    assert not cool[:200].any() and not cool[:, 400:].any()
    red, _, blue = opacity_overlay(result)[cool].astype(int).mean(axis=0)
    warm = overlay(made(COVID, shape=(700, 700)))
    assert red - blue < np.diff(warm[coloured(warm)][:, [2, 0]].astype(int)).mean()


def test_no_map_at_all_is_drawn_where_no_pneumonia_is_seen() -> None:
    result = made(NORMAL, shown=Finding.NORMAL, opacity=True)
    assert not coloured(overlay(result)).any() and not coloured(opacity_overlay(result)).any()
    said = "No heat is drawn: the answer is “no pneumonia seen”."
    assert result.opacity_caption == said and result.caption.startswith(said)


def test_no_map_is_drawn_outside_the_body_nor_where_it_is_weak() -> None:
    left = np.zeros((128, 128), bool)
    left[:, :64] = True
    result = replace(made(shape=(700, 700), opacity=True), body=left)
    for draw in (overlay, opacity_overlay):
        drawn = coloured(draw(result))
        assert drawn[:, :350].any() and not drawn[:, 352:].any()
    weak = replace(result, saliency=replace(result.saliency, full_heat=10.0))
    assert not coloured(overlay(weak)).any(), "at most 0.14 of full heat"


def test_the_opacity_map_carries_its_legend_and_is_a_png() -> None:
    result = made(opacity=True)
    picture = captioned_opacity(result)
    legend = picture[len(opacity_overlay(result)) :]
    assert len(np.unique(legend[coloured(legend)], axis=0)) > 100, "a bar of all its colours"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(opacity_png(result)))), picture)
    with pytest.raises(ValueError, match="no opacity map"):
        opacity_png(made())


def test_both_maps_stand_side_by_side_for_an_archive() -> None:
    result = made(opacity=True)
    both, evidence = captioned_pictures(result), captioned_overlay(result)
    assert both.shape[1] == 2 * evidence.shape[1] and len(both) >= len(evidence)
    assert np.array_equal(both[: len(evidence), evidence.shape[1] :], evidence)
    assert np.array_equal(captioned_pictures(made()), captioned_overlay(made()))


def test_a_picture_carries_the_answer_and_the_gravest_warning() -> None:
    assert answer_in_words(made()) == "COVID-19 likely."
    warned = made(remarks=(Code.CROPPED, Code.CHILD))
    assert answer_in_words(warned).startswith("COVID-19 likely. This looks like a child's")
    assert "cut off" not in answer_in_words(warned), "one warning, the gravest"
    assert answer_in_words(warned).endswith("1 more reason for caution.")
