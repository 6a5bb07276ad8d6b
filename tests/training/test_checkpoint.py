"""Checkpoints: whole or absent, never silently another, and never a door for code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from covid_core.errors import TrainingError
from covid_core.training.checkpoint import (
    check_same_run,
    earlier_checkpoint,
    load_checkpoint,
    load_latest,
    save_checkpoint,
)


def state(step: int) -> dict[str, Any]:
    return {"step": step, "network": {"w": torch.arange(300.0) + step}}


def test_comes_back_and_the_one_before_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "run" / "a.pt"
    for step in (1, 2, 3):
        save_checkpoint(path, state(step))
    assert load_checkpoint(path)["step"] == 3
    assert torch.equal(load_checkpoint(path)["network"]["w"], torch.arange(300.0) + 3)
    assert load_checkpoint(earlier_checkpoint(path))["step"] == 2
    assert sorted(one.name for one in path.parent.iterdir()) == ["a.earlier.pt", "a.pt"]


def test_a_failed_write_keeps_the_last_good_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    for step in (1, 2):
        save_checkpoint(tmp_path / "a.pt", state(step))
    with monkeypatch.context() as broken, pytest.raises(TrainingError) as refused:
        broken.setattr("os.fsync", full)
        save_checkpoint(tmp_path / "a.pt", state(3))
    assert "the disk is full" in refused.value.problem
    assert "--resume" in refused.value.remedy
    assert [load_checkpoint(path)["step"] for path in sorted(tmp_path.iterdir())] == [1, 2]


def test_an_unreadable_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(b"no checkpoint")
    with pytest.raises(TrainingError, match="can't be read") as refused:
        load_checkpoint(tmp_path / "a.pt")
    assert refused.value.file == str(tmp_path / "a.pt")


def test_a_flipped_byte_is_noticed_wherever_it_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    save_checkpoint(path, state(1))
    whole = path.read_bytes()
    tensor = whole.index(np.arange(1, 301, dtype=np.float32).tobytes())
    places = np.random.default_rng(0).integers(len(whole), size=150)
    noticed = []
    for place in [tensor + 5, tensor + 1199, *places]:
        flipped = bytearray(whole)
        flipped[place] ^= 4
        path.write_bytes(flipped)
        try:
            found = load_checkpoint(path)
        except TrainingError:
            noticed.append(place)
            continue
        assert found["step"] == 1
        assert torch.equal(found["network"]["w"], state(1)["network"]["w"])
    assert {tensor + 5, tensor + 1199} <= set(noticed)


@pytest.mark.parametrize("fault", ["flipped", "cut", "gone"])
def test_where_the_last_is_damaged_the_one_before_serves_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    path = tmp_path / "a.pt"
    for step in (1, 2):
        save_checkpoint(path, state(step))
    data = bytearray(path.read_bytes())
    data[data.index(np.arange(2, 302, dtype=np.float32).tobytes()) + 9] ^= 1
    path.write_bytes(data if fault == "flipped" else data[:-100])
    if fault == "gone":
        path.unlink()
    found = load_latest(path)
    assert found and found["step"] == 1
    assert "a.earlier.pt" in capsys.readouterr().out


def test_none_is_none_and_two_damaged_ones_are_an_error(tmp_path: Path) -> None:
    assert load_latest(tmp_path / "a.pt") is None
    for name in ("a.pt", "a.earlier.pt"):
        (tmp_path / name).write_bytes(b"damaged")
    with pytest.raises(TrainingError, match="can't be read"):
        load_latest(tmp_path / "a.pt")


def test_what_differs_from_the_run_that_a_checkpoint_is_of_is_named() -> None:
    check_same_run({"seed": "1", "more": "x"}, {"seed": "1"}, Path("a.pt"))
    with pytest.raises(TrainingError, match="seed was 1 and is 2; films was not recorded and is b"):
        check_same_run({"seed": "1"}, {"seed": "2", "films": "b"}, Path("a.pt"))
