"""The gate's training: films spoilt as specified, shares of lungs by hand, a gate that learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from covid_core.__main__ import main
from covid_core.model.gate_findings import FLAWS, OTHERS, Code
from covid_core.model.gate_network import GateNetwork
from covid_core.predict.gate import Gate, Scores, abstains, strangeness
from covid_core.predict.lungs import Lungs
from covid_core.read.phantom import KINDS, draw_phantom
from covid_core.training.gate.films import (
    FILM_PX,
    Examples,
    GateFilms,
    _crop,
    displayed_examples,
    good_examples,
    other_examples,
    phantom_examples,
    read_films,
    spoilt_examples,
    undisplayed_examples,
)
from covid_core.training.gate.fit import train_displays, train_gate
from covid_core.training.gate.measures import kind_figures, scores_of
from covid_core.training.gate.thresholds import pick_thresholds

CROPPED, CHILD = FLAWS.index(Code.CROPPED), FLAWS.index(Code.CHILD)


@pytest.fixture(scope="module")
def films() -> GateFilms:
    pictures = [draw_phantom(KINDS[i % 3], size_px=FILM_PX, seed=i) for i in range(24)]
    return GateFilms(
        np.stack(pictures),
        np.full((24, 2), 0.2),
        np.arange(24) % 2.0,
        np.array(["a", "b"] * 12),
        np.arange(24),
    )


@pytest.fixture(scope="module")
def lungs() -> Lungs:
    return Lungs.load()


@pytest.mark.parametrize("code", [Code.ROTATED, Code.UPSIDE_DOWN, Code.INVERTED])
def test_films_are_spoilt_as_specified(films: GateFilms, lungs: Lungs, code: Code) -> None:
    made = spoilt_examples(films, lungs, np.random.default_rng(0), only=code)
    plain = good_examples(films)
    flaws = np.delete(made.flaws, CHILD, axis=1)
    assert (flaws[:, FLAWS.index(code)] == 1).all() and flaws.sum() == len(flaws)
    assert (made.flaws[:, CHILD] == films.children).all() and (made.kinds == 0).all()
    back = {
        Code.ROTATED: lambda film: [np.rot90(film), np.rot90(film, 3)],
        Code.UPSIDE_DOWN: lambda film: [film[::-1]],
        Code.INVERTED: lambda film: [255 - film],
    }[code]
    for film, spoiled in zip(plain.pictures, made.pictures, strict=True):
        assert min(np.abs(film - turned.astype(float)).mean() for turned in back(spoiled)) < 4


def test_the_share_of_the_lungs_left_is_counted() -> None:
    mask = np.zeros((128, 128), np.float32)
    mask[:, :64] = 1
    for seed in range(20):
        part, left = _crop(np.tile(np.arange(224), (224, 1)), mask, np.random.default_rng(seed))
        shown = (part[0] < 112).sum() * len(part) / (224 * 112)
        assert left == pytest.approx(shown, abs=0.02)


def test_crops_are_called_by_what_is_left(films: GateFilms, lungs: Lungs) -> None:
    made = spoilt_examples(films, lungs, np.random.default_rng(0), only=Code.CROPPED)
    chest = made.kinds == 0
    assert ((made.flaws[chest, CROPPED] >= 0) & (made.flaws[chest, CROPPED] <= 1)).all()
    assert (made.flaws[chest, CROPPED] == 1).sum() > 5
    assert np.isnan(made.flaws[~chest]).all()
    assert set(made.kinds[~chest]) <= {1 + OTHERS.index(Code.NOT_A_CHEST)}


def test_children_are_recognised_by_age_then_by_source(tmp_path: Path) -> None:
    path = tmp_path / "film.png"
    Image.fromarray(draw_phantom(size_px=256)).save(path)
    rows = pd.DataFrame(
        {
            "path": str(path),
            "age": [np.nan, np.nan, 3, 14, 40],
            "source": ["chest_xray", "nih", "nih", "nih", "chest_xray"],
            "patient": list("abcde"),
            "duplicate_group": range(5),
        }
    )
    read = read_films(rows)
    assert read.children == pytest.approx([1, 0, 1, np.nan, 0], nan_ok=True)
    assert read.pictures.shape == (5, FILM_PX, FILM_PX)
    assert len(read.sample(3, np.random.default_rng(0)).sources) == 3


def test_it_learns_what_it_is_shown(films: GateFilms) -> None:
    drawing = np.random.default_rng(0)
    made = other_examples(films, 8, drawing, trains=True)
    examples = Examples.joined([good_examples(films), phantom_examples(12), *made])
    network = train_gate(examples, steps=25, seed=0)
    seen, unseen = good_examples(films), other_examples(films, 6, drawing, trains=False)
    thresholds = pick_thresholds(network, films)
    limits = pick_thresholds(network, films)
    assert limits == thresholds and limits["child"] >= 0.5
    whole = scores_of(network, seen.pictures)
    assert not (strangeness(whole, limits) >= 0).any(), "they are chosen on these films"
    figures = [
        kind_figures(whole, scores_of(network, kind.pictures), limits) for kind in (*made, *unseen)
    ]
    assert np.mean([figure["auroc"] for figure in figures]) > 0.9


def test_films_on_display_are_learnt_without_a_change_to_the_rest(
    films: GateFilms, lungs: Lungs
) -> None:
    drawing = np.random.default_rng(0)
    network = GateNetwork().eval()
    alone = undisplayed_examples(films, 2, lungs, drawing)
    shown = displayed_examples(films, 12, drawing, trains=True)
    examples = Examples.joined([*alone, *shown])
    assert sorted(set(examples.kinds.tolist())) == [0, 1, 2, 3]
    before = scores_of(network, examples.pictures)
    train_displays(network, examples, steps=60, seed=0)
    after = scores_of(network, examples.pictures)
    for name in ("kinds", "flaws", "distances"):
        assert np.array_equal(getattr(before, name), getattr(after, name))
    called = after.displays.argmax(axis=1)
    assert (called == examples.kinds).mean() > 0.8


def test_either_reason_abstains_by_hand() -> None:
    turned = dict.fromkeys(("rotated", "upside_down", "inverted"), 0.5)
    limits = {"other": 0.0, "displayed": 0.0, "unfamiliar": 10.0, **turned}
    flaws = np.zeros((5, len(FLAWS)))
    flaws[2, FLAWS.index(Code.INVERTED)] = 0.6
    flaws[3, CHILD] = 1.0
    kinds = np.array([[0.9, 0.1, 0, 0]] * 5)
    displays = np.array([[0.9, 0.1, 0, 0]] * 4 + [[0.1, 0.9, 0, 0]])
    scores = Scores(kinds, flaws, np.array([5.0, 11.0, 5.0, 5.0, 5.0]), displays)
    assert abstains(scores, limits).tolist() == [False, True, True, False, True]
    assert (strangeness(scores, limits) >= 0).tolist() == [False, True, False, False, True]


def test_command_writes_a_gate_that_loads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = []
    for i in range(16):
        path = tmp_path / f"{i}.png"
        Image.fromarray(draw_phantom(KINDS[i % 3], size_px=224, seed=i)).save(path)
        split = ("train", "train", "validation", "test")[i % 4]
        rows.append(
            {
                "path": str(path),
                "label": "normal",
                "source": "a",
                "patient": str(i),
                "finding": "",
                "view": "PA",
                "age": 40.0,
                "sex": "",
                "width": 224,
                "height": 224,
                "sha256": str(i),
                "duplicate_group": i,
                "split": split,
            }
        )
    pd.DataFrame(rows).to_parquet(tmp_path / "m.parquet")
    order = ["gate", str(tmp_path / "m.parquet"), "--out", str(tmp_path / "gate")]
    assert main([*order, "--steps", "2", "--radiographs", "8"]) == 0
    out = capsys.readouterr().out
    assert "of 4 good radiographs refused" in out and "(never trained): AUROC" in out
    gate = Gate.load(tmp_path / "gate")
    assert gate.card.films == {"train": 8, "validation": 4, "test": 4}
    assert main([*order, "--steps", "2", "--radiographs", "8", "--displays-only"]) == 0
    again = Gate.load(tmp_path / "gate").card
    assert again.sha256 != gate.card.sha256
    assert again.measured.kinds == gate.card.measured.kinds
    assert again.films == gate.card.films
    taught, before = again.training["displays"].split("; before that: ")
    assert before == gate.card.training["displays"]
    assert taught.endswith("films: 8 train, 4 validation, 4 test")
