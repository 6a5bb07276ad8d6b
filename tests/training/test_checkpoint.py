"""Checkpoints: whole or absent, and never a door for code."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from covid_core.errors import TrainingError
from covid_core.training import checkpoint
from covid_core.training.checkpoint import load_checkpoint, save_checkpoint


def test_comes_back(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "run" / "a.pt", {"step": 3, "network": {"w": torch.ones(2)}})
    state = load_checkpoint(tmp_path / "run" / "a.pt")
    assert state["step"] == 3
    assert torch.equal(state["network"]["w"], torch.ones(2))
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["a.pt"]


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), RuntimeError("write")])
def test_a_failed_write_keeps_the_last_good_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    save_checkpoint(tmp_path / "a.pt", {"step": 1})

    def half(state: object, file: object) -> None:
        file.write(b"half a checkpoint")  # type: ignore[attr-defined]
        raise fault

    monkeypatch.setattr(checkpoint.torch, "save", half)
    with pytest.raises(TrainingError, match="can't be written") as refused:
        save_checkpoint(tmp_path / "a.pt", {"step": 2})
    monkeypatch.undo()
    assert "--resume" in refused.value.remedy
    assert load_checkpoint(tmp_path / "a.pt")["step"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]


def test_an_unreadable_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(b"no checkpoint")
    with pytest.raises(TrainingError, match="can't be read") as refused:
        load_checkpoint(tmp_path / "a.pt")
    assert refused.value.file == str(tmp_path / "a.pt")
