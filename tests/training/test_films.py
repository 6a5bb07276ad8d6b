"""A data folder as arrays: a bad film stops nothing, a folder of bad films says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from covid_core.errors import DatasetError
from covid_core.preprocess import Preprocess
from covid_core.training.films import Films, load_films
from tests.films import encode, grey_film

SMALL = Preprocess(size_px=64)


def folder_of_films(root: Path, a_class: int) -> Path:
    for k, label in enumerate(("normal", "pneumonia", "covid")):
        (root / label).mkdir(parents=True)
        for i in range(a_class):
            film = grey_film(150, 140, seed=100 * k + i)
            (root / label / f"{i}.png").write_bytes(encode(film, "PNG"))
    return root


def load(root: Path, cache: Path) -> Films:
    return load_films(root, SMALL, cache, seed=0, held_out=(), workers=2)


def test_an_unreadable_film_is_named_and_left_out(tmp_path: Path) -> None:
    root = folder_of_films(tmp_path / "mine", 12)
    (root / "normal" / "3.png").write_bytes(b"not a picture")
    films = load(root, tmp_path / "cache")
    [(name, reason)] = films.refused
    assert name.endswith("normal/3.png")
    assert reason
    assert len(films.pictures) == len(films.labels) == len(films.names) == 35
    assert "normal/3.png" not in films.names
    assert all(len(parts) for parts in (films.groups, films.splits, films.sources))


def test_a_folder_of_unreadable_films_is_an_error_in_words(tmp_path: Path) -> None:
    root = folder_of_films(tmp_path / "mine", 2)
    for path in root.rglob("*.png"):
        path.write_bytes(b"not a picture")
    with pytest.raises(DatasetError, match="none of its 6 films can be read"):
        load(root, tmp_path / "cache")
