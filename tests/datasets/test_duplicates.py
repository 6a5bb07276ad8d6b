"""Twins: copies found whatever was done to them, strangers left alone."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from covid_core.datasets import duplicates
from covid_core.datasets.duplicates import group, twin_pairs
from covid_core.preprocess import Preprocess
from tests.films import encode, grey_film


def picture(film: np.ndarray) -> np.ndarray:
    return Preprocess().picture(film.astype(np.float32) / 255)


def pairs_of(films: list[np.ndarray]) -> set[tuple[int, int]]:
    return {(int(a), int(b)) for a, b in twin_pairs(np.stack([picture(f) for f in films]))}


def test_copies_are_found_and_strangers_are_not() -> None:
    film, stranger = grey_film(400, 320, seed=1), grey_film(400, 320, seed=2)
    smaller = np.asarray(Image.fromarray(film).resize((150, 200)))
    squashed = np.asarray(Image.fromarray(film).resize((300, 300)))
    darker = (film * 0.7).astype(np.uint8)
    again = np.asarray(Image.open(io.BytesIO(encode(film, "JPEG", quality=40))))
    assert pairs_of([film, film, smaller, squashed, darker, again]) == {
        (a, b) for a in range(6) for b in range(a + 1, 6)
    }
    assert pairs_of([film, stranger]) == set()


def test_blocks_give_what_one_table_would(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = np.random.default_rng(0)
    films = [grey_film(224, 224, seed=int(s)) for s in drawing.integers(0, 12, 40)]
    pictures = np.stack([picture(film) for film in films])
    whole = {tuple(pair) for pair in twin_pairs(pictures)}
    monkeypatch.setattr(duplicates, "_ROWS_AT_ONCE", 7)
    assert {tuple(pair) for pair in twin_pairs(pictures)} == whole
    assert len(whole) > 20


def test_pairs_are_those_of_brute_force(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = np.random.default_rng(1)
    originals = drawing.integers(0, 256, (6, 64, 64))
    noisy = originals[drawing.integers(0, 6, 30)] + drawing.normal(0, 10, (30, 64, 64))
    pictures = noisy.clip(0, 255).astype(np.uint8)
    thumbnails = [
        picture.reshape(32, 2, 32, 2).mean(axis=(1, 3)).ravel()
        for picture in pictures.astype(float)
    ]
    expected = set(zip(*np.nonzero(np.triu(np.corrcoef(thumbnails) > 0.98, 1)), strict=True))
    monkeypatch.setattr(duplicates, "_ROWS_AT_ONCE", 4)
    found = [(int(a), int(b)) for a, b in twin_pairs(pictures, 0.98)]
    assert set(found) == expected
    assert len(found) == len(expected)
    assert any(a // 4 != b // 4 for a, b in found), "no pair crosses a border of blocks"


def test_groups_join_chains() -> None:
    numbers = group(6, np.array([[0, 2], [2, 5], [3, 4]]))
    assert numbers[0] == numbers[2] == numbers[5]
    assert numbers[3] == numbers[4]
    assert len(set(numbers)) == 3


def test_no_pairs_leave_everyone_alone() -> None:
    assert len(set(group(4, np.empty((0, 2), np.int64)))) == 4
