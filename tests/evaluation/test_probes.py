"""Who looks at the border is caught, who looks at the lungs is not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from covid_core.evaluation.probes import PROBES, cover, lung_box_out, measure_shortcuts, place
from covid_core.evaluation.sample import Sample, prepare
from covid_core.evaluation.targets import judge_probes
from covid_core.model.audit import Probes
from covid_core.prepare.occlusion import widened
from covid_core.prepare.preprocess import Preprocess

pytestmark = pytest.mark.usefixtures("few_resamples")

COUNT, HEIGHT, WIDTH = 40, 224, 256
COVID = 2


@pytest.fixture(scope="module")
def sample() -> Sample:
    """Dark lungs in grey; of COVID-19, one film in two, lungs and frame are a little brighter."""
    labels = np.where(np.arange(COUNT) % 2, COVID, np.arange(COUNT) // 2 % 2)
    drawing = np.random.default_rng(0)
    mask = np.zeros((128, 128), bool)
    mask[30:95, 25:55] = mask[30:95, 73:103] = True
    lungs = widened(mask, (HEIGHT, WIDTH))
    ground, films = drawing.normal(120, 8, (HEIGHT, WIDTH)), []
    for label in labels:
        film = ground.copy()
        film[lungs] -= 60
        film[lungs] += drawing.normal(12 * (label == COVID), 2, lungs.sum())
        film[:12, :40] += 60 * (label == COVID)  # a hospital's marker
        films.append(np.clip(film, 0, 255).astype(np.uint8))
    masks = np.repeat(mask[np.newaxis], COUNT, axis=0)
    return Sample(tuple(films), masks, labels, np.arange(COUNT), np.full(COUNT, "clinic"))


def answering(scores: Sequence[float]) -> np.ndarray:
    return np.stack([[0.5 - s / 600, 0.5 - s / 600, s / 300] for s in scores])


class AsItIs(Preprocess):
    """The film itself as the picture, so that what is read of it can be counted."""

    def picture(self, film: np.ndarray) -> np.ndarray:
        return np.rint(film * 255).astype(np.uint8)

    def placement(self, height: int, width: int) -> tuple[int, int, int, int]:
        return 0, 0, height, width


AS_IT_IS = AsItIs()


def reads_marker(films: Sequence[np.ndarray]) -> np.ndarray:
    return answering([film[:12, :40].mean() for film in films])


def reads_lungs(films: Sequence[np.ndarray]) -> np.ndarray:
    return answering([film[80:140, 60:100].mean() for film in films])


def judged(probes: Probes, met: bool | None) -> list[str]:
    """The probes of one verdict: met, missed, or undecided where it is None."""
    verdicts = judge_probes(probes.probes, probes.limit)
    return [name for name, found in verdicts.items() if found is met]


def test_who_reads_the_marker_is_caught(sample: Sample) -> None:
    result = measure_shortcuts(sample, reads_marker, AS_IT_IS)
    value = {name: probe.auroc.value for name, probe in result.probes.items()}
    assert value["intact"] == 1
    assert judged(result, False) == ["lungs_out", "lungs_painted", "lung_box_out", "border_only"]
    assert value["corners_out"] == value["border_out"] == value["lungs_only"] == 0.5
    assert Probes.model_validate_json(json.dumps(result.as_json())) == result


def test_who_reads_the_lungs_is_not(sample: Sample) -> None:
    result = measure_shortcuts(sample, reads_lungs, AS_IT_IS)
    value = {name: probe.auroc.value for name, probe in result.probes.items()}
    assert judged(result, False) == []
    assert value["intact"] == value["lungs_only"] == value["corners_out"] == 1
    assert value["lungs_out"] == value["lung_box_out"] == value["border_only"] == 0.5
    assert value["lungs_painted"] == value["outline_only"] == 0.5


def test_fewer_films_are_the_first_of_each_class_in_turn(sample: Sample) -> None:
    few = sample.some(9)
    assert sorted(few.labels.tolist()) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    for label in range(3):
        own = few.films[np.nonzero(few.labels == label)[0][0]]
        assert own is sample.films[np.nonzero(sample.labels == label)[0][0]]


def test_a_probe_is_judged_by_its_whole_interval(sample: Sample) -> None:
    """Chance decides nothing on so few films: the interval holds the limit."""
    drawing = np.random.default_rng(1)
    few = sample.some(20)
    result = measure_shortcuts(few, lambda films: answering(drawing.uniform(0, 100, 20)), AS_IT_IS)
    without = [name for name, about in PROBES.items() if about.without_lungs]
    for name in without:
        auroc = result.probes[name].auroc
        assert (name in judged(result, False)) == (auroc.low > 0.6)
        assert (name in judged(result, None)) == (auroc.low <= 0.6 < auroc.high)
    assert judged(result, None) and result.covered == "after preparation"


@pytest.mark.parametrize("fit", ["squash", "pad"])
@pytest.mark.parametrize("name", [n for n, about in PROBES.items() if n != "outline_only"])
def test_covering_a_part_changes_no_grey_of_the_rest(name: str, fit: str, sample: Sample) -> None:
    preprocess = Preprocess(size_px=96, fit=fit, tone="equalise")
    film = sample.films[0]
    picture, own = prepare(film, preprocess), place(preprocess, film.shape)
    lungs = widened(sample.masks[0], picture[own].shape)
    left = cover(PROBES[name].cover, picture, lungs, own)
    changed = left != picture
    if name == "lungs_painted":
        assert not changed[own][~lungs].any()
    else:
        assert (left[changed] == 0).all(), "black, or what it was"
    outside = np.ones(picture.shape, bool)
    outside[own] = False
    assert not changed[outside].any(), "padding stays"
    if PROBES[name].without_lungs:
        assert np.array_equal(lungs & ~changed[own], lungs & (left[own] == picture[own]))
        assert changed[own][lungs].mean() > 0.9


def test_films_without_lungs_are_left_out(sample: Sample) -> None:
    masks = sample.masks.copy()
    masks[:4] = False
    result = measure_shortcuts(replace(sample, masks=masks), reads_lungs, AS_IT_IS)
    assert (result.films, result.left_out) == (COUNT - 4, 4)


def test_within_a_source_no_hospital_gives_the_class_away(sample: Sample) -> None:
    def reads_hospital(films: Sequence[np.ndarray]) -> np.ndarray:
        return answering([film[-1, -1] for film in films])

    sources = np.where(np.arange(COUNT) < 30, "both", "covid only")
    labels = np.where(sources == "both", sample.labels, COVID)
    films = []
    for film, source in zip(sample.films, sources, strict=True):
        stamped = film.copy()
        stamped[-1, -1] = 90 if source == "both" else 200
        films.append(stamped)
    mixed = replace(sample, films=tuple(films), labels=labels, sources=sources)
    result = measure_shortcuts(mixed, reads_hospital, AS_IT_IS)
    assert result.probes["border_only"].auroc.value > 0.6
    assert set(result.within) == {"both"}
    assert set(result.within["both"]) == set(PROBES)
    assert result.within["both"]["border_only"].value == 0.5


@pytest.mark.parametrize("name", PROBES)
def test_probes_change_no_film_and_keep_its_size(name: str, sample: Sample) -> None:
    film, before = sample.films[1], sample.films[1].copy()
    lungs = widened(sample.masks[1], film.shape)
    left = PROBES[name].cover(film, lungs)
    assert (left.shape, left.dtype) == (film.shape, np.uint8)
    assert np.array_equal(film, before)
    if PROBES[name].without_lungs:
        assert left.any()
        assert np.array_equal(PROBES[name].cover(np.where(lungs, 0, film), lungs), left)


def test_a_box_goes_around_both_lungs() -> None:
    lungs = np.zeros((20, 30), bool)
    lungs[5:9, 4:8] = lungs[6:12, 20:26] = True
    left = lung_box_out(np.ones((20, 30), np.uint8), lungs)
    assert not left[5:12, 4:26].any()
    assert left.sum() == 600 - 7 * 22


def test_a_lung_torn_by_consolidation_is_whole_again_and_the_middle_stays() -> None:
    mask = np.zeros((128, 128), bool)
    mask[30:95, 25:55] = mask[30:95, 65:103] = True
    torn = mask.copy()
    torn[55:65, 25:55] = False  # a band
    torn[75:85, 78:90] = False  # a hole
    whole = widened(torn, (128, 128))
    assert whole[mask].all()
    assert not whole[40:80, 60].any()
    grown = np.nonzero(whole)
    assert (grown[0].min(), grown[0].max(), grown[1].min()) == (26, 98, 21)


def test_a_mask_at_the_film_s_edge_grows_to_it() -> None:
    mask = np.zeros((128, 128), bool)
    mask[:60, :40] = mask[:60, 90:] = True
    whole = widened(mask, (256, 256))
    assert whole[0, 0] and whole[0, -1] and whole[100, 0]
