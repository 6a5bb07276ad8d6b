"""`forget` deletes what the program remembers of radiographs, all of it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from covid_core.__main__ import main
from covid_core.datasets.cache import cached_crops, cached_pictures
from covid_core.datasets.survey import survey
from covid_core.prepare.preprocess import Preprocess
from covid_core.present.overlay import png
from covid_core.read.phantom import draw_phantom
from covid_core.storage.arrays import save_arrays


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache as the commands fill it."""
    film, cache = tmp_path / "film.png", tmp_path / "cache"
    film.write_bytes(png(draw_phantom(size_px=256)))
    survey([film], cache, workers=1)
    for borders in ("keep", "crop"):
        prepared = Preprocess(size_px=32, borders=borders)
        cached_pictures([film], prepared, cache, workers=1)
        cached_crops([film], prepared, cache, workers=1)
    for kind in ("twins", "lungs", "answers"):
        save_arrays(cache / f"{kind}-{'a' * 16}.npz", {"one": np.zeros(1)})
    (cache / "survey.npz.partial").write_bytes(b"half")
    return cache


def test_all_that_is_remembered_is_deleted(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = len(list(cache.iterdir()))
    assert before == 10
    assert main(["forget", "--cache", str(cache)]) == 0
    assert not cache.exists()
    assert f"{before} files deleted" in capsys.readouterr().out


@pytest.mark.linux
def test_files_of_others_stay(cache: Path) -> None:
    for name in ("mine.npz", "notes.json", "survey.csv"):
        (cache / name).write_bytes(b"mine")
    (cache / f"{'b' * 16}.npy").symlink_to(cache / "mine.npz")
    assert main(["forget", "--cache", str(cache)]) == 0
    left = {path.name for path in cache.iterdir()}
    assert left == {"mine.npz", "notes.json", "survey.csv", f"{'b' * 16}.npy"}


def test_nothing_remembered_is_nothing_to_delete(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["forget", "--cache", str(tmp_path / "none")]) == 0
    assert "0 files deleted" in capsys.readouterr().out
