"""The cache: decoded once, made anew when a file or the preprocessing changes, never half."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from covid_core.crop import WHOLE, Crop
from covid_core.datasets import cache
from covid_core.datasets.cache import cached_crops, cached_pictures
from covid_core.prepare.preprocess import Preprocess
from tests.films import disk_fails, encode, grey_film


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for i, path in enumerate(paths):
        path.write_bytes(encode(grey_film(seed=i), "PNG") if i != 1 else b"damaged")
    return paths


def test_pictures_are_those_of_the_preprocessing_and_bad_files_are_reported(
    paths: list[Path], tmp_path: Path
) -> None:
    pictures, refused = cached_pictures(paths, Preprocess(), tmp_path / "c", workers=2)
    film = grey_film(seed=2).astype(np.float32) / 255
    assert np.array_equal(pictures[2], Preprocess().picture(film))
    assert list(refused) == [1]
    assert "not a PNG" in refused[1]
    assert pictures[1].max() == 0


def test_decodes_once_until_something_changes(
    paths: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    real = cache.read_file
    monkeypatch.setattr(cache, "read_file", lambda path: (read.append(path), real(path))[1])

    def decoded(preprocess: Preprocess) -> int:
        read.clear()
        cached_pictures(paths, preprocess, tmp_path / "c", workers=1)
        return len(read)

    assert [decoded(Preprocess()), decoded(Preprocess())] == [3, 0]
    assert decoded(Preprocess(size_px=96)) == 3
    os.utime(paths[0], (1, 1))
    assert decoded(Preprocess()) == 3


@pytest.mark.parametrize("at", [0, 1])
def test_a_stop_while_writing_leaves_nothing_that_looks_whole(
    paths: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    flushed = iter(range(10))
    real = os.fsync

    def stopped(file: int) -> None:
        if next(flushed) == 2 * at:  # a file, then its folder
            raise KeyboardInterrupt
        real(file)

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", stopped)
        with pytest.raises(KeyboardInterrupt):
            cached_pictures(paths, Preprocess(), tmp_path / "c", workers=1)
    assert len(list((tmp_path / "c").iterdir())) == at
    pictures, refused = cached_pictures(paths, Preprocess(), tmp_path / "c", workers=1)
    assert pictures[0].max() == 255
    assert list(refused) == [1]


def test_a_clock_that_was_set_back_hides_no_change(paths: list[Path], tmp_path: Path) -> None:
    before, _ = cached_pictures(paths, Preprocess(), tmp_path / "c", workers=1)
    paths[0].write_bytes(paths[2].read_bytes())
    os.utime(paths[0], (0, 0))  # long before the cache was made
    after, _ = cached_pictures(paths, Preprocess(), tmp_path / "c", workers=1)
    assert np.array_equal(after[0], before[2])
    assert not np.array_equal(after[0], before[0])


def test_pictures_that_were_deleted_are_made_again(paths: list[Path], tmp_path: Path) -> None:
    cached_pictures(paths, Preprocess(), tmp_path / "c", workers=1)
    [pictures] = (tmp_path / "c").glob("*.npy")
    pictures.unlink()
    assert cached_pictures(paths, Preprocess(), tmp_path / "c", workers=1)[0][0].max() == 255


def test_crops_lie_beside_the_pictures_where_borders_are_cut(
    paths: list[Path], tmp_path: Path
) -> None:
    barred = np.pad(grey_film(seed=0), ((0, 0), (40, 40)), constant_values=255)
    paths[0].write_bytes(encode(barred, "PNG"))
    keep, cut = Preprocess(), Preprocess(borders="cut")
    assert cached_crops(paths, keep, tmp_path / "c", workers=1) == (WHOLE,) * 3
    assert not (tmp_path / "c").exists(), "nothing was decoded for it"
    pictures, _ = cached_pictures(paths, cut, tmp_path / "c", workers=1)
    crops = cached_crops(paths, cut, tmp_path / "c", workers=1)
    assert crops == (Crop(40 / 240, 0, 200 / 240, 1), WHOLE, WHOLE)
    assert np.array_equal(pictures[0], keep.picture(grey_film(seed=0).astype(np.float32) / 255))
    assert not np.array_equal(
        pictures[0], cached_pictures(paths, keep, tmp_path / "c", workers=1)[0][0]
    )


def test_a_cache_of_before_there_was_a_choice_of_borders_is_used(
    paths: list[Path], tmp_path: Path
) -> None:
    made = Preprocess().to_json()
    for later in ("borders", "mean", "std"):
        del made[later]
    digest = hashlib.sha256(json.dumps(made, sort_keys=True).encode())
    for path in paths:
        digest.update(cache.file_stamp(path) + b"\n")
    assert cache._fingerprint(paths, Preprocess()) == digest.hexdigest()[:16]


def test_what_could_not_be_opened_is_read_again(
    paths: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(cache, "read_file", disk_fails)
        _, refused = cached_pictures(paths, Preprocess(), tmp_path / "c", workers=1)
    assert list(refused) == [0, 1, 2]
    pictures, refused = cached_pictures(paths, Preprocess(), tmp_path / "c", workers=1)
    assert list(refused) == [1] and pictures[0].max() == 255
