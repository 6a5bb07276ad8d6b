"""Baselines: named where something but the lungs shows the class, silent where only they do."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from covid_core.datasets.split import Split
from covid_core.errors import DatasetError
from covid_core.evaluation.baseline_features import (
    BaselineFeatures,
    as_numbers,
    coarse,
    header,
    outer_frame,
    read_features,
)
from covid_core.evaluation.baselines import (
    BASELINES,
    COMMONEST,
    baselines_in_words,
    best_baseline,
    is_clear,
    measure_baselines,
    score_baselines,
)
from covid_core.evaluation.evaluate import measure_parts
from covid_core.model.results import TEST, Results
from covid_core.model.tasks import TASKS
from covid_core.read.phantom import draw_phantom
from covid_core.training.films import Films
from tests.films import dicom_file, encode, grey_film

TASK = TASKS["covid or normal"]
COUNT = 240
LABELS = np.arange(COUNT) % 2
SPLITS = np.array([Split.TRAIN.value] * 120 + [Split.TEST.value] * 80 + [Split.HELD_OUT.value] * 40)


@pytest.fixture(autouse=True)
def fewer_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("covid_core.metrics.RESAMPLES", 200)


@pytest.fixture(scope="module")
def films() -> Films:
    return Films(
        pictures=np.zeros((COUNT, 1, 1), np.uint8),
        labels=LABELS,
        groups=np.arange(COUNT),
        sources=np.where(Split.HELD_OUT.value == SPLITS, "away", "home"),
        splits=SPLITS,
        names=tuple(f"{i}.png" for i in range(COUNT)),
    )


def blind() -> BaselineFeatures:
    """Of films that differ by chance alone."""
    draw = np.random.default_rng(0)
    headers = [(float(aspect), "L") for aspect in draw.uniform(0.8, 1.2, COUNT)]
    return BaselineFeatures(
        as_numbers(headers),
        draw.integers(0, 256, (COUNT, 8)).astype(np.uint8),
        draw.integers(0, 256, (COUNT, 8)).astype(np.uint8),
    )


@pytest.fixture(scope="module")
def blind_scores(films: Films) -> dict[str, np.ndarray]:
    """Of the baselines that see nothing: fitted once for all tests."""
    return score_baselines(films, blind(), TASK)


def answers(films: Films, right: float) -> dict[Split, np.ndarray]:
    """Of a network that calls so great a share of each class right."""
    given = {}
    for split in (Split.TEST, Split.HELD_OUT):
        labels = films.labels[films.part(split)]
        hits = np.arange(len(labels)) // 2 % 20 < 20 * right
        calls = np.where(hits, labels, 1 - labels)
        given[split] = np.stack([1 - calls, calls], axis=1) * 0.8 + 0.1
    return given


def baselines(
    films: Films, scores: dict[str, np.ndarray], right: float, *, paired: bool = True
) -> dict[str, Any]:
    given = answers(films, right)
    results = measure_parts(films, given, TASK, "softmax")
    return measure_baselines(films, scores, TASK, results, given if paired else None)


@pytest.mark.parametrize("paired", [True, False])
def test_where_only_the_lungs_tell_the_baselines_are_chance_and_nothing_is_said(
    films: Films, blind_scores: dict[str, np.ndarray], paired: bool
) -> None:
    found = baselines(films, blind_scores, right=0.95, paired=paired)
    assert set(found) == {TEST, "home", "away"}
    for part in found.values():
        assert set(part) == set(BASELINES)
        for name, baseline in part.items():
            assert baseline.accuracy.value == pytest.approx(0.5, abs=0.2), name
            assert baseline.auroc.value == pytest.approx(0.5, abs=0.2), name
            assert baseline.lead.paired is paired
        assert baselines_in_words(part) == ""
    json.dumps(Results(baselines=found).as_json(), allow_nan=False)


def test_a_class_that_its_header_gives_away_is_said_to_be(films: Films) -> None:
    headers = [(1.2 if label else 0.9, "RGB" if label else "L") for label in LABELS]
    scores = score_baselines(films, replace(blind(), header=as_numbers(headers)), TASK)
    for paired in (True, False):
        part = baselines(films, scores, 0.95, paired=paired)[TEST]
        assert part["header"].accuracy.value == part["header"].auroc.value == 1
        found = best_baseline(part)
        assert found and found[:2] == (BASELINES["header"], part["header"])
        assert found[2].value == 1
        words = baselines_in_words(part)
        assert words.count("is not clearly above") == 2
        assert "accuracy" in words and "AUROC" in words
        assert f"{BASELINES['header']} (1.000)" in words and BASELINES["frame"] not in words


def test_each_baseline_sees_its_own_part_alone(films: Films) -> None:
    for name, size in (("frame", 8), ("thumbnail", 8)):
        bright = np.full((COUNT, size), 60, np.uint8) + 100 * LABELS[:, np.newaxis].astype(np.uint8)
        scores = score_baselines(films, replace(blind(), **{name: bright}), TASK)
        part = baselines(films, scores, right=0.95)[TEST]
        reached = [one for one in BASELINES if not is_clear(part[one], "accuracy")]
        assert reached == [name]


def test_a_network_of_no_worth_is_not_above_the_commonest_class(
    films: Films, blind_scores: dict[str, np.ndarray]
) -> None:
    part = baselines(films, blind_scores, right=0.5)[TEST]
    assert not is_clear(part[COMMONEST], "accuracy") and not is_clear(part[COMMONEST], "auroc")
    assert part[COMMONEST].auroc.value == 0.5
    assert BASELINES[COMMONEST] in baselines_in_words(part)


def test_a_lead_is_the_difference_and_pairing_knows_who_errs_together(films: Films) -> None:
    """A baseline erring on the same films: a small lead is sure when paired, not when apart."""
    given = answers(films, 0.95)
    results = measure_parts(films, given, TASK, "softmax")
    same = answers(films, 0.85)
    scores = {"header": np.zeros((COUNT, 2))}
    for split, probabilities in same.items():
        scores["header"][films.part(split)] = probabilities
    for paired in (True, False):
        part = measure_baselines(films, scores, TASK, results, given if paired else None)[TEST]
        lead = part["header"].lead.accuracy
        assert lead.value == pytest.approx(0.1)
        assert is_clear(part["header"], "accuracy") is (lead.low > 0)
    assert lead.low < 0.03 < lead.high, "apart, the intervals add up"


def test_a_class_of_too_few_films_has_no_auroc(
    films: Films, blind_scores: dict[str, np.ndarray]
) -> None:
    one = replace(films, labels=np.where(films.sources == "away", 0, films.labels))
    given = answers(one, 0.95)
    results = measure_parts(one, given, TASK, "softmax")
    away = results.test.replace(films=40, classes={})
    results = results.replace(held_out={"away": away})
    part = measure_baselines(one, blind_scores, TASK, results, given)["away"]
    assert all(baseline.auroc is None for baseline in part.values())
    assert best_baseline(part, "auroc") is None
    assert "AUROC" not in baselines_in_words(part)


def test_figures_of_other_films_are_refused(films: Films) -> None:
    given = answers(films, 0.9)
    results = measure_parts(films, given, TASK, "softmax")
    results = results.replace(test=results.test.replace(films=81))
    with pytest.raises(DatasetError, match="81 images, and here are 80"):
        measure_baselines(films, {}, TASK, results, given)


def test_nothing_is_learnt_where_one_class_trains(films: Films) -> None:
    train = films.splits == Split.TRAIN.value
    alone = replace(films, labels=np.where(train, 0, films.labels))
    assert score_baselines(alone, blind(), TASK) == {}


def test_the_header_is_read_and_nothing_else(tmp_path: Path) -> None:
    for mode, name in (("RGB", "a.png"), ("L", "b.jpg")):
        Image.new(mode, (90, 60)).save(tmp_path / name)
        assert header(tmp_path / name) == (1.5, mode)
    cut = tmp_path / "c.jpg"
    cut.write_bytes(encode(grey_film(), "JPEG")[:-200])
    assert header(cut) == (160 / 192, "L"), "the pixels are not read"
    (tmp_path / "d.dcm").write_bytes(dicom_file(grey_film()))
    aspect, mode = header(tmp_path / "d.dcm")
    assert (aspect, mode) == (160 / 192, "MONOCHROME2")
    numbers = as_numbers([(1.0, "L"), (2.0, "RGB")])
    assert numbers == pytest.approx(np.array([[0, 1, 0], [np.log(2), 0, 1]]))


def test_lungs_are_black_in_the_frame_and_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = []
    for i in range(3):
        names.append(str(tmp_path / f"{i}.png"))
        Image.fromarray(draw_phantom("clear", size_px=192)[24:168, 31 + i : 161 + i // 2]).save(
            names[-1]
        )
    outline = np.zeros((128, 128), np.float32)
    outline[8:100, 4:50] = 0.9
    masks = "covid_core.predict.lungs.Lungs.masks"
    monkeypatch.setattr(masks, lambda self, pictures: np.stack([outline] * len(pictures)))
    seen = read_features(names, tmp_path / "cache", workers=1)
    assert seen.frame.shape == (3, 448) and seen.thumbnail.shape == (3, 1024)
    shown = seen.thumbnail.reshape(3, 32, 32)[:, outer_frame()]
    kept = seen.frame > 0
    assert (seen.frame[kept] == shown[kept]).all()
    [remembered] = (tmp_path / "cache").glob("lungs-*.npz")
    touched = np.load(remembered)["coarse"][:, outer_frame()]
    assert touched.any() and (seen.frame[touched] == 0).all()
    monkeypatch.setattr(masks, None)  # would fail if it were called again
    again = read_features(names, tmp_path / "cache", workers=1)
    assert (again.frame == seen.frame).all()


def test_a_lung_blackens_each_pixel_that_it_touches_and_a_little_more() -> None:
    mask = np.zeros((1, 128, 128), bool)
    mask[0, 40, 64] = True
    rows, columns = np.nonzero(coarse(mask)[0])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (9, 11, 15, 17)
