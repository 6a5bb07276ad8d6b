"""The survey: what is seen of a film, and that a second look reads only what is new."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from covid_core.datasets import survey as module
from covid_core.datasets.survey import Survey, survey
from tests.films import disk_fails, encode, grey_film


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for i, path in enumerate(paths):
        path.write_bytes(encode(grey_film(200, 160, seed=i), "PNG") if i != 1 else b"damaged")
    return paths


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The films that were read, in turn."""
    seen: list[Path] = []
    real = module.read_file
    monkeypatch.setattr(module, "read_file", lambda path: (seen.append(path), real(path))[1])
    return seen


def same(a: Survey, b: Survey) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in Survey.__slots__)


def test_a_film_is_seen_as_it_is(paths: list[Path], tmp_path: Path) -> None:
    seen = survey(paths, tmp_path / "cache", workers=2)
    assert seen.sha256[0] == hashlib.sha256(paths[0].read_bytes()).hexdigest()
    assert (seen.width[0], seen.height[0]) == (160, 200)
    film = grey_film(200, 160, seed=0).astype(np.float32) / 255
    assert seen.brightness[0] == pytest.approx(film.mean(), abs=1e-3)
    assert seen.thumbnails[0].shape == (64, 64)
    assert np.corrcoef(seen.thumbnails[0].ravel(), seen.thumbnails[2].ravel())[0, 1] < 0.9


def test_a_bad_film_stops_no_other(paths: list[Path], tmp_path: Path) -> None:
    seen = survey(paths, tmp_path / "cache", workers=2)
    assert "not a PNG" in seen.reason[1]
    assert [bool(reason) for reason in seen.reason] == [False, True, False]


def test_a_second_look_reads_what_is_new(
    paths: list[Path], tmp_path: Path, read: list[Path]
) -> None:
    first = survey(paths[:2], tmp_path / "cache", workers=1)
    assert read == paths[:2]
    read.clear()
    whole = survey(paths, tmp_path / "cache", workers=1)
    assert read == paths[2:]
    assert same(whole[np.arange(2)], first)
    read.clear()
    backwards = survey(paths[::-1], tmp_path / "cache", workers=1)
    assert read == []
    assert same(backwards[np.arange(2, -1, -1)], whole)
    os.utime(paths[0], (1, 1))
    survey(paths, tmp_path / "cache", workers=1)
    assert read == paths[:1]


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no archive", b"\x93NUMPY"])
def test_a_damaged_cache_is_as_good_as_none(
    paths: list[Path], tmp_path: Path, damage: bytes
) -> None:
    first = survey(paths, tmp_path / "cache", workers=1)
    (tmp_path / "cache" / "survey.npz").write_bytes(damage)
    assert same(survey(paths, tmp_path / "cache", workers=1), first)


def test_what_could_not_be_opened_is_read_again(
    paths: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(module, "read_file", disk_fails)
        assert all(survey(paths, tmp_path / "cache", workers=1).reason)
    assert [bool(one) for one in survey(paths, tmp_path / "cache", workers=1).reason] == [
        False,
        True,
        False,
    ]
