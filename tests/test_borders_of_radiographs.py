"""Borders added to real radiographs: the same part is found, and the same answer given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from covid_core.model.card import WEIGHTS
from covid_core.model.decision import BALANCED, decide
from covid_core.predict.predictor import Predictor
from covid_core.read.borders import find_crop
from covid_core.read.grey_levels import pixels_of
from covid_core.read.reading import read_file

COUNT = 50
SIDES = ("l", "t", "r", "b", "ltrb")
BORDERS = [(sides, share, grey) for sides in SIDES for share in (0.1, 0.2) for grey in (0.0, 1.0)]


@pytest.fixture(scope="module")
def films(shared_data: Path) -> list[np.ndarray]:
    """Greys of radiographs of every set that has pictures, in turn."""
    kinds = {".png", ".jpg", ".jpeg"}
    sets = [
        sorted(p for p in one.rglob("*") if p.suffix.lower() in kinds and "mask" not in str(p))
        for one in sorted(shared_data.iterdir())
        if one.is_dir()
    ]
    drawing = np.random.default_rng(7)
    chosen = [
        one[i] for one in sets for i in drawing.permutation(len(one))[: -(-COUNT // len(sets))]
    ]
    return [pixels_of(read_file(path).film) for path in chosen[:COUNT]]


def padded(film: np.ndarray, sides: str, share: float, grey: float) -> tuple[np.ndarray, int, int]:
    """The film with a border, and how much of it lies left of and above the film."""
    down, across = (round(share * size) for size in film.shape)
    left, top = across * ("l" in sides), down * ("t" in sides)
    pads = ((top, down * ("b" in sides)), (left, across * ("r" in sides)))
    return np.pad(film, pads, constant_values=np.float32(grey)), left, top


def part_of(film: np.ndarray, left: int = 0, top: int = 0) -> np.ndarray:
    """Left, top, right and bottom of the crop, in pixels from a point of the film."""
    rows, columns = find_crop(film).slices(*film.shape)
    return np.array([columns.start, rows.start, columns.stop, rows.stop]) - [left, top] * 2


@pytest.mark.real_data
def test_the_part_found_is_that_of_the_film_without_the_border(films: list[np.ndarray]) -> None:
    far = []
    for film in films:
        sides = np.array([film.shape[1], film.shape[0]] * 2)
        plain = part_of(film)
        assert (plain[2:] - plain[:2] > 0.2 * sides[:2]).all()
        for one in BORDERS:
            far.append((np.abs(part_of(*padded(film, *one)) - plain) / sides).max())
    # A frame of a grey line inside JPEG's ringing may fall between the lines that are looked at.
    assert np.mean(np.array(far) > 0.01) <= 0.005, f"of {len(far)}: {sorted(far)[-5:]}"
    assert max(far) <= 0.02


@pytest.mark.real_data
def test_no_answer_of_the_shipped_network_changes_by_a_border(films: list[np.ndarray]) -> None:
    shipped = Predictor.load(WEIGHTS, gated=False)
    preprocess = replace(shipped.card.preprocess, borders="cut")
    predictor = Predictor(shipped.engine, shipped.head, shipped.card.replace(preprocess=preprocess))
    rules, classes = predictor.card.rules, predictor.card.classes
    changes, calls = [0.0], 0
    for film in films:
        plain = preprocess.picture(film)
        wide = [preprocess.picture(padded(film, *one)[0]) for one in BORDERS]
        other = [picture for picture in wide if not np.array_equal(picture, plain)]
        if other:  # equal pictures have equal answers
            answers = rules.probabilities(predictor.logits(np.stack([plain, *other])))
            changes += np.abs(answers[1:] - answers[0]).max(axis=1).tolist()
            names = [decide(one, rules, classes, BALANCED).name for one in answers]
            calls += sum(name != names[0] for name in names)
    print(
        f"{len(changes) - 1} of {len(films) * len(BORDERS)} pictures differ at all;"
        f" largest changes {np.sort(changes)[-5:].round(4)}; {calls} calls change"
    )
    assert max(changes) <= 0.02
    assert calls == 0
