"""Twins: copies found whatever was done to them, strangers left alone, however many there are."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from covid_core.datasets import duplicates
from covid_core.datasets.duplicates import find_twins, group
from covid_core.prepare.preprocess import Preprocess
from covid_core.read.phantom import KINDS, draw_phantom
from tests.films import encode, grey_film

THUMBNAIL = Preprocess(size_px=64)


def thumbnails(films: list[np.ndarray]) -> np.ndarray:
    return np.stack([THUMBNAIL.picture(film.astype(np.float32) / 255) for film in films])


def pairs_of(films: list[np.ndarray]) -> set[tuple[int, int]]:
    return {(int(a), int(b)) for a, b in find_twins(thumbnails(films)).pairs}


def every_pair(count: int) -> set[tuple[int, int]]:
    return {(a, b) for a in range(count) for b in range(a + 1, count)}


def test_copies_are_found_whatever_was_done_to_them() -> None:
    film = draw_phantom(KINDS[1], size_px=400, seed=1)
    smaller = np.asarray(Image.fromarray(film).resize((150, 200)))
    squashed = np.asarray(Image.fromarray(film).resize((300, 220)))
    darker = (film * 0.7).astype(np.uint8)
    again = np.asarray(Image.open(io.BytesIO(encode(film, "JPEG", quality=40))))
    written_on = film.copy()
    written_on[300:330, 100:220] = 255
    copies = [film, film, smaller, squashed, darker, again, written_on]
    assert pairs_of(copies) == every_pair(len(copies))


def test_strangers_are_left_alone_even_where_they_look_alike() -> None:
    """Two people of one shape: alike when small, other detail."""
    shape = grey_film(448, 448, seed=1).astype(np.float32)
    people = []
    for seed in (2, 3, 4):
        detail = np.random.default_rng(seed).normal(size=(64, 64)).astype(np.float32)
        fine = np.asarray(Image.fromarray(detail).resize((448, 448), Image.Resampling.BICUBIC))
        people.append((shape * 0.8 + 20 + fine * 12).clip(0, 255).astype(np.uint8))
    small = thumbnails(people)
    assert len(duplicates.pairs_alike(small)) == 3, "they would pass for twins without the detail"
    assert len(find_twins(small).pairs) == 0
    assert pairs_of([people[0], np.roll(people[0], 5, axis=1)]) == {(0, 1)}


def test_pairs_of_the_index_are_those_of_brute_force(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = np.random.default_rng(1)
    originals = drawing.integers(0, 256, (6, 64, 64))
    noisy = originals[drawing.integers(0, 6, 60)] + drawing.normal(0, 25, (60, 64, 64))
    pictures = noisy.clip(0, 255).astype(np.uint8)
    small = pictures.astype(float).reshape(-1, 32, 2, 32, 2).mean(axis=(2, 4)).reshape(60, -1)
    table = np.corrcoef(small)
    values = np.unique(table[(table > 0.5) & (table < 0.999)])
    middle = len(values) // 4 + int(np.diff(values)[len(values) // 4 : -len(values) // 4].argmax())
    monkeypatch.setattr(duplicates, "ALIKE", float(values[middle : middle + 2].mean()))
    monkeypatch.setattr(duplicates, "_AT_ONCE", 7)
    expected = set(zip(*np.nonzero(np.triu(table > duplicates.ALIKE, 1)), strict=True))
    found = [(int(min(p)), int(max(p))) for p in duplicates.pairs_alike(pictures)]
    assert set(found) == expected
    assert len(found) == len(expected) > 100


def test_files_of_one_hash_are_twins_whatever_they_show() -> None:
    blank = np.zeros((4, 64, 64), np.uint8)
    twins = find_twins(blank, np.array(["a", "b", "a", "a"]))
    assert {tuple(pair) for pair in twins.pairs.tolist()} == {(0, 2), (0, 3)}
    assert twins.likeness.tolist() == [1, 1]


def test_likeness_of_a_copy_is_one() -> None:
    film = draw_phantom(KINDS[0], size_px=256, seed=3)
    twins = find_twins(thumbnails([film, film]))
    assert twins.likeness == pytest.approx([1], abs=1e-4)


def test_no_films_and_no_pairs() -> None:
    assert find_twins(thumbnails([grey_film()])).pairs.shape == (0, 2)
    assert len(set(group(4, np.empty((0, 2), np.int64)))) == 4


def test_groups_join_chains() -> None:
    numbers = group(6, np.array([[0, 2], [2, 5], [3, 4]]))
    assert numbers[0] == numbers[2] == numbers[5]
    assert numbers[3] == numbers[4]
    assert len(set(numbers)) == 3
